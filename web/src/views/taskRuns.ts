// Ids come again: which run of an id is meant, in keys, in words and in addresses.

import type { Cycle, LedgerEvent, Session, Task } from "../api/types";
import { millis } from "../format";
import type { Parameters } from "../state/route";

interface Run {
  run?: number | null;
  runs?: number | null;
}

const numberOf = (row: Run): number => row.run ?? 1;

/** Tells one run of a task's id from another. */
export const runOf = (task: Task): string => `${task.task_id}/${numberOf(task)}`;

/** The same of the task above it; empty if there is none. */
export const parentRunOf = (task: Task): string =>
  task.parent_task_id ? `${task.parent_task_id}/${task.parent_run ?? 1}` : "";

const SLACK = 5; // milliseconds by which an event may seem to be outside its task

/** Whether *event* is one of *task*'s, and not of another run of the same id. */
export function isEventOf(event: LedgerEvent, task: Task): boolean {
  const at = millis(event.time);
  return (
    task.task_id === String(event.task_id) &&
    at >= millis(task.started) - SLACK &&
    (!task.ended || at <= millis(task.ended) + SLACK)
  );
}

export const isRepeated = (row: Run): boolean => (row.runs ?? 1) > 1;

/** `run 2 of 3`; empty where an id was used once. */
export const runText = (row: Run): string => (isRepeated(row) ? `run ${numberOf(row)} of ${row.runs}` : "");

/** The run's number where one has to say it. */
const said = (row: Run): string | null => (isRepeated(row) ? String(numberOf(row)) : null);

/** What leads to a task's story. */
export const storyOf = (task: Task): Parameters => ({ task: task.task_id, run: said(task) });

export const sessionKey = (session: Session): string => `${session.session_id}/${numberOf(session)}`;

/** What leads to the cycles of a session. */
export const cyclesOf = (session: Session): Parameters => ({
  session: session.session_id,
  session_run: said(session),
});

/** What leads to the tasks of a cycle. */
export const tasksOf = (cycle: Cycle): Parameters => ({
  session: cycle.session_id,
  cycle: String(cycle.cycle),
  cycle_run: said(cycle),
});

export const cycleKey = (cycle: Cycle): string => `${cycle.session_id}/${cycle.cycle}/${numberOf(cycle)}`;

/** The cycle with which *cycle* is compared by itself: the one before it in its session, else its own run before. */
export function cycleBefore(cycle: Cycle, cycles: Cycle[]): Cycle | undefined {
  const ofSession = cycles.filter((each) => each.session_id === cycle.session_id);
  return (
    ofSession
      .slice(ofSession.indexOf(cycle) + 1)
      .find((each) => (each.session_run ?? 1) === (cycle.session_run ?? 1)) ??
    ofSession.find((each) => each.cycle === cycle.cycle && numberOf(each) === numberOf(cycle) - 1)
  );
}

/** The run before of the same session. */
export const sessionBefore = (session: Session, sessions: Session[]): Session | undefined =>
  sessions.find((each) => each.session_id === session.session_id && numberOf(each) === numberOf(session) - 1);
