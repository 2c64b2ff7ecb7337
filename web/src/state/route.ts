// The URL's fragment holds the whole view: `#/tasks?persona=thesis&task=t-1`.
//
// A fragment, because it survives the redirect of a login and no filter of anybody ends in a log of requests.

import { computed, effect, signal } from "@preact/signals";

export const VIEWS = ["live", "types", "tasks", "cycles", "errors", "alerts", "catalogue", "health"] as const;
export type View = (typeof VIEWS)[number];
// What people may write for a view.
const ALIASES = new Map<string, View>([
  ["", "live"],
  ["sessions", "cycles"],
  ["catalog", "catalogue"],
]);
export type Parameters = Record<string, string | null | undefined>;

const TITLES: Partial<Record<View, string>> = { cycles: "Cycles and sessions" };

/** What a view is called in the menu and in the window's title. */
export const titleOf = (view: View): string => TITLES[view] ?? `${view.charAt(0).toUpperCase()}${view.slice(1)}`;

interface Route {
  /** `nowhere`: there is no view of that name. */
  view: View | "nowhere";
  path: string;
  parameters: URLSearchParams;
}

function parse(fragment: string): Route {
  const [path = "", query = ""] = fragment.replace(/^#\/?/, "").split("?", 2);
  const view = VIEWS.find((each) => each === path) ?? ALIASES.get(path) ?? "nowhere";
  return { view, path, parameters: new URLSearchParams(query) };
}

// What a login leaves in the address says nothing of the view.
if (location.search) history.replaceState(null, "", location.pathname + location.hash);

export const route = signal<Route>(parse(location.hash));
export const view = computed(() => route.value.view);

// Not `hashchange`, which comes a moment later: a key between the two would meet what was there before.
window.addEventListener("popstate", () => {
  route.value = parse(location.hash);
});

/** The parameter *key* of the present view, empty if it has none. */
export const parameter = (key: string): string => route.value.parameters.get(key) ?? "";

/** The address of *view* with *parameters*, for links. */
export function linkTo(target: View, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) if (value) query.set(key, value);
  const text = query.toString();
  return `#/${target}${text ? `?${text}` : ""}`;
}

let lastLive = "#/live";

effect(() => {
  if (view.value !== "live") return;
  // Without the moment that a click led to: the rows around it stand still, and where one read on among them counts.
  lastLive = linkTo("live", { ...Object.fromEntries(route.value.parameters), at: null });
});

/** The address of *view* from another one: the live view is found as it was left. */
export const backTo = (target: View): string =>
  target === "live" && view.value !== "live" ? lastLive : linkTo(target);

/** Go to the address *fragment*; what is not worth a step of the Back button replaces the present one.
 *
 * Not by `location.hash`, of which the view hears later: who presses a key meanwhile would meet what was there before.
 */
export function moveTo(fragment: string, { replace = false } = {}): void {
  if (fragment === location.hash) return;
  if (replace) history.replaceState(null, "", fragment);
  else history.pushState(null, "", fragment);
  route.value = parse(fragment);
}

export const go = (target: View, parameters: Parameters = {}): void => moveTo(linkTo(target, parameters));

/** Change some parameters of the present view. */
export function change(parameters: Parameters, { replace = false } = {}): void {
  const next = new URLSearchParams(route.value.parameters);
  for (const [key, value] of Object.entries(parameters)) {
    if (value) next.set(key, value);
    else next.delete(key);
  }
  const present = route.value.view;
  if (present !== "nowhere") moveTo(linkTo(present, Object.fromEntries(next)), { replace });
}
