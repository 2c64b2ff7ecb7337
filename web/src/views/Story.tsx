// One task's story: what it did and what was done for it, in order, and how it ended.

import { getTask } from "../api/client";
import type { LedgerEvent, Task, TaskStory } from "../api/types";
import { clock, counted, duration, exactMoment, millis } from "../format";
import { ERROR, severityNumber } from "../severity";
import { hueOfName } from "../state/catalogue";
import { condition } from "../state/filter";
import { change, linkTo, parameter } from "../state/route";
import { EventList } from "../ui/EventList";
import { Answer } from "../ui/Page";
import { Stack } from "../ui/Stack";
import { TimeAxis } from "../ui/TimeAxis";
import { usePolled } from "../ui/polled";
import { ValueView } from "../ui/ValueView";
import { endOf, type Span, spanOf } from "./lanes";
import { StateBadge } from "./TasksView";

const EVERY = 3000;
const SAID_ELSEWHERE = new Set(["task_name", "duration", "exception.stacktrace", "exception.type", "exception.message", "error.type"]);

export function Story({ id }: { id: string }) {
  const answer = usePolled(`task-${id}`, (signal) => getTask(id, signal), EVERY);
  return (
    <div class="page story">
      <Answer of={answer}>{(story) => <Told story={story} />}</Answer>
    </div>
  );
}

function Told({ story }: { story: TaskStory }) {
  const { task, ancestors, children, events } = story;
  const tasks = inTreeOrder([task, ...children]);
  const attributes = Object.entries(task.attributes).filter(([key]) => !SAID_ELSEWHERE.has(key));
  return (
    <>
      <header class="page-head">
        <nav class="crumbs" aria-label="Tasks above">
          <a href={linkTo("tasks")} onClick={(click) => (click.preventDefault(), change({ task: null, event: null }))}>Tasks</a>
          {ancestors.map((each) => (
            <a key={each.task_id} href={linkTo("tasks", { task: each.task_id })}>{each.name}</a>
          ))}
        </nav>
        <h1>
          {task.name} <StateBadge state={task.state} />
        </h1>
        <p class="faint">
          <span class="mono">{task.task_id}</span> · {exactMoment(task.started)} · took {duration(task.duration)}
          {task.persona && ` · ${task.persona}`} {task.session_id && ` · session ${task.session_id}`} {task.cycle !== null && task.cycle !== undefined && ` · cycle ${task.cycle}`} ·{" "}
          <a href={linkTo("live", { filter: condition("task_id", task.task_id) })}>its events live</a>
        </p>
      </header>
      <Waterfall tasks={tasks} events={events} />
      {attributes.length > 0 && (
        <section>
          <h2>What came of it</h2>
          <dl class="facts">
            {attributes.map(([key, value]) => (
              <div key={key}>
                <dt>{key}</dt>
                <dd><ValueView value={value as never} /></dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      <Errors events={events} />
      <section>
        <h2>{counted(events.length, "event")}</h2>
        <EventList events={events} selected={Number(parameter("event"))} />
      </section>
    </>
  );
}

/** Parents before their children, those in the order in which they began. */
function inTreeOrder(tasks: Task[]): { task: Task; depth: number }[] {
  const ids = new Set(tasks.map((task) => task.task_id));
  const below = new Map<string, Task[]>();
  for (const task of tasks) {
    const parent = task.parent_task_id && ids.has(task.parent_task_id) ? task.parent_task_id : "";
    below.set(parent, [...(below.get(parent) ?? []), task]);
  }
  const walk = (parent: string, depth: number): { task: Task; depth: number }[] =>
    (depth > 50 ? [] : (below.get(parent) ?? []))
      .sort((a, b) => millis(a.started) - millis(b.started))
      .flatMap((task) => [{ task, depth }, ...walk(task.task_id, depth + 1)]);
  return walk("", 0);
}

function Waterfall({ tasks, events }: { tasks: { task: Task; depth: number }[]; events: LedgerEvent[] }) {
  const now = Date.now();
  const span = spanOf(tasks.map(({ task }) => task), now);
  return (
    <section class="waterfall" aria-label="Waterfall">
      <div class="fall">
        <span class="fall-name" />
        <TimeAxis from={span.from} to={span.to} isRelative />
        <span class="fall-took" />
      </div>
      {tasks.map(({ task, depth }) => (
        <Fall key={task.task_id} task={task} depth={depth} span={span} now={now} events={events.filter((event) => event.task_id === task.task_id)} />
      ))}
    </section>
  );
}

function Fall({ task, depth, span, now, events }: { task: Task; depth: number; span: Span; now: number; events: LedgerEvent[] }) {
  const share = (at: number): number => ((at - span.from) / (span.to - span.from)) * 100;
  const start = share(millis(task.started));
  return (
    <div class="fall">
      <a class="fall-name" style={{ paddingLeft: `${depth * 14 + 4}px` }} href={linkTo("tasks", { task: task.task_id })} title={task.task_id}>{task.name}</a>
      <div class="fall-track">
        <i class={`bar task-${task.state}`} style={{ left: `${start}%`, width: `max(${share(endOf(task, now)) - start}%, 3px)` }} />
        {events
          .filter((event) => !event.event.startsWith("task."))
          .map((event) => (
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
      <span class="fall-took">{task.ended ? duration(task.duration) : task.state}</span>
    </div>
  );
}

function Errors({ events }: { events: LedgerEvent[] }) {
  const failed = events.filter((event) => severityNumber(event.severity) >= ERROR || event.attributes?.["exception.type"] !== undefined);
  if (failed.length === 0) return null;
  return (
    <section>
      <h2>{counted(failed.length, "error")}</h2>
      {failed.map((event) => {
        const attributes = event.attributes ?? {};
        const stack = attributes["exception.stacktrace"];
        return (
          <details key={event.seq} class="occurrence" open>
            <summary>
              <span class="mono">{clock(event.time)}</span> <b class="bad">{String(attributes["exception.type"] ?? event.event)}</b>{" "}
              {String(attributes["exception.message"] ?? event.message ?? "")}
            </summary>
            {typeof stack === "string" && <Stack text={stack} />}
          </details>
        );
      })}
    </section>
  );
}
