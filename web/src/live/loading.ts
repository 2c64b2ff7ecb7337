// Events that are asked for, as rows to stand among those that came by themselves.

import { signal } from "@preact/signals";
import { findEvents } from "../api/client";
import type { EventPage, LedgerEvent } from "../api/types";
import { noteTaskName } from "../state/taskNames";
import { rowsOf } from "./rollup";
import type { Row } from "./rows";
import { filter, rollsUp } from "./store";

export const PAGE = 500;
// How many pages are asked for at most until there are enough rows.
const MOST_PAGES = 8;

/** The events that were loaded come from more than one service. */
export const isOfSeveral = signal(false);
let oneService: string | null = null;

/** Learn from *events* what their rows do not say by themselves. */
export function note(events: LedgerEvent[]): void {
  for (const event of events) noteTaskName(event);
  noteServices(events);
}

function noteServices(events: LedgerEvent[]): void {
  if (isOfSeveral.peek()) return;
  for (const { service } of events) {
    oneService ??= service ?? null;
    if (service && service !== oneService) isOfSeveral.value = true;
  }
}

export function forgetServices(): void {
  oneService = null;
  isOfSeveral.value = false;
}

/** Rows of *events*; the event *single* has one of its own. */
export function loadedRows(events: LedgerEvent[], single = 0): readonly Row[] {
  note(events);
  return rowsOf(events, rollsUp.peek(), single);
}

interface Older {
  /** The oldest first. */
  events: LedgerEvent[];
  /** Where those before them are; null if there are none. */
  next: number | null;
}

/** Events from *first* back to so many that they make *enough* rows, where many share one. */
export async function backFrom(first: EventPage, text: string, enough: number, signal?: AbortSignal): Promise<Older> {
  const events = first.events;
  let next = first.next;
  for (let pages = 1; next !== null && pages < MOST_PAGES; pages += 1) {
    if (rowsOf([...events].reverse(), rollsUp.peek()).length >= enough) break;
    const page = await findEvents({ filter: text, before: next, limit: 2 * PAGE, order: "newest" }, signal);
    events.push(...page.events);
    next = page.next;
  }
  return { events: events.reverse(), next };
}

export async function eventsBefore(seq: number, enough: number): Promise<Older> {
  const text = filter.peek();
  return backFrom(await findEvents({ filter: text, before: seq, limit: PAGE, order: "newest" }), text, enough);
}

/** Ask for the events from *row* to its last, a page at a time; at most *most* of them. */
export async function eventsOf(row: Row & { lastSeq: number }, text: string, most: number): Promise<LedgerEvent[]> {
  const events: LedgerEvent[] = [];
  let after: number | null = row.seq - 1;
  while (after !== null && events.length < most) {
    const page = await findEvents({ filter: text, after, before: row.lastSeq + 1, limit: 1000, order: "oldest" });
    events.push(...page.events);
    after = page.next;
  }
  return events.slice(0, most);
}
