// Follows the stream, whichever view is open, and begins anew when the filter changes.

import { computed, effect, signal } from "@preact/signals";
import { ApiError, findEvents } from "../api/client";
import { EventStream, type Frame, type StreamStatus } from "../api/stream";
import type { LedgerEvent } from "../api/types";
import { explain } from "../state/access";
import { parameter, view } from "../state/route";
import { announce } from "./drawing";
import { holdNewest, resume } from "./holding";
import { backFrom, forgetServices, note, PAGE } from "./loading";
import { RowMaker } from "./rollup";
import { hasOlder, held, isLoading, isPaused, notSent, rememberFilter, ring, rollsUp, tally } from "./store";

// Rows that are wanted at the start.
const ENOUGH = 60;
const AGAIN_AFTER = 3000;

interface Problem {
  text: string;
  column: number | null;
}

/** What the server says, without the place that is shown beside it. */
const problemOf = (text: string, column: number | null): Problem => ({
  text: text.replace(/^filter: /, "").replace(/^column \d+: /, ""),
  column,
});

export const status = signal<StreamStatus>("connecting");
/** When a lost connection is tried again, in milliseconds since the Unix epoch. */
export const tryAgainAt = signal(0);
export const problem = signal<Problem | null>(null);
/** The filter has a mistake: what is shown is still what the one before let through. */
export const isUnreadable = computed(() => (problem.value?.column ?? null) !== null);

let maker = new RowMaker(true);
let loading: AbortController | null = null;

const stream = new EventStream(take, (next, again) => {
  status.value = next;
  tryAgainAt.value = again ?? 0;
});

export const tryNow = (): void => stream.now();

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
  tally.total += events.length;
  for (const event of events) tally.lastSeq = Math.max(tally.lastSeq, event.seq);
  addToRing(events);
}

function addToRing(events: LedgerEvent[]): void {
  note(events);
  for (const event of events) maker.add(event, ring);
}

function takeCounts(counts: Record<string, number>, from: number, to: number): void {
  for (const [name, count] of Object.entries(counts)) {
    tally.total += count;
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
    const first = await findEvents({ filter: text, limit: PAGE, order: "newest" }, mine.signal);
    const { events, next } = await backFrom(first, text, ENOUGH, mine.signal);
    if (mine.signal.aborted) return;
    hasOlder.value = next !== null;
    problem.value = null;
    maker = new RowMaker(isRolledUp);
    ring.replace([]);
    forgetServices();
    addToRing(events);
    tally.lastSeq = first.last;
    stream.follow(text, first.last);
    if (!parameter("event") && !parameter("at") && !isPaused.peek()) resume();
    else if (held.peek()) holdNewest();
  } catch (error) {
    if (!mine.signal.aborted) fail(error, () => loading === mine && void begin(text, isRolledUp));
  } finally {
    if (loading === mine) isLoading.value = false;
    announce();
  }
}

/** Say what went wrong; a filter that cannot be read will not be readable later, all else is tried *again*. */
function fail(error: unknown, again: () => void): void {
  const column = error instanceof ApiError ? error.column : null;
  problem.value = problemOf(explain(error), column);
  if (column !== null && status.peek() === "connecting") status.value = "idle";
  if (column === null) window.setTimeout(again, AGAIN_AFTER);
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
    rememberFilter(text);
    void begin(text, isRolledUp);
  });
}
