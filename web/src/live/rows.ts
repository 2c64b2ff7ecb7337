// Events as the list shows them: one row each, but frequent types as one counted row a second.

import type { Json, LedgerEvent } from "../api/types";
import { ERROR, severityNumber, WARN } from "../severity";
import { isRolledUp } from "../state/catalogue";
import { millis } from "../format";

interface Weighed {
  /** About how many characters it holds in memory. */
  weight: number;
}

export interface EventRow extends Weighed {
  kind: "event";
  seq: number;
  event: LedgerEvent;
}

/** Several events of one type within one second; it goes on counting while that second lasts. */
interface RollupRow extends Weighed {
  kind: "rollup";
  seq: number;
  lastSeq: number;
  count: number;
  /** When the first of them happened: the row stands at its place. */
  time: string;
  /** The last of them. */
  event: LedgerEvent;
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

export type Row = EventRow | RollupRow | CountRow | GapRow;

export const isError = (row: Row): boolean => row.kind === "event" && severityNumber(row.event.severity) >= ERROR;

const LEAST_WEIGHT = 500;

const weightOf = (value: Json | undefined): number =>
  typeof value === "string" ? value.length : value && typeof value === "object" ? JSON.stringify(value).length : 8;

/** About how many characters *event* holds. */
function weigh(event: LedgerEvent): number {
  let weight = LEAST_WEIGHT + weightOf(event.message);
  for (const value of Object.values(event.attributes ?? {})) weight += weightOf(value);
  return weight;
}

const eventRow = (event: LedgerEvent): EventRow => ({ kind: "event", seq: event.seq, event, weight: weigh(event) });

// More of one type within a second than anybody reads.
const FREQUENT = 50;
const MOST_NAMES = 1000;

interface Second {
  second: number;
  seen: number;
  row: RollupRow | null;
}

/** Makes rows of events that come in order. */
export class RowMaker {
  private readonly seconds = new Map<string, Second>();

  constructor(private readonly rollsUp: boolean) {}

  /** The new row of *event*, or null if a row that is there already counts it. */
  add(event: LedgerEvent): Row | null {
    if (!this.rollsUp || severityNumber(event.severity) >= WARN) return eventRow(event);
    const second = Math.floor(millis(event.time) / 1000);
    let present = this.seconds.get(event.event);
    if (present?.second !== second) {
      present = { second, seen: 0, row: null };
      if (this.seconds.size > MOST_NAMES) this.seconds.clear(); // names that a program makes up have no bound
      this.seconds.set(event.event, present);
    }
    present.seen += 1;
    if (present.row) {
      present.row.count += 1;
      present.row.lastSeq = event.seq;
      present.row.event = event;
      return null;
    }
    if (!isRolledUp(event.event) && present.seen <= FREQUENT) return eventRow(event);
    present.row = {
      kind: "rollup",
      seq: event.seq,
      lastSeq: event.seq,
      count: 1,
      time: event.time,
      event,
      weight: weigh(event),
    };
    return present.row;
  }
}

export function rowsOf(events: LedgerEvent[], rollsUp: boolean): Row[] {
  const maker = new RowMaker(rollsUp);
  return events.flatMap((event) => maker.add(event) ?? []);
}
