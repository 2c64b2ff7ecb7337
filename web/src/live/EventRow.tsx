// One row of the live list.

import { clock, count, counted } from "../format";
import { level } from "../severity";
import { hueOfName } from "../state/catalogue";
import { isNarrow } from "../state/screen";
import { Chips } from "../ui/Chips";
import { lineOf } from "../ui/text";
import { fillGap, problem } from "./store";
import type { CountRow, GapRow, Row } from "./rows";

interface Props {
  row: Row;
  /** Of a row that counts: it grows, and the row has to be drawn again. */
  size: number;
  isSelected: boolean;
  /** Always the same function: a row of which nothing has changed is not drawn again. */
  onSelect(seq: number): void;
}

export const rowId = (seq: number): string => `row-${seq}`;

export function EventRow({ row, size, isSelected, onSelect }: Props) {
  if (row.kind === "gap") return <Gap row={row} />;
  if (row.kind === "count") return <Counted row={row} />;
  const event = row.event;
  const line = lineOf(event);
  const isRollup = row.kind === "rollup";
  const time = clock(isRollup ? row.time : event.time);
  return (
    <div
      id={rowId(row.seq)}
      class={`row level-${level(event.severity)}${isRollup ? " row-rollup" : ""}`}
      role="option"
      aria-selected={isSelected}
      onClick={() => onSelect(row.seq)}
    >
      <span class="row-time">{isNarrow.value ? time.slice(0, 8) : time}</span>
      <span class="row-severity">{event.severity}</span>
      <span class={`row-name hue-${hueOfName(event.event)}`}>{event.event || "(log)"}</span>
      <span class="row-message">
        {isRollup && <span class="row-count">×{count(size)}</span>}
        {line.message && <span>{line.message}</span>}
        <span class="row-details">{line.details}</span>
      </span>
      <Chips event={event} />
    </div>
  );
}

function Counted({ row }: { row: CountRow }) {
  return (
    <div id={rowId(row.seq)} class="row row-rollup" role="option" aria-selected={false}>
      <span class="row-time" />
      <span class="row-severity">INFO</span>
      <span class={`row-name hue-${hueOfName(row.name)}`}>{row.name}</span>
      <span class="row-message">
        <span class="row-count">×{count(row.count)}</span> counted by the server, not sent one by one
      </span>
      <span />
    </div>
  );
}

function Gap({ row }: { row: GapRow }) {
  const fill = (): void => {
    fillGap(row).catch((error: unknown) => {
      problem.value = { text: String(error), column: null };
    });
  };
  return (
    <div id={rowId(row.seq)} class="row row-gap" role="option" aria-selected={false}>
      <span class="row-gap-text">
        {counted(row.dropped, "event")} not sent, because this page could not follow.{" "}
        <button type="button" class="link" onClick={fill}>
          Load them
        </button>
      </span>
    </div>
  );
}
