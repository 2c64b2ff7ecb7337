// An address that leads to no view.

import { backTo, route, titleOf, VIEWS } from "../state/route";

export function Nowhere() {
  return (
    <div class="empty">
      <h2>There is no such view</h2>
      <p>
        Nothing is at <code>#/{route.value.path}</code>. A letter may be missing in the address, or it is from another
        version.
      </p>
      <ul class="ways" aria-label="Views">
        {VIEWS.map((name) => (
          <li key={name}>
            <a class={name === "live" ? "button primary" : "button"} href={backTo(name)}>
              {name === "live" ? "Back to Live" : titleOf(name)}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}
