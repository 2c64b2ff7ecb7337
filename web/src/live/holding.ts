// Rows that stand still while somebody reads, and what is loaded around them.

import { findEvents } from "../api/client";
import { change } from "../state/route";
import { announce } from "./drawing";
import { eventsBefore, loadedRows, PAGE } from "./loading";
import { newestWithin, oldestWithin } from "./ring";
import { filter, HELD, held, indexOf, isPaused, ring, tally, waiting } from "./store";

// Rows that are wanted of older events each time.
const SOME = 20;

/** Let the rows stand still; what comes meanwhile is counted. */
export function hold(): void {
  if (!held.peek()) holdNewest();
}

export function holdNewest(): void {
  held.value = { rows: ring.rows.slice(), through: tally.lastSeq, startsAtFirst: false, endsAtLast: true };
  tally.whenHeld = tally.total;
  waiting.value = 0;
}

/** Follow again; the address forgets what it led to. */
export function resume(): void {
  change({ event: null, at: null }, { replace: true });
  held.value = null;
  isPaused.value = false;
  waiting.value = 0;
  announce();
}

export function pause(): void {
  hold();
  isPaused.value = true;
}

/** Put older events before the held rows; return how many rows that were. */
export async function loadOlder(): Promise<number> {
  const before = held.peek();
  const first = before?.rows[0];
  if (!before || before.startsAtFirst || !first) return 0;
  const { events, next } = await eventsBefore(first.seq, SOME);
  if (held.peek() !== before) return 0;
  const older = loadedRows(events);
  const rows = [...older, ...before.rows];
  const kept = oldestWithin(rows, HELD);
  const endsAtLast = before.endsAtLast && kept.length === rows.length;
  const through = endsAtLast ? before.through : (kept.at(-1)?.seq ?? 0);
  held.value = { rows: kept, through, startsAtFirst: next === null, endsAtLast };
  announce();
  return older.length;
}

/** Put newer events after the held rows, where some are missing between them and the live ones. */
export async function loadNewer(): Promise<void> {
  const before = held.peek();
  if (!before || before.endsAtLast) return;
  const page = await findEvents({ filter: filter.peek(), after: before.through, limit: PAGE, order: "oldest" });
  if (held.peek() !== before) return;
  const rows = newestWithin([...before.rows, ...loadedRows(page.events)], HELD);
  held.value = {
    rows,
    through: page.events.at(-1)?.seq ?? before.through,
    startsAtFirst: false,
    endsAtLast: page.next === null,
  };
  announce();
}

/** Hold the events around *seq*; return the index of its row, -1 if there is none. */
export async function showAround(seq: number): Promise<number> {
  const text = filter.peek();
  const [older, newer] = await Promise.all([
    findEvents({ filter: text, before: seq + 1, limit: PAGE, order: "newest" }),
    findEvents({ filter: text, after: seq, limit: PAGE, order: "oldest" }),
  ]);
  const rows = loadedRows([...older.events.reverse(), ...newer.events], seq);
  tally.whenHeld = tally.total;
  const through = newer.events.at(-1)?.seq ?? seq;
  held.value = { rows, through, startsAtFirst: older.next === null, endsAtLast: newer.next === null };
  announce();
  return indexOf(seq);
}

/** Hold what happened around *instant*; return the index of the first row after it. */
export async function showFrom(instant: string): Promise<number> {
  const page = await findEvents({ filter: filter.peek(), since: instant, limit: 1, order: "oldest" });
  const first = page.events[0];
  return first ? showAround(first.seq) : -1;
}
