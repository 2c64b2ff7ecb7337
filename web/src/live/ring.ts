// The newest rows, never more than a fixed number of them, and never more than a fixed size of all their texts.

import type { Row } from "./rows";

interface Bounds {
  rows: number;
  /** Characters, as `weigh` reckons. */
  weight: number;
}

/** The longest end of *rows* within *bounds*, at least one row. */
export function newestWithin(rows: readonly Row[], bounds: Bounds): Row[] {
  let weight = 0;
  let first = rows.length;
  const least = Math.max(0, rows.length - bounds.rows);
  while (first > least) {
    weight += rows[first - 1]?.weight ?? 0;
    if (weight > bounds.weight && first < rows.length) break;
    first -= 1;
  }
  return rows.slice(first);
}

/** The longest beginning of *rows* within *bounds*, at least one row. */
export const oldestWithin = (rows: readonly Row[], bounds: Bounds): Row[] =>
  newestWithin([...rows].reverse(), bounds).reverse();

export class Ring {
  private kept: Row[] = [];
  private weight = 0;

  constructor(private readonly bounds: Bounds) {}

  get rows(): readonly Row[] {
    return this.kept;
  }

  push(row: Row): void {
    this.kept.push(row);
    this.weight += row.weight;
    // A tenth at a time: cutting one off the front for each that comes would move all of them each time.
    if (this.kept.length > this.bounds.rows * 1.1 || this.weight > this.bounds.weight * 1.1) this.replace(this.kept);
  }

  /** Put *into* in the place of the first of *rows*, which stand near the end, and take the others away. */
  fold(rows: readonly Row[], into: Row): void {
    const start = this.kept.lastIndexOf(rows[0] as Row);
    if (start < 0) {
      this.push(into); // the ring has dropped it since
      return;
    }
    const folded = new Set(rows);
    const rest = this.kept.slice(start).filter((row) => !folded.has(row));
    // Another array: who reads holds the one before.
    this.kept = [...this.kept.slice(0, start), into, ...rest];
    this.weight += into.weight - rows.reduce((sum, row) => sum + row.weight, 0);
  }

  replace(rows: readonly Row[]): void {
    this.kept = newestWithin(rows, this.bounds);
    this.weight = this.kept.reduce((sum, row) => sum + row.weight, 0);
  }
}
