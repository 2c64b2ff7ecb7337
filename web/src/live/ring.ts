// The newest rows, never more than a fixed number of them.

import type { Row } from "./rows";

export class Ring {
  private kept: Row[] = [];

  constructor(private readonly capacity: number) {}

  get rows(): readonly Row[] {
    return this.kept;
  }

  push(row: Row): void {
    this.kept.push(row);
    // A tenth at a time: cutting one off the front for each that comes would move all of them each time.
    if (this.kept.length > this.capacity * 1.1) this.kept = this.kept.slice(-this.capacity);
  }

  replace(rows: Row[]): void {
    this.kept = rows.slice(-this.capacity);
  }
}
