// Where a task's bar stands: a lane for each persona, children beneath their parents, nothing over anything else.

import type { Task } from "../api/types";
import { millis } from "../format";

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

export function endOf(task: Task, now: number): number {
  if (task.ended) return millis(task.ended);
  // Nobody knows when an orphan ended; a bar of no length says that it began.
  return task.state === "running" ? now : millis(task.started);
}

function depthsOf(tasks: Task[]): Map<string, number> {
  const parents = new Map(tasks.map((task) => [task.task_id, task.parent_task_id]));
  const depths = new Map<string, number>();
  for (const task of tasks) {
    let depth = 0;
    let above = task.parent_task_id;
    while (above && parents.has(above) && depth < 50) {
      depth += 1;
      above = parents.get(above);
    }
    depths.set(task.task_id, depth);
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
    (a, b) => millis(a.started) - millis(b.started) || (depths.get(a.task_id) ?? 0) - (depths.get(b.task_id) ?? 0),
  );
  for (const task of inOrder) {
    const name = task.persona ? String(task.persona) : "(no persona)";
    const present = lanes.get(name) ?? {
      lane: { name, bars: [], lines: 0 },
      ends: [],
      lines: new Map<string, number>(),
    };
    lanes.set(name, present);
    const bar = { task, from: millis(task.started), to: endOf(task, now), depth: depths.get(task.task_id) ?? 0 };
    const parentLine = task.parent_task_id ? present.lines.get(task.parent_task_id) : undefined;
    const line = freeLine(present.ends, bar, parentLine === undefined ? 0 : parentLine + 1);
    present.ends[line] = bar.to;
    present.lines.set(task.task_id, line);
    present.lane.bars.push({ ...bar, line });
    present.lane.lines = Math.max(present.lane.lines, line + 1);
  }
  return [...lanes.values()].map(({ lane }) => lane);
}
