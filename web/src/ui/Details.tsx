// The selected event: what it says, typed, and what happened around it in the same task.

import { getEvents, getEventText } from "../api/client";
import { CORRELATION, type LedgerEvent } from "../api/types";
import { ago, exactMoment, quantity } from "../format";
import { level } from "../severity";
import { hueOfName } from "../state/catalogue";
import { condition, narrowed, without } from "../state/filter";
import { copy } from "../state/notice";
import { change, go, linkTo, parameter, view } from "../state/route";
import { taskName } from "../state/taskNames";
import { EventList } from "./EventList";
import { asText, Exact, isMapping, parseExactly, untagged, type Value } from "./exact";
import { usePolled } from "./polled";
import { Stack } from "./Stack";
import { errorOf } from "./text";
import { ValueView } from "./ValueView";

type Fields = { [key: string]: Value };

const OTHERS = [
  "service",
  "trace_id",
  "span_id",
  "uid",
  "observed",
  "given_name",
  "severity_text",
  "scope",
  "origin",
  "dropped_attributes",
];
const STACK = "exception.stacktrace";
const NEIGHBOURS = 6;
const FILTERABLE = /^[\w.-]+$/;

export const close = (): void => change({ event: null });

export function Details({ seq }: { seq: number }) {
  const { data, problem } = usePolled(`event-${seq}`, (signal) => getEventText(seq, signal));
  const fields = data === null ? null : parseExactly(data);
  return (
    <aside class="details" aria-label="Selected event">
      {problem && <p class="problem">{problem}</p>}
      {isMapping(fields ?? undefined) && data !== null && <Event seq={seq} text={data} fields={fields as Fields} />}
      {!fields && !problem && <p class="faint pad">Loading event {seq} …</p>}
      <button
        type="button"
        class="icon-button details-close"
        aria-label="Close the details"
        title="Close (Esc)"
        onClick={close}
      >
        ×
      </button>
    </aside>
  );
}

function Event({ seq, text, fields }: { seq: number; text: string; fields: Fields }) {
  const event = JSON.parse(text) as LedgerEvent;
  const attributes = isMapping(fields.attributes) ? fields.attributes : {};
  const stack = attributes[STACK];
  const own = Object.entries(attributes).filter(([key]) => key !== STACK);
  const correlated = CORRELATION.flatMap((key): [string, Value][] =>
    fields[key] === undefined ? [] : [[key, fields[key]]],
  );
  const others = OTHERS.flatMap((key): [string, Value][] => (fields[key] === undefined ? [] : [[key, fields[key]]]));
  return (
    <>
      <header class={`details-head level-${level(event.severity)}`}>
        <h2 class={`hue-${hueOfName(event.event)}`}>{event.event || "(log record)"}</h2>
        <p class="details-when">
          <span class="row-severity">{event.severity}</span>{" "}
          <time dateTime={event.time}>{exactMoment(event.time)}</time>
          <span class="faint">
            {" "}
            · {ago(event.time)} · #{seq}
          </span>
        </p>
        {event.message !== null && (
          <div class="details-message">
            <ValueView value={fields.message ?? null} />
          </div>
        )}
        {errorOf(event) && <p class="details-error">{errorOf(event)}</p>}
        <Actions event={event} text={text} />
      </header>
      {typeof stack === "string" && <Stack text={stack} />}
      <Pairs title="Attributes" pairs={own} />
      <Pairs title="Belongs to" pairs={correlated} />
      <Pairs title="Record" pairs={others} />
      {event.task_id !== undefined && <Neighbours event={event} />}
    </>
  );
}

