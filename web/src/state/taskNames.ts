// What tasks are called: most events carry a task's id alone.

import { signal } from "@preact/signals";
import { getEvents, getTasks } from "../api/client";
import type { LedgerEvent } from "../api/types";
import { condition } from "./filter";

const MOST = 20_000;
// Tasks of which nothing was heard here are asked for: so many at a time, the latest that somebody wanted to see.
const AT_A_TIME = 8;
const EVERY = 250; // milliseconds

const names = new Map<string, string>();
const asked = new Set<string>();
let wanted: string[] = [];
let timer = 0;
/** Grows when names came that somebody had asked for. */
const answers = signal(0);

function remember(id: string, name: string): void {
  if (names.size >= MOST) names.clear(); // those in sight are asked for again
  names.set(id, name);
}

/** Learn what *event* says of its task's name. */
export function noteTaskName(event: LedgerEvent): void {
  const name = event.attributes?.task_name;
  if (typeof name === "string" && name && event.task_id !== undefined) remember(String(event.task_id), name);
}

/** What the task *id* is called; null until that is known. */
export function taskName(id: string): string | null {
  const known = names.get(id);
  if (known !== undefined) return known;
  void answers.value; // whoever asked is drawn again when the answer has come
  if (!asked.has(id) && !wanted.includes(id)) {
    wanted.push(id);
    if (!timer) timer = window.setTimeout(() => void answer(), EVERY);
  }
  return null;
}

async function answer(): Promise<void> {
  const ids = wanted.slice(-AT_A_TIME);
  wanted = [];
  if (asked.size > MOST) asked.clear();
  for (const id of ids) asked.add(id);
  // Without an answer the id stands there, as it did before.
  await Promise.allSettled(ids.map(ask));
  answers.value += 1; // what was left out for now is wanted again with it, if it is still in sight
  timer = 0;
  if (wanted.length > 0) timer = window.setTimeout(() => void answer(), EVERY);
}

async function ask(id: string): Promise<void> {
  const filter = `task.* ${condition("task_id", id)}`;
  const { events } = await getEvents({ filter, limit: 1, order: "oldest" });
  for (const event of events) noteTaskName(event);
}

/** The names of the latest tasks, in one question. */
export async function loadTaskNames(): Promise<void> {
  for (const task of await getTasks({ limit: 500 })) if (task.name) remember(task.task_id, task.name);
  answers.value += 1;
}
