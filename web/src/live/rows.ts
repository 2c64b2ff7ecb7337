// The rows of the live list.

import type { Json, LedgerEvent } from "../api/types";
import { ERROR, severityNumber } from "../severity";
import type { Belonging } from "../ui/Chips";

interface Weighed {
  /** About how many characters it holds in memory. */
  weight: number;
}

export interface EventRow extends Weighed {
  kind: "event";
  seq: number;
  event: LedgerEvent;
  /** The counted row out of which it was taken, and into which it can be put back. */
  of?: CountingRow;
}

/** What the values of one numeric attribute come to. */
export interface Summary {
  key: string;
  count: number;
  sum: number;
  least: number;
  most: number;
}

/** Several events of one type within one second; it goes on counting while that second lasts. */
export interface RollupRow extends Weighed {
  kind: "rollup";
  seq: number;
  lastSeq: number;
  name: string;
  count: number;
  /** When the first of them happened: the row stands at its place. */
  time: string;
  /** The last of them. */
  event: LedgerEvent;
  /** What all of them say; null where they say different things. */
  message: string | null;
  numbers: Summary[];
  /** Where all of them belong. */
  shared: Belonging;
}

/** What the server counted instead of sending, because this page could not follow. */
export interface CountRow extends Weighed {
  kind: "count";
  seq: number;
  lastSeq: number;
  name: string;
  count: number;
}

/** What the server did not send at all; it can be asked for. */
export interface GapRow extends Weighed {
  kind: "gap";
  seq: number;
  lastSeq: number;
  dropped: number;
}

/** A row that stands for several events, each of which can be asked for. */
export type CountingRow = RollupRow | CountRow;
export type Row = EventRow | CountingRow | GapRow;

export const isCounting = (row: Row | undefined): row is CountingRow => row?.kind === "rollup" || row?.kind === "count";

export const isError = (row: Row): boolean => row.kind === "event" && severityNumber(row.event.severity) >= ERROR;

const LEAST_WEIGHT = 500;

const weightOf = (value: Json | undefined): number =>
  typeof value === "string" ? value.length : value && typeof value === "object" ? JSON.stringify(value).length : 8;

/** About how many characters *event* holds. */
export function weigh(event: LedgerEvent): number {
  let weight = LEAST_WEIGHT + weightOf(event.message);
  for (const value of Object.values(event.attributes ?? {})) weight += weightOf(value);
  return weight;
}

export const eventRow = (event: LedgerEvent): EventRow => ({
  kind: "event",
  seq: event.seq,
  event,
  weight: weigh(event),
});
