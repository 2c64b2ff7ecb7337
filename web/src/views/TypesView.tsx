// The events of one type or prefix as a table, with its own attributes as columns.

import { getAttributes, getEvents, getNames } from "../api/client";
import type { AttributeKey, Json, LedgerEvent } from "../api/types";
import { clock, count, measured, quantity } from "../format";
import { hueOfName } from "../state/catalogue";
import { narrowed } from "../state/filter";
import { taskName } from "../state/taskNames";
import { change, linkTo, parameter } from "../state/route";
import { Choice, Search, Select } from "../ui/Choice";
import { Answer, None, Page } from "../ui/Page";
import { type Column, Table } from "../ui/Table";
import type { Sortable } from "../ui/sorting";
import { inline } from "../ui/text";
import { usePolled } from "../ui/polled";
import { TextView } from "../ui/ValueView";
import { EnvironmentGrid } from "./EnvironmentGrid";

const LIMIT = 200;
const EVERY = 4000;
const MOST_COLUMNS = 14;
const CORRELATED = ["persona", "task_id", "cycle", "env_id", "episode"];
const NEVER = new Set(["exception.stacktrace", "session_id", "day", "parent_task_id", ...CORRELATED]);

const valueOf = (event: LedgerEvent, key: string): Json | undefined =>
  event.attributes?.[key] ?? (event as unknown as Record<string, Json | undefined>)[key];

const sortableOf = (value: Json | undefined): Sortable => (typeof value === "number" ? value : inline(value));

function Cell({ name, value }: { name: string; value: Json | undefined }) {
  if (value === undefined) return <span class="faint">·</span>;
  if (typeof value === "string") return <TextView text={value} />;
  if (typeof value === "number")
    return (
      <span class="value-int" title={`${value}`}>
        {quantity(name, value) ?? (Number.isInteger(value) ? value : measured(value))}
      </span>
    );
  return <TextView text={inline(value)} />;
}

/** Where an event belongs: a task by its name, with its id to be had. */
function Correlated({ name, value }: { name: string; value: Json | undefined }) {
  const text = inline(value);
  const known = name === "task_id" && text ? taskName(text) : null;
  return (
    <span class="faint" title={known ? text : undefined}>
      {known ?? text}
    </span>
  );
}

function columnsOf(attributes: AttributeKey[], isPrefix: boolean): Column<LedgerEvent>[] {
  const seen = new Set(attributes.map((each) => each.key));
  const own = attributes.filter((each) => !NEVER.has(each.key)).slice(0, MOST_COLUMNS);
  const columns: Column<LedgerEvent>[] = [
    {
      key: "time",
      head: "Time",
      by: (event) => event.time,
      cell: (event) => <span class="mono">{clock(event.time)}</span>,
    },
  ];
  if (isPrefix)
    columns.push({
      key: "name",
      head: "Event",
      by: (event) => event.event,
      cell: (event) => <span class={`mono hue-${hueOfName(event.event)}`}>{event.event}</span>,
    });
  for (const { key, kind } of own) {
    columns.push({
      key,
      head: <span title={kind}>{key}</span>,
      isNumber: kind === "int" || kind === "double",
      by: (event) => sortableOf(valueOf(event, key)),
      cell: (event) => <Cell name={key} value={valueOf(event, key)} />,
    });
  }
  for (const key of CORRELATED.filter((each) => seen.has(each))) {
    columns.push({
      key,
      head: key,
      by: (event) => sortableOf(valueOf(event, key)),
      cell: (event) => <Correlated name={key} value={valueOf(event, key)} />,
    });
  }
  return columns;
}

function nameOptions(names: SeenName[]): { value: string; label: string }[] {
  const sorted = [...names].sort((a, b) => a.name.localeCompare(b.name));
  const families = new Map<string, number>();
  for (const { name } of sorted) {
    const family = name.split(".")[0] ?? name;
    families.set(family, (families.get(family) ?? 0) + 1);
  }
  return [
    { value: "", label: "choose a type" },
    ...[...families]
      .filter(([, size]) => size > 1)
      .map(([family, size]) => ({ value: `${family}.*`, label: `${family}.*  (${size} types)` })),
    ...sorted.map(({ name, count: seen }) => ({ value: name, label: `${name}  (${count(seen)})` })),
  ];
}

