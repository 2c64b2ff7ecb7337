// One task's story: what it did and what was done for it, in order, and how it ended.

import { getTask, getTrace } from "../api/client";
import type { LedgerEvent, TaskStory } from "../api/types";
import { clock, counted, duration, exactMoment } from "../format";
import { ERROR, severityNumber } from "../severity";
import { condition } from "../state/filter";
import { change, linkTo, parameter } from "../state/route";
import { EventList } from "../ui/EventList";
import { Answer } from "../ui/Page";
import { Stack } from "../ui/Stack";
import { usePolled } from "../ui/polled";
import { ValueView } from "../ui/ValueView";
import { fallRows } from "./fallRows";
import { StateBadge } from "./TasksView";
import { Waterfall } from "./Waterfall";

const EVERY = 3000;
const SAID_ELSEWHERE = new Set([
  "task_name",
  "duration",
  "exception.stacktrace",
  "exception.type",
  "exception.message",
  "error.type",
]);

/** The task with what its trace says of the tasks beneath it, and of all else that was traced. */
async function getStory(id: string, signal: AbortSignal): Promise<TaskStory> {
  const story = await getTask(id, signal);
  const none = { events: [], spans: [] }; // without its trace a story is shorter, but told
  const trace = story.task.trace_id ? await getTrace(story.task.trace_id, signal).catch(() => none) : none;
  const ids = new Set([story.task, ...story.children].map((task) => task.task_id));
  const events = new Map([...story.events, ...trace.events].map((event) => [event.seq, event]));
  return {
    ...story,
    events: [...events.values()].filter((event) => ids.has(String(event.task_id))).sort((a, b) => a.seq - b.seq),
    spans: trace.spans.length ? trace.spans : story.spans,
  };
}

export function Story({ id }: { id: string }) {
  const answer = usePolled(`task-${id}`, (signal) => getStory(id, signal), EVERY);
  return (
    <div class="page story">
      <Answer of={answer}>{(story) => <Told story={story} />}</Answer>
    </div>
  );
}

function Told({ story }: { story: TaskStory }) {
  const { task, ancestors, children, events, spans } = story;
  const rows = fallRows(task, [task, ...children], spans, events, Date.now());
  const attributes = Object.entries(task.attributes).filter(([key]) => !SAID_ELSEWHERE.has(key));
  return (
    <>
      <header class="page-head">
        <nav class="crumbs" aria-label="Tasks above">
          <a href={linkTo("tasks")} onClick={(click) => (click.preventDefault(), change({ task: null, event: null }))}>
            Tasks
          </a>
          {ancestors.map((each) => (
            <a key={each.task_id} href={linkTo("tasks", { task: each.task_id })}>
              {each.name}
            </a>
          ))}
        </nav>
        <h1>
          {task.name} <StateBadge state={task.state} />
        </h1>
        <p class="faint">
          <span class="mono">{task.task_id}</span> · {exactMoment(task.started)} · took {duration(task.duration)}
          {task.persona && ` · ${task.persona}`} {task.session_id && ` · session ${task.session_id}`}{" "}
          {task.cycle !== null && task.cycle !== undefined && ` · cycle ${task.cycle}`} ·{" "}
          <a href={linkTo("live", { filter: condition("task_id", task.task_id) })}>its events live</a>
        </p>
      </header>
      <Waterfall rows={rows} />
      {attributes.length > 0 && (
        <section>
          <h2>What came of it</h2>
          <dl class="facts">
            {attributes.map(([key, value]) => (
              <div key={key}>
                <dt>{key}</dt>
                <dd>
                  <ValueView value={value as never} />
                </dd>
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

function Errors({ events }: { events: LedgerEvent[] }) {
  const failed = events.filter(
    (event) => severityNumber(event.severity) >= ERROR || event.attributes?.["exception.type"] !== undefined,
  );
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
              <span class="mono">{clock(event.time)}</span>{" "}
              <b class="bad">{String(attributes["exception.type"] ?? event.event)}</b>{" "}
              {String(attributes["exception.message"] ?? event.message ?? "")}
            </summary>
            {typeof stack === "string" && <Stack text={stack} />}
          </details>
        );
      })}
    </section>
  );
}
