// What happened within a task, over time.

import { clock, duration, millis } from "../format";
import { hueOfName } from "../state/catalogue";
import { change, linkTo } from "../state/route";
import { TimeAxis } from "../ui/TimeAxis";
import { extentOf, type FallRow } from "./fallRows";
import type { TimeSpan } from "./lanes";

export function Waterfall({ rows }: { rows: FallRow[] }) {
  const extent = extentOf(rows);
  return (
    <section class="waterfall" aria-label="Waterfall">
      <div class="fall">
        <span class="fall-name" />
        <TimeAxis from={extent.from} to={extent.to} isRelative />
        <span class="fall-took" />
      </div>
      {rows.map((row) => (
        <Fall key={row.id} row={row} extent={extent} />
      ))}
    </section>
  );
}

/** Seconds: what the task says of itself, else from its first event to its last. */
const tookOf = (row: FallRow): number => row.task?.duration ?? (row.to - row.from) / 1000;

function Fall({ row, extent }: { row: FallRow; extent: TimeSpan }) {
  const share = (at: number): number => ((at - extent.from) / (extent.to - extent.from)) * 100;
  const start = share(row.from);
  const indent = { paddingLeft: `${row.depth * 14 + 4}px` };
  const kind = row.task ? `task-${row.task.state}` : row.isFailed ? "span is-failed" : "span";
  return (
    <div class="fall">
      {row.task ? (
        <a class="fall-name" style={indent} href={linkTo("tasks", { task: row.task.task_id })} title={row.task.task_id}>
          {row.name}
        </a>
      ) : (
        <span class="fall-name faint" style={indent} title={`span ${row.id}`}>
          {row.name}
        </span>
      )}
      <div class="fall-track">
        <i class={`bar ${kind}`} style={{ left: `${start}%`, width: `max(${share(row.to) - start}%, 3px)` }} />
        {row.events.map((event) => (
          <button
            key={event.seq}
            type="button"
            class={`mark hue-${hueOfName(event.event)}`}
            style={{ left: `${share(millis(event.time))}%` }}
            title={`${event.event} ${clock(event.time)}`}
            aria-label={`${event.event} at ${clock(event.time)}`}
            onClick={() => change({ event: String(event.seq) })}
          />
        ))}
      </div>
      <span class="fall-took">{row.task && !row.task.ended ? row.task.state : duration(tookOf(row))}</span>
    </div>
  );
}
