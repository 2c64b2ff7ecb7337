// The service and the correlation attributes of an event that people look for, each in one small box.

import { isNarrow } from "../state/screen";
import { taskName } from "../state/taskNames";

const SHOWN = [
  ["service", "service"],
  ["task_id", "task"],
  ["persona", "persona"],
  ["cycle", "cycle"],
  ["env_id", "env"],
  ["episode", "episode"],
] as const;
const LONG = 12;
const LONG_WHERE_NARROW = 8;

function short(value: string): string {
  const most = isNarrow.value ? LONG_WHERE_NARROW : LONG;
  return value.length > most ? `${value.slice(0, most - 1)}…` : value;
}

export type Belonging = Partial<Record<(typeof SHOWN)[number][0], string | number>>;

/** What both say alike of where they belong. */
export function sharedBy(one: Belonging, other: Belonging): Belonging {
  return SHOWN.every(([key]) => one[key] === other[key])
    ? one
    : Object.fromEntries(SHOWN.filter(([key]) => one[key] === other[key]).map(([key]) => [key, one[key]]));
}

/** *hasService*: the service is worth a box, because not all are of one. */
export function Chips({ of, hasService = false }: { of: Belonging; hasService?: boolean }) {
  return (
    <span class="chips">
      {SHOWN.map(([key, label]) => {
        const value = of[key];
        if (value === undefined || (key === "service" && !hasService)) return null;
        const text = String(value);
        const name = key === "task_id" ? taskName(text) : null;
        return (
          <span
            key={key}
            class={`chip chip-${label}`}
            title={`${key}: ${text}${name && name !== text ? ` (${name})` : ""}`}
          >
            <span class="chip-key">{label}</span>
            {short(name ?? text)}
          </span>
        );
      })}
    </span>
  );
}
