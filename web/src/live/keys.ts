// The keys of the live view.

import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { findEvents } from "../api/client";
import { explain } from "../state/access";
import { narrowed } from "../state/filter";
import { say } from "../state/notice";
import { change, parameter, route } from "../state/route";
import { onKeys } from "../ui/keyboard";
import type { ListHandle } from "../ui/VirtualList";
import { showEach } from "./EventRow";
import { isCounting, isError } from "./rows";
import { hold, pause, resume } from "./holding";
import { filter, held, indexOf, isLoading, shownRows } from "./store";
import { foldAgain } from "./unfolding";

/** The event that is selected, by the address at the moment: a key goes on from what the one before has done. */
const selection = (): number => Number(parameter("event")) || 0;

export function select(seq: number): void {
  hold();
  change({ event: String(seq) }, { replace: true });
}

function step(by: number): void {
  const rows = shownRows();
  const present = indexOf(selection());
  const next = present < 0 ? rows.length - 1 : present + by;
  const row = rows[Math.max(0, Math.min(rows.length - 1, next))];
  if (row) select(row.seq);
}

/** Select the next (1) or the previous (-1) error, in the list or beyond it, if that is still wanted once it is found. */
async function stepToError(by: 1 | -1, signal: AbortSignal): Promise<void> {
  const rows = shownRows();
  const selected = selection();
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
  const asked = route.peek();
  const page = await findEvents(
    { filter: errors, limit: 1, ...(by > 0 ? { after: from, order: "oldest" } : { before: from, order: "newest" }) },
    signal,
  );
  if (route.peek() !== asked) return; // somebody went elsewhere meanwhile
  const found = page.events[0];
  if (found) select(found.seq);
  else say(by > 0 ? "No later error" : "No earlier error");
}

const toError =
  (by: 1 | -1): Action =>
  (signal) =>
    stepToError(by, signal).catch((error: unknown) => signal.aborted || say(explain(error)));

/** Show each event that the selected row counts. */
function openSelected(): void {
  const row = shownRows()[indexOf(selection())];
  if (isCounting(row)) showEach(row);
}

/** Count again what the selected row is a part of. */
function closeSelected(): void {
  const row = shownRows()[indexOf(selection())];
  if (row?.kind !== "event" || !row.of) return;
  foldAgain(row.of);
  select(row.of.seq);
}

function openDetails(): void {
  const last = shownRows().at(-1);
  if (!selection() && last) select(last.seq);
  else document.querySelector<HTMLElement>(".details button")?.focus();
}

/** Esc goes back a step at a time: the details, then the selection's hold on the list. */
function back(): void {
  if (selection()) change({ event: null }, { replace: true });
  else if (held.peek()) resume();
}

function togglePause(): void {
  if (held.peek()) resume();
  else pause();
}

/** What a key does; what takes a while ends without effect once its signal says so. */
type Action = (signal: AbortSignal) => unknown;

/** Keys that go by the rows wait, in their order, for the rows that the filter asks for, and for what the key before looks for. */
class RowKeys {
  private waiting: Action[] = [];
  private looking: AbortController | null = null;
  private readonly unsubscribe = isLoading.subscribe(() => this.next());

  key = (action: Action) => (): void => {
    this.waiting.push(action);
    this.next();
  };

  /** What is meant for the list as a whole is done at once, and what waits is not wanted any more. */
  instead = (action: () => void) => (): void => {
    this.forget();
    action();
  };

  end = (): void => {
    this.unsubscribe();
    this.forget();
  };

  private forget(): void {
    this.waiting = [];
    this.looking?.abort();
    this.looking = null;
  }

  private next(): void {
    while (!isLoading.peek() && !this.looking) {
      const action = this.waiting.shift();
      if (!action) return;
      const looking = new AbortController();
      const end = action(looking.signal);
      if (end instanceof Promise) this.wait(looking, end);
    }
  }

  private wait(looking: AbortController, end: Promise<unknown>): void {
    this.looking = looking;
    void end.finally(() => {
      if (this.looking !== looking) return;
      this.looking = null;
      this.next();
    });
  }
}

export function useLiveKeys(list: RefObject<ListHandle | null>): void {
  useLayoutEffect(() => {
    const page = (): number => list.current?.rowsInSight() ?? 20;
    const rows = new RowKeys();
    const unbind = onKeys({
      j: rows.key(() => step(1)),
      ArrowDown: rows.key(() => step(1)),
      k: rows.key(() => step(-1)),
      ArrowUp: rows.key(() => step(-1)),
      ArrowRight: rows.key(openSelected),
      ArrowLeft: rows.key(closeSelected),
      PageDown: rows.key(() => step(page())),
      PageUp: rows.key(() => step(-page())),
      Enter: rows.key(openDetails),
      Escape: rows.instead(back),
      e: rows.key(toError(1)),
      E: rows.key(toError(-1)),
      " ": rows.instead(togglePause),
      G: rows.instead(resume),
    });
    return () => (unbind(), rows.end());
  }, []);
}
