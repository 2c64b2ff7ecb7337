// The events that stand as marks on the bars of tasks: the newest of them, of which each is asked for once.

import { getEvents } from "../api/client";
import type { LedgerEvent } from "../api/types";

// What a bar shows by itself is no mark on it.
const FILTER = "task_id=*, -task.*";
const PAGE = 1000;
export const MOST_MARKS = 5000;

let known: LedgerEvent[] = []; // the oldest first

/** What came since the last time, and all that was known before. */
export async function getMarks(signal: AbortSignal): Promise<LedgerEvent[]> {
  const newest = known.at(-1)?.seq ?? 0;
  const fresh: LedgerEvent[] = [];
  let before: number | null = null;
  do {
    const page = await getEvents(
      { filter: FILTER, after: newest, limit: PAGE, order: "newest", ...(before === null ? {} : { before }) },
      signal,
    );
    fresh.push(...page.events);
    before = page.next;
  } while (before !== null && fresh.length < MOST_MARKS);
  if (fresh.length > 0) known = [...known, ...fresh.reverse()].slice(-MOST_MARKS);
  return known;
}
