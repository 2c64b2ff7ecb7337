// The live list: what has come, what is shown of it, and what waits.

import { computed, effect, signal } from "@preact/signals";
import { ApiError, findEvents } from "../api/client";
import { EventStream, type Frame, type StreamStatus } from "../api/stream";
import type { LedgerEvent } from "../api/types";
import { explain } from "../state/access";
import { change, parameter, view } from "../state/route";
import { newestWithin, oldestWithin, Ring } from "./ring";
import { type Row, RowMaker, rowsOf } from "./rows";

const FOLLOWED = { rows: 10_000, weight: 40_000_000 };
const HELD = { rows: 20_000, weight: 60_000_000 };
const PAGE = 500;
// The list is drawn anew at most so often (milliseconds), and so that drawing takes no more than this share of the time:
// the rest is for scrolling, keys and other programs.
const LEAST_BETWEEN_UPDATES = 32;
const MOST_BETWEEN_UPDATES = 250;
const SHARE_FOR_DRAWING = 0.25;
const BETWEEN_COUNTS = 250;

interface Problem {
  text: string;
  column: number | null;
}

/** Rows that stand still: they were there when the reader stopped, and what was loaded around them since. */
interface Held {
  rows: readonly Row[];
  /** The last event that was looked at for these rows. */
  through: number;
  startsAtFirst: boolean;
  endsAtLast: boolean;
}

let lastFilter = "";
export const filter = computed(() => (view.value === "live" ? parameter("filter") : lastFilter));
export const rollsUp = computed(() => parameter("rollup") !== "off");

export const status = signal<StreamStatus>("connecting");
export const problem = signal<Problem | null>(null);
export const isLoading = signal(true);
export const held = signal<Held | null>(null);
export const isPaused = signal(false);
export const waiting = signal(0);
export const received = signal(0);
export const notSent = signal(0);
/** Grows whenever the rows have changed and a frame may draw them. */
export const version = signal(0);

const ring = new Ring(FOLLOWED);
let maker = new RowMaker(true);
let lastSeq = 0;
let loading: AbortController | null = null;
let isAnnounced = false;
let announcedAt = 0;
let between = LEAST_BETWEEN_UPDATES;
let drawn: Held | null = null;

const stream = new EventStream(take, (next) => {
  status.value = next;
});

export const shownRows = (): readonly Row[] => held.peek()?.rows ?? ring.rows;

/** Have the rows drawn with one of the next frames. */
function announce(): void {
  if (isAnnounced) return;
  isAnnounced = true;
  requestAnimationFrame(publish);
}

function publish(now: number): void {
  // Rows that stand still need no drawing for what comes meanwhile, but for its count.
  const isStill = held.peek() !== null && held.peek() === drawn;
  if (now - announcedAt < (isStill ? BETWEEN_COUNTS : between)) {
    requestAnimationFrame(publish);
    return;
  }
  isAnnounced = false;
  announcedAt = now;
  drawn = held.peek();
  received.value = total;
  if (drawn) waiting.value = total - totalWhenHeld;
  if (isStill) return;
  version.value += 1;
  const began = performance.now();
  const after = new MessageChannel(); // is heard when the frame has been drawn
  after.port1.onmessage = () => {
    between = Math.min(
      MOST_BETWEEN_UPDATES,
      Math.max(LEAST_BETWEEN_UPDATES, (performance.now() - began) / SHARE_FOR_DRAWING),
    );
    after.port1.close();
  };
  after.port2.postMessage(null);
}

let total = 0;
let totalWhenHeld = 0;

function take(frame: Frame): void {
  if (frame.type === "events") takeEvents(frame.events);
  else if (frame.type === "counts") takeCounts(frame.counts, frame.from, frame.to);
  else if (frame.type === "gap") {
    ring.push({ kind: "gap", seq: frame.from, lastSeq: frame.to, dropped: frame.dropped, weight: 0 });
    notSent.value += frame.dropped;
  } else if (frame.type === "error") problem.value = { text: frame.problem, column: frame.column ?? null };
  if (frame.type !== "heartbeat") announce();
}

function takeEvents(events: LedgerEvent[]): void {
  for (const event of events) {
    lastSeq = Math.max(lastSeq, event.seq);
    total += 1;
    const row = maker.add(event);
    if (row) ring.push(row);
  }
}

