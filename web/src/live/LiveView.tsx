// The live view: what happens, as it happens, and back from there.

import { useEffect, useRef } from "preact/hooks";
import { explain } from "../state/access";
import { say } from "../state/notice";
import { change, parameter } from "../state/route";
import { isNarrow } from "../state/screen";
import { type ListHandle, VirtualList } from "../ui/VirtualList";
import { EmptyState } from "./EmptyState";
import { EventRow, rowId } from "./EventRow";
import { FilterBar } from "./FilterBar";
import { select, useLiveKeys } from "./keys";
import type { Row } from "./rows";
import { RateStrip } from "./RateStrip";
import { version } from "./drawing";
import { isUnreadable } from "./following";
import { hold, loadNewer, loadOlder, resume, showAround, showFrom } from "./holding";
import { filter, hasOlder, held, indexOf, isLoading, isPaused, shownRows } from "./store";
import { Toolbar } from "./Toolbar";

const ROW = 24;
const NARROW_ROW = 44;
// Rows that leave room on a screen, so that nobody can scroll to those before them.
const FEW = 50;

// Outlives the view, which is gone while another one is looked at.
const place = { top: 0 };

const sizeOf = (row: Row): number => (row.kind === "rollup" ? row.count : 1);

export function LiveView() {
  void version.value; // the rows are no signal: this says that they have changed
  const list = useRef<ListHandle>(null);
  const selected = Number(parameter("event")) || 0;
  const at = parameter("at");
  const rows = shownRows();
  const follows = held.value === null;

  useLiveKeys(list);

  // A link to an event shows the events around it.
  useEffect(() => {
    if (!selected || isLoading.value) return;
    const index = indexOf(selected);
    if (index >= 0) {
      hold();
      list.current?.reveal(index);
    } else {
      showAround(selected, () => Number(parameter("event")) === selected).then(
        (found) => found >= 0 && list.current?.center(found),
        (error: unknown) => say(explain(error)),
      );
    }
  }, [selected, isLoading.value]);

  // So does a link to a moment.
  useEffect(() => {
    if (!at || selected || isLoading.value) return;
    showFrom(at, () => parameter("at") === at && !parameter("event")).then(
      (found) => found >= 0 && list.current?.center(found),
      (error: unknown) => say(explain(error)),
    );
  }, [at, isLoading.value]);

  const fetchOlder = async (): Promise<void> => {
    const more = await loadOlder().catch((error: unknown) => (say(explain(error)), 0));
    if (more) list.current?.shift(more);
  };
  const reachEnd = (): void => {
    if (!held.value?.endsAtLast) void loadNewer().catch((error: unknown) => say(explain(error)));
    else if (!isPaused.value && !selected && !at) resume();
  };
  const isEmpty = rows.length === 0 && !isLoading.value;
  return (
    <div class="live">
      <FilterBar />
      <RateStrip onPick={(instant) => change({ at: instant, event: null })} />
      <Toolbar />
      {isEmpty && <EmptyState filter={filter.value} />}
      {!isEmpty && hasOlder.value && rows.length < FEW && !held.value?.startsAtFirst && (
        <button type="button" class="older" onClick={() => (hold(), void fetchOlder())}>
          Load older events
        </button>
      )}
      {!isEmpty && (
        <div class={`list-frame${isUnreadable.value ? " is-outdated" : isLoading.value ? " is-loading" : ""}`}>
          <VirtualList
            handle={list}
            place={place}
            count={rows.length}
            rowHeight={isNarrow.value ? NARROW_ROW : ROW}
            follows={follows}
            label="Events, the newest last"
            active={selected ? rowId(selected) : undefined}
            onLeaveEnd={hold}
            onReachEnd={reachEnd}
            onReachStart={() => void fetchOlder()}
            row={(index, slot, top) => {
              const row = rows[index];
              return (
                row && (
                  <EventRow
                    key={slot}
                    row={row}
                    top={top}
                    size={sizeOf(row)}
                    isSelected={row.seq === selected}
                    onSelect={select}
                  />
                )
              );
            }}
          />
        </div>
      )}
    </div>
  );
}
