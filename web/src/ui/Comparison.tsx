// Two things of one kind side by side, and what is different.

import type { ComponentChildren } from "preact";
import { count, duration, measured } from "../format";
import { ScrollFrame } from "./ScrollFrame";

export interface Compared {
  name: string;
  one: number | null;
  other: number | null;
  kind: "seconds" | "count" | "number";
  /** More of it is neither good nor bad. */
  isNeutral?: boolean;
}

// Less than this share is no difference worth a colour.
const NOTICED = 0.02;

interface Props {
  label: string;
  heads: [ComponentChildren, ComponentChildren];
  lines: Compared[];
}

export function Comparison({ label, heads, lines }: Props) {
  return (
    <ScrollFrame label={label} class="fits">
      <table class="comparison">
        <thead>
          <tr>
            <th scope="col" />
            <th scope="col" class="number">
              {heads[0]}
            </th>
            <th scope="col" class="number">
              {heads[1]}
            </th>
            <th scope="col" class="number">
              Difference
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Line key={line.name} line={line} />
          ))}
        </tbody>
      </table>
    </ScrollFrame>
  );
}

const SHOWN = { seconds: duration, count, number: measured };

function Line({ line }: { line: Compared }) {
  const show = (value: number | null): string => (value === null ? "–" : SHOWN[line.kind](value).replace(/^-/, "−"));
  const difference = line.one !== null && line.other !== null ? line.one - line.other : null;
  const sign = difference !== null && difference > 0 ? "+" : "";
  const isSmall = !difference || (line.kind === "seconds" && Math.abs(difference) < NOTICED * (line.other ?? 0));
  const tone = isSmall || line.isNeutral ? "faint" : difference > 0 ? "warn" : "good";
  return (
    <tr>
      <th scope="row">{line.name}</th>
      <td class="number">{show(line.one)}</td>
      <td class="number">{show(line.other)}</td>
      <td class={`number ${tone}`}>{difference === null ? "–" : `${sign}${show(difference)}`}</td>
    </tr>
  );
}
