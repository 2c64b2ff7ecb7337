// The live list: what has come, what is shown of it, and what waits.

import { computed, effect, signal } from "@preact/signals";
import { ApiError, findEvents } from "../api/client";
import { EventStream, type Frame, type StreamStatus } from "../api/stream";
import type { EventPage, LedgerEvent } from "../api/types";
import { explain } from "../state/access";
import { condition, narrowed } from "../state/filter";
import { change, parameter, view } from "../state/route";
import { newestWithin, oldestWithin, Ring } from "./ring";
import { isOf, RowMaker, rowsOf } from "./rollup";
import { type CountingRow, type EventRow, eventRow, type Row } from "./rows";

const FOLLOWED = { rows: 10_000, weight: 40_000_000 };
const HELD = { rows: 20_000, weight: 60_000_000 };
const PAGE = 500;
// Rows that are wanted at the start, and how many pages are asked for until there are so many.
const ENOUGH = 60;
const MOST_PAGES = 8;
// Rows that are wanted of older events each time.
const SOME = 20;
// The list is drawn anew at most so often (milliseconds), and so that drawing takes no more than this share of the time:
// the rest is for scrolling, keys and other programs.
const LEAST_BETWEEN_UPDATES = 32;
const MOST_BETWEEN_UPDATES = 250;
const SHARE_FOR_DRAWING = 0.25;
const BETWEEN_COUNTS = 250;
const MOST_UNFOLDED = 5000;

interface Problem {
  text: string;
  column: number | null;
}

/** What the server says, without the place that is shown beside it. */
const problemOf = (text: string, column: number | null): Problem => ({
  text: text.replace(/^filter: /, "").replace(/^column \d+: /, ""),
  column,
});

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
/** When a lost connection is tried again, in milliseconds since the Unix epoch. */
export const tryAgainAt = signal(0);
export const problem = signal<Problem | null>(null);
/** The filter has a mistake: what is shown is still what the one before let through. */
export const isUnreadable = computed(() => (problem.value?.column ?? null) !== null);
export const isLoading = signal(true);
/** There are events before those that were loaded at the start. */
export const hasOlder = signal(false);
export const held = signal<Held | null>(null);
export const isPaused = signal(false);
export const waiting = signal(0);
export const received = signal(0);
export const notSent = signal(0);
/** The events that were loaded come from more than one service. */
export const isOfSeveral = signal(false);
/** Grows whenever the rows have changed and a frame may draw them. */
export const version = signal(0);

const ring = new Ring(FOLLOWED);
let maker = new RowMaker(true);
let lastSeq = 0;
let oneService: string | null = null;
let loading: AbortController | null = null;
let isAnnounced = false;
let announcedAt = 0;
let between = LEAST_BETWEEN_UPDATES;
let drawn: Held | null = null;

const stream = new EventStream(take, (next, again) => {
  status.value = next;
  tryAgainAt.value = again ?? 0;
});

export const tryNow = (): void => stream.now();

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
  } else if (frame.type === "error") problem.value = problemOf(frame.problem, frame.column ?? null);
  if (frame.type !== "heartbeat") announce();
}

function takeEvents(events: LedgerEvent[]): void {
  total += events.length;
  for (const event of events) lastSeq = Math.max(lastSeq, event.seq);
  addToRing(events);
}

function addToRing(events: LedgerEvent[]): void {
  noteServices(events);
  for (const event of events) maker.add(event, ring);
}

function noteServices(events: LedgerEvent[]): void {
  if (isOfSeveral.peek()) return;
  for (const { service } of events) {
    oneService ??= service ?? null;
    if (service && service !== oneService) isOfSeveral.value = true;
  }
}

/** Rows of events that were asked for, to stand among those that are held. */
function loadedRows(events: LedgerEvent[], single = 0): readonly Row[] {
  noteServices(events);
  return rowsOf(events, rollsUp.peek(), single);
}

function takeCounts(counts: Record<string, number>, from: number, to: number): void {
  for (const [name, count] of Object.entries(counts)) {
    total += count;
    ring.push({ kind: "count", seq: from, lastSeq: to, name, count, weight: 0 });
  }
}