function Actions({ event, text }: { event: LedgerEvent; text: string }) {
  const link = (): string => new URL(linkTo("live", { event: String(event.seq) }), location.href.split("#")[0]).href;
  const asFilter = [event.event, ...(event.task_id === undefined ? [] : [condition("task_id", event.task_id)])].join(
    " ",
  );
  return (
    <div class="actions">
      <button type="button" onClick={() => void copy(text, "JSON")}>
        Copy JSON
      </button>
      <button type="button" onClick={() => void copy(asFilter, `Filter ${asFilter}`)}>
        Copy as filter
      </button>
      <button type="button" onClick={() => void copy(link(), "Link")}>
        Copy link
      </button>
      {event.task_id !== undefined && (
        <a class="button" href={linkTo("tasks", { task: String(event.task_id) })}>
          Task's story
        </a>
      )}
      <a class="button" href={linkTo("types", { name: event.event, event: String(event.seq) })}>
        All of this type
      </a>
    </div>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: [string, Value][] }) {
  if (pairs.length === 0) return null;
  return (
    <section class="pairs">
      <h3>{title}</h3>
      <dl>
        {pairs.map(([key, value]) => (
          <div key={key} class="pair">
            <dt>
              {key} <span class="kind">{untagged(value).kind}</span>
            </dt>
            <dd>
              <span>
                <ValueView value={value} />
                <InUnits name={key} value={value} />
                <TaskName name={key} value={value} />
              </span>
              <FilterButtons name={key} value={value} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** What a number comes to in the unit that its name tells. */
function InUnits({ name, value }: { name: string; value: Value }) {
  const plain = untagged(value).value;
  const text = plain instanceof Exact ? quantity(name, Number(plain.source)) : null;
  return text === null ? null : <span class="faint"> {text}</span>;
}

/** What the task is called whose id a value is. */
function TaskName({ name, value }: { name: string; value: Value }) {
  if (name !== "task_id" && name !== "parent_task_id") return null;
  const id = asText(value);
  const known = taskName(id);
  return known === null || known === id ? null : <span class="faint"> {known}</span>;
}

function FilterButtons({ name, value }: { name: string; value: Value }) {
  const text = asText(value);
  if (
    !FILTERABLE.test(name) ||
    isMapping(untagged(value).value) ||
    Array.isArray(value) ||
    text.length > 200 ||
    text.includes("\n")
  )
    return null;
  const words = condition(name, text);
  const filter = view.value === "live" ? parameter("filter") : "";
  const use = (next: string): void =>
    view.value === "live" ? change({ filter: next }) : go("live", { filter: next, event: parameter("event") });
  return (
    <span class="pair-actions">
      <button
        type="button"
        class="tiny"
        aria-label={`Only ${words}`}
        title={`Only ${words}`}
        onClick={() => use(narrowed(filter, words))}
      >
        +
      </button>
      <button
        type="button"
        class="tiny"
        aria-label={`Without ${words}`}
        title={`Without ${words}`}
        onClick={() => use(without(filter, words))}
      >
        −
      </button>
      <button
        type="button"
        class="tiny"
        aria-label={`Copy ${name}`}
        title="Copy the value"
        onClick={() => void copy(text, name)}
      >
        <svg width="11" height="11" viewBox="0 0 16 16" fill="none" stroke="currentColor" aria-hidden="true">
          <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" stroke-width="1.6" />
          <path d="M10.5 2.5h-7a1 1 0 0 0-1 1v7" stroke-width="1.6" />
        </svg>
      </button>
    </span>
  );
}

function Neighbours({ event }: { event: LedgerEvent }) {
  const words = condition("task_id", event.task_id);
  const { data } = usePolled(`neighbours-${event.seq}`, async (signal) => {
    const [before, after] = await Promise.all([
      getEvents({ filter: words, before: event.seq + 1, limit: NEIGHBOURS, order: "newest" }, signal),
      getEvents({ filter: words, after: event.seq, limit: NEIGHBOURS, order: "oldest" }, signal),
    ]);
    return [...before.events.reverse(), ...after.events];
  });
  if (!data || data.length < 2) return null;
  return (
    <section class="pairs">
      <h3>Same task</h3>
      <EventList events={data} selected={event.seq} />
    </section>
  );
}
