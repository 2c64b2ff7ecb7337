// Where a task's bar stands: a lane for each persona, children beneath their parents, nothing over anything else.

import type { Task } from "../api/types";
import { millis } from "../format";
import { parentRunOf, runOf } from "./taskRuns";

export interface Bar {
  task: Task;
  from: number;
  to: number;
  line: number;
  depth: number;
}

interface Lane {
  name: string;
  bars: Bar[];
  lines: number;
}

export interface TimeSpan {
  from: number;
  to: number;
}

/** From the start of the first task to the end of the last; what runs goes on until now. */
export function spanOf(tasks: Task[], now: number): TimeSpan {
  const from = Math.min(...tasks.map((task) => millis(task.started)));
  const to = Math.max(...tasks.map((task) => endOf(task, now)));
  return { from, to: Math.max(to, from + 0.001) };
}

// So many tasks, and a pause so many times as long as all they took, make a run of its own.
const LEAST_OF_RUN = 5;
const PAUSE = 5;

/** What came after the last long pause: who runs a program again looks at that run, and not at the hours before it. */
export function lastRunOf(tasks: Task[], now: number): TimeSpan {
  const whole = spanOf(tasks, now);
  const inOrder = [...tasks].sort((a, b) => millis(a.started) - millis(b.started));
  let busyUntil = whole.from;
  let from = whole.from;
  for (const [index, task] of inOrder.entries()) {
    const start = millis(task.started);
    const pause = start - busyUntil;
    if (inOrder.length - index >= LEAST_OF_RUN && pause > PAUSE * (whole.to - start)) from = start;
    busyUntil = Math.max(busyUntil, endOf(task, now));
  }
  return { from, to: whole.to };
}

export function endOf(task: Task, now: number): number {
  if (task.ended) return millis(task.ended);
  // Nobody knows when an orphan ended; a bar of no length says that it began.
  return task.state === "running" ? now : millis(task.started);
}

function depthsOf(tasks: Task[]): Map<string, number> {
  const parents = new Map(tasks.map((task) => [runOf(task), parentRunOf(task)]));
  const depths = new Map<string, number>();
  for (const task of tasks) {
    let depth = 0;
    let above: string | undefined = parentRunOf(task);
    while (above && parents.has(above) && depth < 50) {
      depth += 1;
      above = parents.get(above);
    }
    depths.set(runOf(task), depth);
  }
  return depths;
}

/** The lowest line on which nothing of *bar*'s time is taken, not above *least*. */
function freeLine(ends: number[], bar: Omit<Bar, "line">, least: number): number {
  for (let line = least; ; line += 1) {
    if ((ends[line] ?? -Infinity) <= bar.from) return line;
  }
}

export function lanesOf(tasks: Task[], now: number): Lane[] {
  const depths = depthsOf(tasks);
  const lanes = new Map<string, { lane: Lane; ends: number[]; lines: Map<string, number> }>();
  const inOrder = [...tasks].sort(
    (a, b) => millis(a.started) - millis(b.started) || (depths.get(runOf(a)) ?? 0) - (depths.get(runOf(b)) ?? 0),
  );
  for (const task of inOrder) {
    const name = task.persona ? String(task.persona) : "(no persona)";
    const present = lanes.get(name) ?? {
      lane: { name, bars: [], lines: 0 },
      ends: [],
      lines: new Map<string, number>(),
    };
    lanes.set(name, present);
    const bar = { task, from: millis(task.started), to: endOf(task, now), depth: depths.get(runOf(task)) ?? 0 };
    const parentLine = present.lines.get(parentRunOf(task));
    const line = freeLine(present.ends, bar, parentLine === undefined ? 0 : parentLine + 1);
    present.ends[line] = bar.to;
    present.lines.set(runOf(task), line);
    present.lane.bars.push({ ...bar, line });
    present.lane.lines = Math.max(present.lane.lines, line + 1);
  }
  return [...lanes.values()].map(({ lane }) => lane);
}
