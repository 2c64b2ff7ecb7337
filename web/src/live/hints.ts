// What may be wrong with a filter that lets nothing through.

import { CORRELATION } from "../api/types";
import { clauses, excludes } from "../state/filter";
import { keys } from "./completion";

const CONDITION = /^([\w.-]+)(!=|>=|<=|=|>|<)/;
// What may be asked of every event, whether any has it or not.
const ALWAYS = [
  ...CORRELATION,
  "severity",
  "event",
  "name",
  "kind",
  "message",
  "time",
  "duration",
  "service",
  "trace_id",
  "span_id",
  "parent_span_id",
  "uid",
];
const MOST_SLIPS = 2;

/** How many letters have to be added, left out or replaced to make *two* of *one*. */
function slips(one: string, two: string): number {
  let row = Array.from({ length: two.length + 1 }, (_, index) => index);
  for (const [line, letter] of [...one].entries()) {
    const next = [line + 1];
    for (let index = 0; index < two.length; index += 1)
      next.push(
        Math.min(
          (row[index] ?? 0) + (letter === two[index] ? 0 : 1),
          (row[index + 1] ?? 0) + 1,
          (next[index] ?? 0) + 1,
        ),
      );
    row = next;
  }
  return row[two.length] ?? 0;
}

function nearest(key: string, known: string[]): string | null {
  const all = known.map((each) => ({ each, by: slips(key, each) })).sort((a, b) => a.by - b.by);
  const best = all[0];
  return best && best.by <= Math.min(MOST_SLIPS, key.length / 2) ? best.each : null;
}

/** Sentences for who wrote *filter* and found nothing. */
export async function hintsOn(filter: string): Promise<string[]> {
  const words = clauses(filter)
    .filter((clause) => !excludes(clause))
    .flat();
  const hints = words.some((word) => /^(or|and)$/i.test(word)) ? ["A comma means or, a space means and."] : [];
  const asked = words.flatMap((word) => {
    const [, key, operator] = CONDITION.exec(word) ?? [];
    return key && operator !== "!=" ? [key] : [];
  });
  const known = [...ALWAYS, ...(await keys("")).map((each) => each.key)];
  for (const key of new Set(asked.filter((each) => !known.includes(each)))) {
    const near = nearest(key, known);
    hints.push(`No event has an attribute '${key}'${near ? `: did you mean '${near}'?` : "."}`);
  }
  return hints;
}