function takeCounts(counts: Record<string, number>, from: number, to: number): void {
  for (const [name, count] of Object.entries(counts)) {
    total += count;
    ring.push({ kind: "count", seq: from, lastSeq: to, name, count, weight: 0 });
  }
}

/** Show the newest events that fit *text*, and follow the stream from there. */
async function begin(text: string, isRolledUp: boolean): Promise<void> {
  loading?.abort();
  const mine = new AbortController();
  loading = mine;
  isLoading.value = true;
  try {
    const page = await findEvents({ filter: text, limit: PAGE, order: "newest" }, mine.signal);
    if (mine.signal.aborted) return;
    problem.value = null;
    maker = new RowMaker(isRolledUp);
    ring.replace(page.events.reverse().flatMap((event) => maker.add(event) ?? []));
    lastSeq = page.last;
    stream.follow(text, page.last);
    if (!parameter("event") && !parameter("at") && !isPaused.peek()) resume();
    else if (held.peek()) holdNewest();
  } catch (error) {
    if (mine.signal.aborted) return;
    const column = error instanceof ApiError ? error.column : null;
    problem.value = { text: explain(error), column };
    if (column === null) window.setTimeout(() => loading === mine && void begin(text, isRolledUp), 3000);
  } finally {
    if (loading === mine) isLoading.value = false;
    announce();
  }
}

/** Begin, whichever view is open, and anew whenever the filter of the live one changes. */
export function startLive(): void {
  let asked: string | null = null;
  effect(() => {
    if (view.value !== "live" && asked !== null) return;
    const text = view.value === "live" ? parameter("filter") : "";
    const isRolledUp = rollsUp.value;
    if (asked === `${isRolledUp}${text}`) return;
    asked = `${isRolledUp}${text}`;
    lastFilter = text;
    void begin(text, isRolledUp);
  });
}

/** Let the rows stand still; what comes meanwhile is counted. */
export function hold(): void {
  if (!held.peek()) holdNewest();
}

function holdNewest(): void {
  held.value = { rows: ring.rows.slice(), through: lastSeq, startsAtFirst: false, endsAtLast: true };
  totalWhenHeld = total;
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
  const page = await findEvents({ filter: filter.peek(), before: first.seq, limit: PAGE, order: "newest" });
  if (held.peek() !== before) return 0;
  const older = rowsOf(page.events.reverse(), rollsUp.peek());
  const rows = [...older, ...before.rows];
  const kept = oldestWithin(rows, HELD);
  const endsAtLast = before.endsAtLast && kept.length === rows.length;
  const through = endsAtLast ? before.through : (kept.at(-1)?.seq ?? 0);
  held.value = { rows: kept, through, startsAtFirst: page.next === null, endsAtLast };
  announce();
  return older.length;
}

/** Put newer events after the held rows, where some are missing between them and the live ones. */
export async function loadNewer(): Promise<void> {
  const before = held.peek();
  if (!before || before.endsAtLast) return;
  const page = await findEvents({ filter: filter.peek(), after: before.through, limit: PAGE, order: "oldest" });
  if (held.peek() !== before) return;
  const rows = newestWithin([...before.rows, ...rowsOf(page.events, rollsUp.peek())], HELD);
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
  const rows = rowsOf([...older.events.reverse(), ...newer.events], rollsUp.peek());
  totalWhenHeld = total;
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

/** Ask for what a gap left out, and put it in its place. */
export async function fillGap(gap: Row & { kind: "gap" }): Promise<void> {
  const page = await findEvents({
    filter: filter.peek(),
    after: gap.seq - 1,
    before: gap.lastSeq + 1,
    limit: 1000,
    order: "oldest",
  });
  const filled = rowsOf(page.events, rollsUp.peek());
  const put = (rows: readonly Row[]): Row[] => rows.flatMap((row) => (row === gap ? filled : row));
  const present = held.peek();
  if (present) held.value = { ...present, rows: put(present.rows) };
  ring.replace(put(ring.rows));
  notSent.value = Math.max(0, notSent.peek() - gap.dropped);
  announce();
}

/** The index of the row that begins with the event *seq*, -1 if none does. */
export const indexOf = (seq: number): number => shownRows().findIndex((row) => row.seq === seq);
