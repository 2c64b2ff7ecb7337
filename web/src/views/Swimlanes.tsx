// Tasks over time, a lane for each persona, with their events as marks.

import type { LedgerEvent, Task } from "../api/types";
import { clock, duration, millis } from "../format";
import { hueOfName } from "../state/catalogue";
import { change } from "../state/route";
import { TimeAxis } from "../ui/TimeAxis";
import { type Bar, lanesOf, type Span, spanOf } from "./lanes";

const LINE = 20;

interface Props {
  tasks: Task[];
  marks: LedgerEvent[];
  now: number;
  chosen: string;
}

export function Swimlanes({ tasks, marks, now, chosen }: Props) {
  const span = spanOf(tasks, now);
  const lanes = lanesOf(tasks, now);
  const byTask = new Map<string, LedgerEvent[]>();
  for (const event of marks) {
    const id = String(event.task_id);
    byTask.set(id, [...(byTask.get(id) ?? []), event]);
  }
  return (
    <section class="lanes" aria-label="Tasks over time, by persona">
      <div class="lane">
        <span class="lane-name" />
        <TimeAxis from={span.from} to={span.to} />
      </div>
      {lanes.map((lane) => (
        <div key={lane.name} class="lane">
          <span class="lane-name" title={lane.name}>{lane.name}</span>
          <div class="lane-bars" style={{ height: `${lane.lines * LINE + 8}px` }}>
            {lane.bars.map((bar) => (
              <BarView key={bar.task.task_id} bar={bar} span={span} isChosen={bar.task.task_id === chosen} marks={byTask.get(bar.task.task_id) ?? []} />
            ))}
          </div>
        </div>
      ))}
    </section>
  );
}

function BarView({ bar, span, isChosen, marks }: { bar: Bar; span: Span; isChosen: boolean; marks: LedgerEvent[] }) {
  const { task } = bar;
  const share = (at: number): number => ((at - span.from) / (span.to - span.from)) * 100;
  const width = share(bar.to) - share(bar.from);
  const what = `${task.name}, ${task.state}, ${duration(task.duration)}, began ${clock(task.started)}`;
  return (
    <>
      <button
        type="button"
        class={`bar task-${task.state}${isChosen ? " is-chosen" : ""}`}
        style={{ left: `${share(bar.from)}%`, width: `max(${width}%, 4px)`, top: `${bar.line * LINE + 4}px` }}
        aria-label={what}
        title={`${what}\n${task.task_id}`}
        onClick={() => change({ task: task.task_id })}
      >
        {width > 4 && <span class="bar-name">{task.name}</span>}
      </button>
      {marks.map((event) => (
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
