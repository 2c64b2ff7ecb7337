// Tasks over time, a lane for each persona, with their events as marks. Dragging over a span of time shows it alone.

import type { LedgerEvent, Task } from "../api/types";
import { clock, duration, millis } from "../format";
import { hueOfName } from "../state/catalogue";
import { change } from "../state/route";
import { TimeAxis } from "../ui/TimeAxis";
import { type Bar, endOf, lanesOf, spanOf, type TimeSpan } from "./lanes";
import { isZoomed, useZoom, zoomed, zoomOut } from "./zoom";

const LINE = 20;
const WIDE_ENOUGH_FOR_NAME = 4; // per cent

interface Props {
  tasks: Task[];
  marks: LedgerEvent[];
  now: number;
}

function marksByTask(marks: LedgerEvent[]): Map<string, LedgerEvent[]> {
  const byTask = new Map<string, LedgerEvent[]>();
  for (const event of marks) {
    const id = String(event.task_id);
    byTask.set(id, [...(byTask.get(id) ?? []), event]);
  }
  return byTask;
}

export function Swimlanes({ tasks, marks, now }: Props) {
  const span = zoomed(spanOf(tasks, now));
  const zoom = useZoom(span);
  const lanes = lanesOf(
    tasks.filter((task) => millis(task.started) <= span.to && endOf(task, now) >= span.from),
    now,
  );
  const byTask = marksByTask(marks);
  const [from, to] = zoom.drag ?? [0, 0];
  return (
    <section class="lanes" aria-label="Tasks over time, by persona">
      <div class="lane-names">
        <span class="lane-corner">
          {isZoomed() && (
            <button type="button" class="tiny" onClick={zoomOut}>
              Whole time
            </button>
          )}
        </span>
        {lanes.map((lane) => (
          <span key={lane.name} class="lane-name" style={{ height: `${lane.lines * LINE + 9}px` }} title={lane.name}>
            {lane.name}
          </span>
        ))}
      </div>
      <div
        class="lane-field"
        title="Drag over a span of time to see it alone"
        onPointerDown={zoom.begin}
        onPointerMove={zoom.move}
        onPointerUp={zoom.end}
        onPointerLeave={zoom.end}
      >
        <TimeAxis from={span.from} to={span.to} />
        {lanes.map((lane) => (
          <div key={lane.name} class="lane-bars" style={{ height: `${lane.lines * LINE + 9}px` }}>
            {lane.bars.map((bar) => (
              <BarView key={bar.task.task_id} bar={bar} span={span} marks={byTask.get(bar.task.task_id) ?? []} />
            ))}
          </div>
        ))}
        {zoom.drag && (
          <i
            class="lane-drag"
            style={{ left: `${Math.min(from, to) * 100}%`, width: `${Math.abs(to - from) * 100}%` }}
          />
        )}
      </div>
    </section>
  );
}

function BarView({ bar, span, marks }: { bar: Bar; span: TimeSpan; marks: LedgerEvent[] }) {
  const { task } = bar;
  const share = (at: number): number =>
    ((Math.max(span.from, Math.min(span.to, at)) - span.from) / (span.to - span.from)) * 100;
  const width = share(bar.to) - share(bar.from);
  const what = `${task.name}, ${task.state}, ${duration(task.duration)}, began ${clock(task.started)}`;
  return (
    <>
      <button
        type="button"
        class={`bar task-${task.state}`}
        style={{
          left: `min(${share(bar.from)}%, 100% - 4px)`,
          width: `max(${width}%, 4px)`,
          top: `${bar.line * LINE + 4}px`,
        }}
        aria-label={what}
        title={`${what}\n${task.task_id}`}
        onClick={() => change({ task: task.task_id })}
      >
        {width > WIDE_ENOUGH_FOR_NAME && <span class="bar-name">{task.name}</span>}
      </button>
      {marks
        .filter((event) => millis(event.time) >= span.from && millis(event.time) <= span.to)
        .map((event) => (
          <i
            key={event.seq}
            class={`mark hue-${hueOfName(event.event)}`}
            style={{ left: `${share(millis(event.time))}%`, top: `${bar.line * LINE + 4}px` }}
            title={`${event.event} ${clock(event.time)}`}
          />
        ))}
    </>
  );
}
