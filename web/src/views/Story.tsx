// One task's story: what it did and what was done for it, in order, and how it ended.

import { getTask, getTrace } from "../api/client";
import type { LedgerEvent, Task, TaskStory } from "../api/types";
import { clock, count, counted, duration, exactMoment, moment, quantity } from "../format";
import { ERROR, severityNumber } from "../severity";
import { condition } from "../state/filter";
import { change, linkTo, parameter } from "../state/route";
import { type Compared, Comparison } from "../ui/Comparison";
import { EventList } from "../ui/EventList";
import { Answer } from "../ui/Page";
import { Stack } from "../ui/Stack";
import { usePolled } from "../ui/polled";
import { errorIn } from "../ui/text";
import { ValueView } from "../ui/ValueView";
import { fallRows } from "./fallRows";
import { isEventOf, isRepeated, storyOf } from "./taskRuns";
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

interface Told extends TaskStory {
  /** The run of this task before this one. */
  last: TaskStory | null;
}

/** The task with what its trace says of the tasks beneath it, and of all else that was traced. */
async function getStory(id: string, run: string, signal: AbortSignal): Promise<Told> {
  const story = await getTask(id, run, signal);
  const none = { events: [], spans: [] }; // without its trace a story is shorter, but told
  const trace = story.task.trace_id ? await getTrace(story.task.trace_id, signal).catch(() => none) : none;
  const beneath = trace.events.filter((event) => story.children.some((child) => isEventOf(event, child)));
  const events = new Map([...story.events, ...beneath].map((event) => [event.seq, event]));
  const before = (story.task.run ?? 1) - 1;
  return {
    ...story,
    events: [...events.values()].sort((a, b) => a.seq - b.seq),
    spans: trace.spans.length ? trace.spans : story.spans,
    last: before > 0 ? await getTask(id, String(before), signal).catch(() => null) : null, // no longer kept
  };
}

export function Story({ id, run }: { id: string; run: string }) {
  const answer = usePolled(`task-${id}-${run}`, (signal) => getStory(id, run, signal), EVERY);
  return (
    <div class="page story">
      {answer.problem && !answer.data && (
        <p>
          <a href={linkTo("tasks")}>All tasks</a>
        </p>
      )}
      <Answer of={answer}>{(story) => <Telling story={story} />}</Answer>
    </div>
  );
}

function Telling({ story }: { story: Told }) {
  const { task, ancestors, children, events, spans } = story;
  const rows = fallRows(task, [task, ...children], spans, events, Date.now());
  const beneath = children.reduce((sum, child) => sum + child.events, 0);
  const attributes = Object.entries(task.attributes).filter(([key]) => !SAID_ELSEWHERE.has(key));
  return (
    <>
      <header class="page-head">
        <nav class="crumbs" aria-label="Tasks above">
          <a
            href={linkTo("tasks")}
            onClick={(click) => (click.preventDefault(), change({ task: null, run: null, span: null, event: null }))}
          >
            Tasks
          </a>
          {ancestors.map((each) => (
            <a key={each.task_id} href={linkTo("tasks", storyOf(each))}>
              {each.name}
            </a>
          ))}
        </nav>
        <h1>
          {task.name} <StateBadge task={task} />
        </h1>
        <p class="faint">
          <span class="mono">{task.task_id}</span> · {exactMoment(task.started)} · took {duration(task.duration)}
          {task.persona && ` · ${task.persona}`} {task.session_id && ` · session ${task.session_id}`}{" "}
          {task.cycle !== null && task.cycle !== undefined && ` · cycle ${task.cycle}`} ·{" "}
          <a href={linkTo("live", { filter: condition("task_id", task.task_id) })}>its events live</a>
        </p>
        <Runs story={story} />
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
                  {typeof value === "number" && quantity(key, value) !== null ? (
                    <span class="value-double" title={`${value}`}>
                      {quantity(key, value)}
                    </span>
                  ) : (
                    <ValueView value={value as never} />
                  )}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      <RunComparison story={story} />
      <Errors events={events} />
      <section>
        <h2>
          {counted(task.events, "event")}
          {children.length > 0 && `, and ${count(beneath)} of ${counted(children.length, "task")} beneath`}
          {events.length < task.events + beneath && (
            <span class="faint"> · the first {count(events.length)} are shown</span>
          )}
        </h2>
        <EventList events={events} selected={Number(parameter("event"))} />
      </section>
    </>
  );
}

/** Another run of the same id. */
function Runs({ story }: { story: Told }) {
  const { task, runs = [] } = story;
  if (!isRepeated(task)) return null;
  return (
    <div class="controls">
      <label class="select">
        <span>This id was used {counted(task.runs ?? 1, "time")}</span>
        <select
          aria-label="Run"
          value={String(task.run)}
          onChange={(event) => change({ run: event.currentTarget.value, span: null, event: null })}
        >
          {runs.map((each) => (
            <option key={each.run} value={String(each.run)}>
              run {each.run}: {moment(each.started)},{" "}
              {each.state === "completed" ? duration(each.duration) : each.state}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

const numberIn = (task: Task, key: string): number | null => {
  const value = task.attributes[key];
  return typeof value === "number" ? value : null;
};

function RunComparison({ story }: { story: Told }) {
  const { task, children, last } = story;
  if (!last) return null;
  const keys = Object.keys(task.attributes).filter((key) => !SAID_ELSEWHERE.has(key) && numberIn(task, key) !== null);
  const lines: Compared[] = [
    { name: "took", one: task.duration, other: last.task.duration, kind: "seconds" },
    ...keys.map((key): Compared => ({
      name: key,
      one: numberIn(task, key),
      other: numberIn(last.task, key),
      kind: "number",
      isNeutral: true,
    })),
    { name: "tasks beneath", one: children.length, other: last.children.length, kind: "count", isNeutral: true },
    { name: "events", one: task.events, other: last.task.events, kind: "count", isNeutral: true },
    { name: "errors", one: task.errors, other: last.task.errors, kind: "count" },
  ];
  return (
    <section>
      <h2>
        Run {task.run} beside {last.task.run}
      </h2>
      <Comparison
        label="Comparison with the run before"
        heads={[`run ${task.run}`, `run ${last.task.run}`]}
        lines={lines}
      />
    </section>
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
        const type = attributes["exception.type"];
        const said = (type === undefined && errorIn(attributes)) || event.message;
        return (
          <details key={event.seq} class="occurrence" open>
            <summary>
              <span class="mono">{clock(event.time)}</span> <b class="bad">{String(type ?? event.event)}</b>{" "}
              {String(attributes["exception.message"] ?? said ?? "")}
            </summary>
            {typeof stack === "string" && <Stack text={stack} />}
          </details>
        );
      })}
    </section>
  );
}
