// Rows that stand still while somebody reads, and what is loaded around them.

import { findEvents } from "../api/client";
import { change } from "../state/route";
import { announce } from "./drawing";
import { eventsBefore, loadedRows, PAGE } from "./loading";
import { newestWithin, oldestWithin } from "./ring";
import type { Row } from "./rows";
import { filter, HELD, type Held, held, indexOf, isLoading, isPaused, ring, tally, waiting } from "./store";

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

/** The held rows if they are those that the filter asks for, and still will be when an answer has come. */
function heldFor(text: string): Held | null {
  return isLoading.peek() || filter.peek() !== text ? null : held.peek();
}

/** The row before which events are being asked for. */
let askedBefore: Row | null = null;

/** Put older events before the held rows, whatever was opened or closed among them meanwhile; return how many rows that were. */
export async function loadOlder(): Promise<number> {
  const text = filter.peek();
  const before = heldFor(text);
  const first = before?.rows[0];
  if (!before || before.startsAtFirst || !first || first === askedBefore) return 0;
  askedBefore = first;
  const { events, next } = await eventsBefore(first.seq, SOME).finally(() => {
    if (askedBefore === first) askedBefore = null;
  });
  const present = heldFor(text);
  if (present?.rows[0]?.seq !== first.seq) return 0;
  const older = loadedRows(events);
  const rows = [...older, ...present.rows];
  const kept = oldestWithin(rows, HELD);
  const endsAtLast = present.endsAtLast && kept.length === rows.length;
  const through = endsAtLast ? present.through : (kept.at(-1)?.seq ?? 0);
  held.value = { rows: kept, through, startsAtFirst: next === null, endsAtLast };
  announce();
  return older.length;
}

/** Put newer events after the held rows, where some are missing between them and the live ones. */
export async function loadNewer(): Promise<void> {
  const text = filter.peek();
  const before = heldFor(text);
  if (!before || before.endsAtLast) return;
  const page = await findEvents({ filter: text, after: before.through, limit: PAGE, order: "oldest" });
  const present = heldFor(text);
  if (!present || present.endsAtLast || present.through !== before.through) return;
  const rows = newestWithin([...present.rows, ...loadedRows(page.events)], HELD);
  held.value = {
    rows,
    through: page.events.at(-1)?.seq ?? present.through,
    startsAtFirst: false,
    endsAtLast: page.next === null,
  };
  announce();
}

/** Hold the events around *seq*, if that *isWanted* when they have come; return the index of its row, -1 if there is none. */
export async function showAround(seq: number, isWanted: () => boolean): Promise<number> {
  const text = filter.peek();
  const [older, newer] = await Promise.all([
    findEvents({ filter: text, before: seq + 1, limit: PAGE, order: "newest" }),
    findEvents({ filter: text, after: seq, limit: PAGE, order: "oldest" }),
  ]);
  if (isLoading.peek() || filter.peek() !== text || !isWanted()) return -1;
  const rows = loadedRows([...older.events.reverse(), ...newer.events], seq);
  tally.whenHeld = tally.total;
  const through = newer.events.at(-1)?.seq ?? seq;
  held.value = { rows, through, startsAtFirst: older.next === null, endsAtLast: newer.next === null };
  announce();
  return indexOf(seq);
}

/** The same with what happened around *instant*, and the first row after it; where there is none, go on following. */
export async function showFrom(instant: string, isWanted: () => boolean): Promise<number> {
  const page = await findEvents({ filter: filter.peek(), since: instant, limit: 1, order: "oldest" });
  const first = page.events[0];
  if (first) return showAround(first.seq, isWanted);
  if (isWanted()) resume();
  return -1;
}