export function TypesView() {
  const names = usePolled("names", getNames, EVERY * 2);
  const name = parameter("name");
  const options = names.data ? nameOptions(names.data) : [{ value: name, label: name || "…" }];
  const controls = (
    <>
      <Select
        name="name"
        label="Type"
        options={options.some((each) => each.value === name) ? options : [...options, { value: name, label: name }]}
      />
      {!name && <Search name="search" label="Search types" placeholder="search types" />}
      {name && <Search name="text" label="Search in all texts" placeholder="search in all texts" />}
      {name && (
        <a class="button" href={linkTo("live", { filter: name })}>
          See them live
        </a>
      )}
    </>
  );
  return (
    <Page
      title="Types"
      about="One type or family of events as a table, with its own attributes as columns."
      controls={controls}
    >
      {name ? <OneType name={name} seen={seenOf(name, names.data ?? [])} /> : <Choose names={names.data ?? []} />}
    </Page>
  );
}

interface SeenName {
  name: string;
  count: number;
}

/** How many events of a type or family are kept; 0 for a pattern of another form. */
function seenOf(name: string, names: SeenName[]): number {
  const family = name.endsWith(".*") ? name.slice(0, -1) : null;
  return names
    .filter((each) => (family === null ? each.name === name : each.name.startsWith(family)))
    .reduce((sum, each) => sum + each.count, 0);
}

/** Of a type with more events than a table shows: that these are the newest, in whatever order they stand. */
function Extent({ shown, seen, hasText }: { shown: number; seen: number; hasText: boolean }) {
  const of = hasText ? " with that text" : seen > shown ? ` of ${count(seen)}` : "";
  return (
    <p class="faint pad">
      The newest {count(shown)}
      {of}
      {parameter("sort") && ", sorted among themselves: larger and smaller ones may have come before"}. Any is found by
      a filter in Live, such as <code>quality&gt;0.9</code>.
    </p>
  );
}

function Choose({ names }: { names: SeenName[] }) {
  if (names.length === 0) return <None>No events have come yet.</None>;
  const wanted = parameter("search").toLowerCase();
  return (
    <div class="name-cloud">
      {names
        .filter((each) => each.name.toLowerCase().includes(wanted))
        .map((each) => (
          <a
            key={each.name}
            class={`name-tile hue-${hueOfName(each.name)}`}
            href={linkTo("types", { name: each.name })}
          >
            <span class="mono">{each.name}</span> <b>{count(each.count)}</b>
          </a>
        ))}
    </div>
  );
}

function OneType({ name, seen }: { name: string; seen: number }) {
  const text = parameter("text");
  const filter = text ? narrowed(name, `"${text.replaceAll('"', "'")}"`) : name;
  const attributes = usePolled(`attributes-${name}`, (signal) => getAttributes(name, signal), EVERY * 2);
  const events = usePolled(
    `type-${filter}`,
    (signal) => getEvents({ filter, limit: LIMIT, order: "newest" }, signal),
    EVERY,
  );
  const known = attributes.data ?? [];
  const hasGrid = ["env_id", "episode"].every((key) => known.some((each) => each.key === key));
  return (
    <>
      {hasGrid && (
        <Choice
          name="as"
          label="Shown as"
          options={[
            { value: "", label: "Table" },
            { value: "grid", label: "Environments by episode" },
          ]}
        />
      )}
      {hasGrid && parameter("as") === "grid" ? (
        <EnvironmentGrid name={name} attributes={known} />
      ) : (
        <Answer of={events}>
          {(page) =>
            page.events.length === 0 ? (
              <None>{text ? "No event of this type holds that text." : "No event of this type has come yet."}</None>
            ) : (
              <>
                {page.next !== null && <Extent shown={page.events.length} seen={seen} hasText={text !== ""} />}
                <Table
                  label={`Events of type ${name}`}
                  rows={page.events}
                  columns={columnsOf(known, name.includes("*"))}
                  id={(event) => `${event.seq}`}
                  chosen={parameter("event")}
                  onChoose={(event) => change({ event: String(event.seq) }, { replace: true })}
                />
              </>
            )
          }
        </Answer>
      )}
    </>
  );
}
