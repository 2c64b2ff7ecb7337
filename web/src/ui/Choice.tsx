// A few alternatives of which one holds, kept in the URL.

import { change, parameter } from "../state/route";

interface Option {
  value: string;
  label: string;
}

export function Choice({ name, label, options }: { name: string; label: string; options: Option[] }) {
  const present = parameter(name);
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map((each) => (
        <button
          key={each.value}
          type="button"
          aria-pressed={present === each.value}
          onClick={() => change({ [name]: each.value })}
        >
          {each.label}
        </button>
      ))}
    </div>
  );
}

/** The same for many alternatives. */
export function Select({ name, label, options }: { name: string; label: string; options: Option[] }) {
  return (
    <label class="select">
      <span>{label}</span>
      <select
        value={parameter(name) || options[0]?.value}
        onChange={(event) => change({ [name]: event.currentTarget.value })}
      >
        {options.map((each) => (
          <option key={each.value} value={each.value}>
            {each.label}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Search({ name, label, placeholder }: { name: string; label: string; placeholder: string }) {
  return (
    <input
      class="search"
      type="search"
      aria-label={label}
      placeholder={placeholder}
      value={parameter(name)}
      onInput={(event) => change({ [name]: event.currentTarget.value }, { replace: true })}
      onKeyDown={(event) => {
        // The browser clears it with Esc; once more, or Enter, and the keys are the view's again.
        if (event.key === "Enter" || (event.key === "Escape" && !event.currentTarget.value)) event.currentTarget.blur();
      }}
    />
  );
}
