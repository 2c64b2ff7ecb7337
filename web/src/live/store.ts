// What the live list holds: the rows that have come, those that stand still, and how many wait.

import { computed, signal } from "@preact/signals";
import { parameter, view } from "../state/route";
import { Ring } from "./ring";
import type { Row } from "./rows";

const FOLLOWED = { rows: 10_000, weight: 40_000_000 };
export const HELD = { rows: 20_000, weight: 60_000_000 };

/** Rows that stand still: they were there when the reader stopped, and what was loaded around them since. */
export interface Held {
  rows: readonly Row[];
  /** The last event that was looked at for these rows. */
  through: number;
  startsAtFirst: boolean;
  endsAtLast: boolean;
}

const lastFilter = signal("");
/** The live view's filter; while another one is open, what it was. */
export const filter = computed(() => (view.value === "live" ? parameter("filter") : lastFilter.value));
export const rollsUp = computed(() => parameter("rollup") !== "off");

/** Rows of what came, the newest last. */
export const ring = new Ring(FOLLOWED);
export const held = signal<Held | null>(null);
export const isPaused = signal(false);
export const isLoading = signal(true);
/** There are events before those that were loaded at the start. */
export const hasOlder = signal(false);
export const waiting = signal(0);
export const received = signal(0);
export const notSent = signal(0);

/** What came through the stream; signals say it no more often than it is drawn. */
export const tally = { total: 0, whenHeld: 0, lastSeq: 0 };

export const rememberFilter = (text: string): void => {
  lastFilter.value = text;
};

export const shownRows = (): readonly Row[] => held.peek()?.rows ?? ring.rows;

/** The index of the row that begins with the event *seq*, -1 if none does. */
export const indexOf = (seq: number): number => shownRows().findIndex((row) => row.seq === seq);
