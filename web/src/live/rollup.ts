// Makes rows of events: one row each, but one counted row a second of what is frequent.

import type { LedgerEvent } from "../api/types";
import { millis } from "../format";
import { severityNumber, WARN } from "../severity";
import { isRolledUp } from "../state/catalogue";
import { sharedBy } from "../ui/Chips";
import { messageOf } from "../ui/text";
import { Ring } from "./ring";
import { type CountingRow, type EventRow, eventRow, type RollupRow, type Row, type Summary, weigh } from "./rows";

// More of one type within a second than anybody reads.
const FREQUENT = 20;
const MOST_NAMES = 1000;
const MOST_NUMBERS = 4;

/** Events of one type within one second. */
interface Second {
  second: number;
  seen: number;
  /** A row for each, as long as they are not too many. */
  singles: EventRow[];
  /** The row that counts them, once they are. */
  row: RollupRow | null;
}

/** Where rows go. */
interface Rows {
  push(row: Row): void;
  /** Put *into* in the place of the first of *rows*, and take the others away. */
  fold(rows: readonly Row[], into: Row): void;
}

function rollupOf(first: LedgerEvent): RollupRow {
  return {
    kind: "rollup",
    seq: first.seq,
    lastSeq: first.seq,
    name: first.event,
    count: 0,
    time: first.time,
    event: first,
    message: messageOf(first),
    numbers: [],
    shared: first,
    weight: weigh(first),
  };
}

function countIn(row: RollupRow, event: LedgerEvent): void {
  row.count += 1;
  row.lastSeq = event.seq;
  row.event = event;
  if (row.message !== null && row.message !== messageOf(event)) row.message = null;
  row.shared = sharedBy(row.shared, event);
  for (const [key, value] of Object.entries(event.attributes ?? {})) {
    if (typeof value === "number") sumUp(row.numbers, key, value);
  }
}

function sumUp(numbers: Summary[], key: string, value: number): void {
  const known = numbers.find((each) => each.key === key);
  if (known) {
    known.count += 1;
    known.sum += value;
    known.least = Math.min(known.least, value);
    known.most = Math.max(known.most, value);
  } else if (numbers.length < MOST_NUMBERS) {
    numbers.push({ key, count: 1, sum: value, least: value, most: value });
  }
}

/** Makes rows of events that come in order. */
export class RowMaker {
  private readonly seconds = new Map<string, Second>();

  constructor(private readonly rollsUp: boolean) {}

  /** Show *event* among *rows*: by a row of its own, or in the count of another. */
  add(event: LedgerEvent, rows: Rows): void {
    if (!this.rollsUp || severityNumber(event.severity) >= WARN) {
      rows.push(eventRow(event));
      return;
    }
    const present = this.secondOf(event);
    present.seen += 1;
    if (!present.row && present.seen <= FREQUENT) {
      const single = eventRow(event);
      present.singles.push(single);
      rows.push(single);
      return;
    }
    if (!present.row) this.fold(present, rows);
    const row = present.row as RollupRow | null;
    if (!row) return;
    if (row.count === 0) rows.push(row);
    countIn(row, event);
  }

  /** The rows of this second so far become one: those that were single do not stay beside a count. */
  private fold(present: Second, rows: Rows): void {
    const [first] = present.singles;
    if (!first) return;
    present.row = rollupOf(first.event);
    for (const single of present.singles) countIn(present.row, single.event);
    rows.fold(present.singles, present.row);
    present.singles = [];
  }

  private secondOf(event: LedgerEvent): Second {
    const second = Math.floor(millis(event.time) / 1000);
    const before = this.seconds.get(event.event);
    if (before?.second === second) return before;
    // What was frequent a second ago still is: it need not be shown one by one first.
    const isFrequent = isRolledUp(event.event) || (before?.second === second - 1 && before.seen > FREQUENT);
    if (this.seconds.size > MOST_NAMES) this.seconds.clear(); // names that a program makes up have no bound
    const present = { second, seen: 0, singles: [], row: isFrequent ? rollupOf(event) : null };
    this.seconds.set(event.event, present);
    return present;
  }
}

/** The rows of *events*; the event *single* has a row of its own, however many there are of its type. */
export function rowsOf(events: LedgerEvent[], rollsUp: boolean, single = 0): readonly Row[] {
  const maker = new RowMaker(rollsUp);
  const rows = new Ring({ rows: Number.POSITIVE_INFINITY, weight: Number.POSITIVE_INFINITY });
  for (const event of events) {
    if (event.seq === single) rows.push(eventRow(event));
    else maker.add(event, rows);
  }
  return rows.rows;
}

/** Whether *row* counts *event*. */
export const isOf = (event: LedgerEvent, row: CountingRow): boolean =>
  row.kind === "count" ||
  (severityNumber(event.severity) < WARN &&
    Math.floor(millis(event.time) / 1000) === Math.floor(millis(row.time) / 1000));
