// The keys of the live view.

import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { findEvents } from "../api/client";
import { explain } from "../state/access";
import { narrowed } from "../state/filter";
import { say } from "../state/notice";
import { change, parameter } from "../state/route";
import { onKeys } from "../ui/keyboard";
import type { ListHandle } from "../ui/VirtualList";
import { showEach } from "./EventRow";
import { isCounting, isError } from "./rows";
import { pause, resume } from "./holding";
import { filter, held, indexOf, shownRows } from "./store";
import { foldAgain } from "./unfolding";

type Select = (seq: number) => void;

function step(by: number, selected: number, select: Select): void {
  const rows = shownRows();
  const present = indexOf(selected);
  const next = present < 0 ? rows.length - 1 : present + by;
  const row = rows[Math.max(0, Math.min(rows.length - 1, next))];
  if (row) select(row.seq);
}

/** Select the next (1) or the previous (-1) error, in the list or beyond it. */
async function stepToError(by: 1 | -1, selected: number, select: Select): Promise<void> {
  const rows = shownRows();
  const present = indexOf(selected);
  for (
    let index = present < 0 ? (by > 0 ? 0 : rows.length - 1) : present + by;
    index >= 0 && index < rows.length;
    index += by
  ) {
    const row = rows[index];
    if (row && isError(row)) return select(row.seq);
  }
  const from = selected || (by > 0 ? (rows.at(-1)?.seq ?? 0) : (rows[0]?.seq ?? 0));
  const errors = narrowed(filter.peek(), "severity>=error");
  const page = await findEvents({
    filter: errors,
    limit: 1,
    ...(by > 0 ? { after: from, order: "oldest" } : { before: from, order: "newest" }),
  });
  const found = page.events[0];
  if (found) select(found.seq);
  else say(by > 0 ? "No later error" : "No earlier error");
}

/** Show each event that the selected row counts. */
function openSelected(selected: number): void {
  const row = shownRows()[indexOf(selected)];
  if (isCounting(row)) showEach(row);
}

/** Count again what the selected row is a part of. */
function closeSelected(selected: number, select: Select): void {
  const row = shownRows()[indexOf(selected)];
  if (row?.kind !== "event" || !row.of) return;
  foldAgain(row.of);
  select(row.of.seq);
}

/** Esc goes back a step at a time: the details, then the selection's hold on the list. */
function back(selected: number): void {
  if (selected) change({ event: null }, { replace: true });
  else if (held.peek()) resume();
}

export function useLiveKeys(list: RefObject<ListHandle | null>, selected: number, select: Select): void {
  // With the drawing and not after it: who sees a row selected goes on from that row.
  useLayoutEffect(() => {
    const page = list.current?.rowsInSight() ?? 20;
    const errors = (by: 1 | -1) => () =>
      void stepToError(by, selected, select).catch((error: unknown) => say(explain(error)));
    const togglePause = (): void => {
      if (held.peek()) resume();
      else pause();
    };
    return onKeys({
      j: () => step(1, selected, select),
      ArrowDown: () => step(1, selected, select),
      k: () => step(-1, selected, select),
      ArrowUp: () => step(-1, selected, select),
      ArrowRight: () => openSelected(selected),
      ArrowLeft: () => closeSelected(selected, select),
      PageDown: () => step(page, selected, select),
      PageUp: () => step(-page, selected, select),
      Enter: () => {
        const last = shownRows().at(-1);
        if (!parameter("event") && last) select(last.seq);
        else document.querySelector<HTMLElement>(".details button")?.focus();
      },
      Escape: () => back(selected),
      e: errors(1),
      E: errors(-1),
      " ": togglePause,
      G: resume,
    });
  });
}
