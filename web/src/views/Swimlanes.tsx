// Tasks over time, a lane for each persona, with their events as marks. Dragging over a span of time shows it alone.

import type { LedgerEvent, Task } from "../api/types";
import { useRef } from "preact/hooks";
import { clock, counted, duration, millis } from "../format";
import { change } from "../state/route";
import { TimeAxis } from "../ui/TimeAxis";
import { type Bar, endOf, lanesOf, lastRunOf, spanOf, type TimeSpan } from "./lanes";
import { Marks, useWidth } from "./Marks";
import { isEventOf, runOf, storyOf } from "./taskRuns";
import { useZoom, zoomed, zoomOut } from "./zoom";

const LINE = 20;
const WIDE_ENOUGH_FOR_NAME = 0.04; // of the field
const WIDE_ENOUGH_FOR_MARKS = 14; // pixels; on less a mark would hide how the task ended

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
  const whole = spanOf(tasks, now);
  const usual = lastRunOf(tasks, now);
  const span = zoomed(whole, usual);
  const isWhole = span.from <= whole.from && span.to >= whole.to;
  const zoom = useZoom(span);
  const lanes = lanesOf(
    tasks.filter((task) => millis(task.started) <= span.to && endOf(task, now) >= span.from),
    now,
  );
  const byTask = marksByTask(marks);
  const [from, to] = zoom.drag ?? [0, 0];
  const field = useRef<HTMLDivElement>(null);
  const width = useWidth(field);
  return (
    <section class="lanes" aria-label="Tasks over time, by persona">
      <div class="lane-names">
        <span class="lane-corner">
          {!isWhole && (
            <button type="button" class="tiny" onClick={zoomOut}>
              Whole time
            </button>
          )}
          {isWhole && usual.from > whole.from && (
            <button type="button" class="tiny" onClick={() => change({ from: null, to: null })}>
              Last run
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
        ref={field}
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
              <BarView
                key={runOf(bar.task)}
                bar={bar}
                span={span}
                width={width}
                marks={byTask.get(bar.task.task_id) ?? []}
              />
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

function BarView({ bar, span, width, marks }: { bar: Bar; span: TimeSpan; width: number; marks: LedgerEvent[] }) {
  const { task } = bar;
  const open = (): void => change(storyOf(task));
  const share = (at: number): number =>
    (Math.max(span.from, Math.min(span.to, at)) - span.from) / (span.to - span.from);
  const place = { from: share(bar.from), to: share(bar.to) };
  const size = place.to - place.from;
  const what = `${task.name}, ${task.state}, ${duration(task.duration)}, began ${clock(task.started)}, ${counted(task.events, "event")}`;
  return (
    <>
      <button
        type="button"
        class={`bar task-${task.state}`}
        style={{
          left: `min(${place.from * 100}%, 100% - 4px)`,
          width: `max(${size * 100}%, 4px)`,
          top: `${bar.line * LINE + 4}px`,
        }}
        aria-label={what}
        title={`${what}\n${task.task_id}`}
        onClick={open}
      >
        {size > WIDE_ENOUGH_FOR_NAME && <span class="bar-name">{task.name}</span>}
      </button>
      {size * width > WIDE_ENOUGH_FOR_MARKS && (
        <Marks
          events={marks.filter((event) => isEventOf(event, task))}
          span={span}
          width={width}
          middle={bar.line * LINE + 12}
          within={place}
          isReached={false}
          onChoose={open}
        />
      )}
    </>
  );
}
