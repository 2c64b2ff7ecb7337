// What happened within a task, over time.

import { useRef } from "preact/hooks";
import type { LedgerEvent } from "../api/types";
import { duration } from "../format";
import { change, linkTo, parameter } from "../state/route";
import { TimeAxis } from "../ui/TimeAxis";
import { extentOf, type FallRow } from "./fallRows";
import type { TimeSpan } from "./lanes";
import { Marks, useWidth } from "./Marks";
import { SpanDetails } from "./SpanDetails";
import { storyOf } from "./taskRuns";

const MIDDLE = 10;

export function Waterfall({ rows }: { rows: FallRow[] }) {
  const extent = extentOf(rows);
  const track = useRef<HTMLDivElement>(null);
  const width = useWidth(track);
  const open = parameter("span");
  return (
    <section class="waterfall" aria-label="Waterfall">
      <div class="fall">
        <span class="fall-name" />
        <div ref={track}>
          <TimeAxis from={extent.from} to={extent.to} isRelative />
        </div>
        <span class="fall-took" />
      </div>
      {rows.map((row, index) => [
        <Fall key={row.id} row={row} isRoot={index === 0} extent={extent} width={width} isOpen={open === row.id} />,
        open === row.id && row.span && <SpanDetails key={`${row.id}-details`} span={row.span} />,
      ])}
    </section>
  );
}

/** Seconds: what the task says of itself, else from its first event to its last. */
const tookOf = (row: FallRow): number => row.task?.duration ?? (row.to - row.from) / 1000;

interface FallProps {
  row: FallRow;
  isRoot: boolean;
  isOpen: boolean;
  extent: TimeSpan;
  width: number;
}

function Fall({ row, isRoot, isOpen, extent, width }: FallProps) {
  const share = (at: number): number => ((at - extent.from) / (extent.to - extent.from)) * 100;
  const start = share(row.from);
  const kind = row.task ? `task-${row.task.state}` : row.isFailed ? "span is-failed" : "span";
  const toggle = (): void => change({ span: isOpen ? null : row.id }, { replace: true });
  // What happened inside a span that is no event of its own stands in the span's details.
  const choose = (event: LedgerEvent): void => (event.seq ? change({ event: String(event.seq) }) : toggle());
  return (
    <div class="fall">
      <FallName row={row} isRoot={isRoot} isOpen={isOpen} onToggle={toggle} />
      <div class="fall-track">
        <i class={`bar ${kind}`} style={{ left: `${start}%`, width: `max(${share(row.to) - start}%, 3px)` }} />
        <Marks events={row.events} span={extent} width={width} middle={MIDDLE} onChoose={choose} />
      </div>
      <span class="fall-took">{row.task && !row.task.ended ? row.task.state : duration(tookOf(row))}</span>
    </div>
  );
}

function FallName({ row, isRoot, isOpen, onToggle }: Omit<FallProps, "extent" | "width"> & { onToggle(): void }) {
  const links = row.span?.links?.length ?? 0;
  const indent = { paddingLeft: `${row.depth * 14 + 4}px` };
  if (row.task && !isRoot)
    return (
      <a class="fall-name" style={indent} href={linkTo("tasks", storyOf(row.task))} title={row.task.task_id}>
        {row.name}
      </a>
    );
  return (
    <span class={`fall-name${row.task ? "" : " faint"}`} style={indent} title={`span ${row.id}`}>
      {row.span ? (
        <button type="button" class="plain" aria-expanded={isOpen} onClick={onToggle}>
          {row.name}
        </button>
      ) : (
        row.name
      )}
      {links > 0 && ` ⇢ ${links}`}
    </span>
  );
}
