// One cycle beside another, or one session beside its run before: which stage took longer.

import type { Cycle, Session } from "../api/types";
import { parameter } from "../state/route";
import { type Compared, Comparison } from "../ui/Comparison";
import { stageNames } from "./CycleTimeline";
import { cycleBefore, cycleKey, isRepeated, runText, sessionBefore } from "./taskRuns";

function stageSum(cycle: Cycle, name: string): number | null {
  const own = cycle.stages.filter((stage) => stage.name === name);
  return own.length ? own.reduce((sum, stage) => sum + (stage.duration ?? 0), 0) : null;
}

function pairOf(cycles: Cycle[]): [Cycle, Cycle] | null {
  const chosen = cycles.find((cycle) => cycleKey(cycle) === parameter("cycle")) ?? cycles[0];
  if (!chosen) return null;
  const other =
    cycles.find((cycle) => cycleKey(cycle) === parameter("with") && cycle !== chosen) ?? cycleBefore(chosen, cycles);
  return other ? [chosen, other] : null;
}

export function CycleComparison({ cycles }: { cycles: Cycle[] }) {
  const pair = pairOf(cycles);
  if (!pair) return null;
  const [one, other] = pair;
  const isOneId = one.cycle === other.cycle && one.session_id === other.session_id;
  const nameOf = (cycle: Cycle): string =>
    isOneId || (isRepeated(cycle) && one.session_run !== other.session_run)
      ? `${cycle.cycle}, ${runText(cycle)}`
      : `${cycle.cycle}`;
  const lines: Compared[] = [
    { name: "whole cycle", one: one.duration, other: other.duration, kind: "seconds" },
    ...stageNames(pair).map((name): Compared => ({
      name,
      one: stageSum(one, name),
      other: stageSum(other, name),
      kind: "seconds",
    })),
    { name: "events", one: one.events, other: other.events, kind: "count", isNeutral: true },
    { name: "errors", one: one.errors, other: other.errors, kind: "count" },
    { name: "stalls", one: one.stalls, other: other.stalls, kind: "count" },
  ];
  return (
    <section>
      <h2>
        Cycle {nameOf(one)} beside {nameOf(other)}
      </h2>
      <Comparison label="Comparison of two cycles" heads={[nameOf(one), nameOf(other)]} lines={lines} />
    </section>
  );
}

/** The chosen session, or the newest, beside the last run of the same id. */
export function SessionComparison({ session, sessions }: { session: Session | undefined; sessions: Session[] }) {
  const last = session && sessionBefore(session, sessions);
  if (!session || !last) return null;
  const lines: Compared[] = [
    { name: "took", one: session.duration, other: last.duration, kind: "seconds" },
    { name: "cycles", one: session.cycles, other: last.cycles, kind: "count", isNeutral: true },
    { name: "events", one: session.events, other: last.events, kind: "count", isNeutral: true },
    { name: "errors", one: session.errors, other: last.errors, kind: "count" },
  ];
  return (
    <section>
      <h2>
        Session {session.session_id}: run {session.run} beside {last.run}
      </h2>
      <Comparison
        label="Comparison with the run before"
        heads={[`run ${session.run}`, `run ${last.run}`]}
        lines={lines}
      />
    </section>
  );
}
