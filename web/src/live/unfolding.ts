// Each event in the place of a row that stands for several.

import { condition, narrowed } from "../state/filter";
import { announce } from "./drawing";
import { hold } from "./holding";
import { eventsOf, loadedRows } from "./loading";
import { isOf } from "./rollup";
import { type CountingRow, type EventRow, eventRow, type GapRow, type Row } from "./rows";
import { filter, HELD, held, notSent, ring } from "./store";

const MOST_UNFOLDED = 5000;

function replaceHeld(put: (rows: readonly Row[]) => readonly Row[]): void {
  const present = held.peek();
  if (present) held.value = { ...present, rows: put(present.rows) };
  announce();
}

/** Ask for what a gap left out, and put it in its place, if it still has one. */
export async function fillGap(gap: GapRow): Promise<void> {
  const filled = loadedRows(await eventsOf(gap, filter.peek(), HELD.rows));
  if (!ring.rows.includes(gap) && !held.peek()?.rows.includes(gap)) return;
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