interface Older {
  /** The oldest first. */
  events: LedgerEvent[];
  /** Where those before them are; null if there are none. */
  next: number | null;
}

/** Events from *first* back to so many that they make *enough* rows, where many share one. */
async function backFrom(first: EventPage, text: string, enough: number, signal?: AbortSignal): Promise<Older> {
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

async function eventsBefore(seq: number, enough: number): Promise<Older> {
  const text = filter.peek();
  return backFrom(await findEvents({ filter: text, before: seq, limit: PAGE, order: "newest" }), text, enough);
}

/** Show the newest events that fit *text*, and follow the stream from there. */
async function begin(text: string, isRolledUp: boolean): Promise<void> {
  loading?.abort();
  const mine = new AbortController();
  loading = mine;
  isLoading.value = true;
  try {
    const first = await findEvents({ filter: text, limit: PAGE, order: "newest" }, mine.signal);
    const { events, next } = await backFrom(first, text, ENOUGH, mine.signal);
    if (mine.signal.aborted) return;
    hasOlder.value = next !== null;
    problem.value = null;
    maker = new RowMaker(isRolledUp);
    ring.replace([]);
    oneService = null;
    isOfSeveral.value = false;
    addToRing(events);
    lastSeq = first.last;
    stream.follow(text, first.last);
    if (!parameter("event") && !parameter("at") && !isPaused.peek()) resume();
    else if (held.peek()) holdNewest();
  } catch (error) {
    if (mine.signal.aborted) return;
    const column = error instanceof ApiError ? error.column : null;
    problem.value = problemOf(explain(error), column);
    if (column !== null && status.peek() === "connecting") status.value = "idle";
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

/** Ask for the events from *row* to its last, a page at a time; at most *most* of them. */
async function eventsOf(row: Row & { lastSeq: number }, text: string, most: number): Promise<LedgerEvent[]> {
  const events: LedgerEvent[] = [];
  let after: number | null = row.seq - 1;
  while (after !== null && events.length < most) {
    const page = await findEvents({ filter: text, after, before: row.lastSeq + 1, limit: 1000, order: "oldest" });
    events.push(...page.events);
    after = page.next;
  }
  return events.slice(0, most);
}

function replaceHeld(put: (rows: readonly Row[]) => readonly Row[]): void {
  const present = held.peek();
  if (present) held.value = { ...present, rows: put(present.rows) };
  announce();
}

/** Ask for what a gap left out, and put it in its place. */
export async function fillGap(gap: Row & { kind: "gap" }): Promise<void> {
  const filled = loadedRows(await eventsOf(gap, filter.peek(), HELD.rows));
  const put = (rows: readonly Row[]): Row[] => rows.flatMap((row) => (row === gap ? filled : row));
  replaceHeld(put);
  ring.replace(put(ring.rows));
  notSent.value = Math.max(0, notSent.peek() - gap.dropped);
}

/** Let the rows stand still, and show each event that *row* counts in its place; return how many of them. */
export async function unfold(row: CountingRow): Promise<number> {
  hold();
  const found = await eventsOf(row, narrowed(filter.peek(), condition("event", row.name)), MOST_UNFOLDED);
  const singles = found.filter((event) => isOf(event, row)).map((event): EventRow => ({ ...eventRow(event), of: row }));
  if (singles.length > 0)
    replaceHeld((rows) => rows.flatMap((each): readonly Row[] => (each === row ? singles : [each])));
  return singles.length;
}

/** Count the events of *row* in one row again. */
export function foldAgain(row: CountingRow): void {
  const isPart = (each: Row): boolean => each.kind === "event" && each.of === row;
  replaceHeld((rows) => {
    const start = rows.findIndex(isPart);
    return [...rows.slice(0, start), row, ...rows.slice(start).filter((each) => !isPart(each))];
  });
}

/** The index of the row that begins with the event *seq*, -1 if none does. */
export const indexOf = (seq: number): number => shownRows().findIndex((row) => row.seq === seq);
