// One row of the live list.

import { clock, count, counted } from "../format";
import { level } from "../severity";
import { explain } from "../state/access";
import { hueOfName } from "../state/catalogue";
import { say } from "../state/notice";
import { isNarrow } from "../state/screen";
import { Chips } from "../ui/Chips";
import { lineOf, valueText } from "../ui/text";
import type { CountingRow, CountRow, EventRow as EventRowData, GapRow, RollupRow, Row, Summary } from "./rows";
import { isOfSeveral } from "./loading";
import { fillGap, foldAgain, unfold } from "./unfolding";

interface Props {
  row: Row;
  /** Where it stands in the list, in pixels. */
  top: number;
  /** Of a row that counts: it grows, and the row has to be drawn again. */
  size: number;
  isSelected: boolean;
  /** Always the same function: a row of which nothing has changed is not drawn again. */
  onSelect(seq: number): void;
}

/** Show each event of a counted row, and say so where that cannot be done. */
export function showEach(row: CountingRow): void {
  unfold(row).then(
    (shown) =>
      shown < row.count && say(shown ? `The first ${count(shown)} of ${count(row.count)}` : "None is kept any more"),
    (error: unknown) => say(explain(error)),
  );
}

export const rowId = (seq: number): string => `row-${seq}`;

export function EventRow({ row, top, size, isSelected, onSelect }: Props) {
  const isEvent = row.kind === "event" || row.kind === "rollup";
  return (
    <div
      id={rowId(row.seq)}
      class={classOf(row)}
      style={{ top: `${top}px` }}
      role="option"
      aria-selected={isSelected}
      onClick={isEvent ? () => onSelect(row.seq) : undefined}
    >
      {row.kind === "event" && <Single row={row} />}
      {row.kind === "rollup" && <Rollup row={row} size={size} />}
      {row.kind === "count" && <Counted row={row} />}
      {row.kind === "gap" && <Gap row={row} />}
    </div>
  );
}

function classOf(row: Row): string {
  if (row.kind === "gap") return "row row-gap";
  if (row.kind === "count") return "row row-rollup";
  const kind = row.kind === "rollup" ? " row-rollup" : row.of ? " row-part" : "";
  return `row${kind} level-${level(row.event.severity)}`;
}

const shownTime = (instant: string): string => (isNarrow.value ? clock(instant).slice(0, 8) : clock(instant));

function Single({ row }: { row: EventRowData }) {
  const event = row.event;
  const line = lineOf(event);
  return (
    <>
      <span class="row-time">{shownTime(event.time)}</span>
      <span class={`row-severity is-${level(event.severity)}`}>{event.severity}</span>
      <span class={`row-name hue-${hueOfName(event.event)}`}>{event.event || "(log)"}</span>
      <span class={`row-message is-${level(event.severity)}${row.of ? " is-part" : ""}`}>
        {row.of?.seq === row.seq && <Fold row={row.of} />}
        {line.message && <span>{line.message}</span>}
        <span class="row-details">{line.details}</span>
      </span>
      <Chips of={event} hasService={isOfSeveral.value} />
    </>
  );
}

function Rollup({ row, size }: { row: RollupRow; size: number }) {
  return (
    <>
      <span class="row-time">{shownTime(row.time)}</span>
      <span class={`row-severity is-${level(row.event.severity)}`}>{row.event.severity}</span>
      <span class={`row-name hue-${hueOfName(row.name)}`}>{row.name}</span>
      <span class="row-message">
        <Unfold row={row} size={size} />
        {row.message && <span>{row.message}</span>}
        <span class="row-details">{row.numbers.map(summed).join(" · ")}</span>
      </span>
      <Chips of={row.shared} hasService={isOfSeveral.value} />
    </>
  );
}

function summed({ key, count: values, sum, least, most }: Summary): string {
  const mean = valueText(key, sum / values);
  return least === most
    ? `${key}=${mean}`
    : `mean ${key}=${mean} (${valueText(key, least)} to ${valueText(key, most)})`;
}

function Counted({ row }: { row: CountRow }) {
  return (
    <>
      <span class="row-time" />
      <span class="row-severity">INFO</span>
      <span class={`row-name hue-${hueOfName(row.name)}`}>{row.name}</span>
      <span class="row-message">
        <Unfold row={row} size={row.count} /> counted by the server, not sent one by one
      </span>
      <span />
    </>
  );
}

/** How many a row counts; pressed, it shows each of them. */
function Unfold({ row, size }: { row: CountingRow; size: number }) {
  return (
    <button
      type="button"
      class="row-count"
      aria-label={`Show each of ${counted(size, "event")}`}
      title="Show each (→)"
      onClick={(event) => (event.stopPropagation(), showEach(row))}
    >
      ×{count(size)}
    </button>
  );
}

function Fold({ row }: { row: CountingRow }) {
  return (
    <button
      type="button"
      class="row-count is-open"
      aria-label={`Count these ${counted(row.count, "event")} in one row`}
      title="Count them in one row (←)"
      onClick={(event) => (event.stopPropagation(), foldAgain(row))}
    >
      ×{count(row.count)}
    </button>
  );
}

function Gap({ row }: { row: GapRow }) {
  const fill = (): void => {
    fillGap(row).catch((error: unknown) => say(explain(error)));
  };
  return (
    <span class="row-gap-text">
      {counted(row.dropped, "event")} not sent, because this page could not follow.{" "}
      <button type="button" class="link" onClick={fill}>
        Load them
      </button>
    </span>
  );
}
