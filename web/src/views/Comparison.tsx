// One cycle beside another: which stage took longer.

import type { Cycle } from "../api/types";
import { count, duration } from "../format";
import { parameter } from "../state/route";
import { cycleBefore, cycleId, stageNames } from "./CyclesView";

interface Line {
  name: string;
  one: number | null;
  other: number | null;
  isCount?: boolean;
  /** More of it is neither good nor bad. */
  isNeutral?: boolean;
}

function stageSum(cycle: Cycle, name: string): number | null {
  const own = cycle.stages.filter((stage) => stage.name === name);
  return own.length ? own.reduce((sum, stage) => sum + (stage.duration ?? 0), 0) : null;
}

function pairOf(cycles: Cycle[]): [Cycle, Cycle] | null {
  const chosen = cycles.find((cycle) => cycleId(cycle) === parameter("cycle")) ?? cycles[0];
  if (!chosen) return null;
  const other =
    cycles.find((cycle) => cycleId(cycle) === parameter("with") && cycle !== chosen) ?? cycleBefore(chosen, cycles);
  return other ? [chosen, other] : null;
}

export function Comparison({ cycles }: { cycles: Cycle[] }) {
  const pair = pairOf(cycles);
  if (!pair) return null;
  const [one, other] = pair;
  const lines: Line[] = [
    { name: "whole cycle", one: one.duration, other: other.duration },
    ...stageNames(pair).map((name) => ({ name, one: stageSum(one, name), other: stageSum(other, name) })),
    { name: "events", one: one.events, other: other.events, isCount: true, isNeutral: true },
    { name: "errors", one: one.errors, other: other.errors, isCount: true },
    { name: "stalls", one: one.stalls, other: other.stalls, isCount: true },
  ];
  return (
    <section>
      <h2>
        Cycle {one.cycle} beside {other.cycle}
      </h2>
      <div class="table-frame fits" tabIndex={0} role="region" aria-label="Comparison of two cycles">
        <table class="comparison">
          <thead>
            <tr>
              <th scope="col" />
              <th scope="col" class="number">
                {one.cycle}
              </th>
              <th scope="col" class="number">
                {other.cycle}
              </th>
              <th scope="col" class="number">
                Difference
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <Row key={line.name} line={line} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ line }: { line: Line }) {
  const show = (value: number | null): string =>
    value === null ? "–" : line.isCount ? count(value).replace("-", "−") : duration(value);
  const difference = line.one !== null && line.other !== null ? line.one - line.other : null;
  const sign = difference !== null && difference > 0 ? "+" : "";
  const tone = !difference || line.isNeutral ? "faint" : difference > 0 ? "warn" : "good";
  return (
    <tr>
      <th scope="row">{line.name}</th>
      <td class="number">{show(line.one)}</td>
      <td class="number">{show(line.other)}</td>
      <td class={`number ${tone}`}>{difference === null ? "–" : `${sign}${show(difference)}`}</td>
    </tr>
  );
}
