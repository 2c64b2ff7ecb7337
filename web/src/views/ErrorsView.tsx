// Errors that say the same as one group each, over all writers.

import { getErrors, getOccurrences } from "../api/client";
import type { ErrorGroup, LedgerEvent } from "../api/types";
import { ago, clock, count, counted, moment } from "../format";
import { hueOfName } from "../state/catalogue";
import { change, parameter } from "../state/route";
import { Search } from "../ui/Choice";
import { Answer, None, Page } from "../ui/Page";
import { Chips } from "../ui/Chips";
import { Sparkline } from "../ui/Sparkline";
import { Stack } from "../ui/Stack";
import { type Column, Table } from "../ui/Table";
import { usePolled } from "../ui/polled";
import { errorTypeText } from "../ui/text";

const EVERY = 4000;
const STACKS = 20;

const COLUMNS: Column<ErrorGroup>[] = [
  {
    key: "count",
    head: "Count",
    isNumber: true,
    by: (group) => group.count,
    cell: (group) => <b>{count(group.count)}</b>,
  },
  {
    key: "error",
    head: "Error",
    isWide: true,
    by: (group) => `${group.type} ${group.message}`,
    cell: (group) => <What group={group} />,
  },
  {
    key: "event",
    head: "Event",
    by: (group) => group.event,
    cell: (group) => <span class={`mono hue-${hueOfName(group.event)}`}>{group.event}</span>,
  },
  {
    key: "trend",
    head: "Trend",
    cell: (group) => <Sparkline values={group.trend} label={`Trend: ${group.trend.join(", ")}`} />,
  },
  {
    key: "last",
    head: "Last",
    by: (group) => group.last,
    cell: (group) => <span title={moment(group.last)}>{ago(group.last)}</span>,
  },
  {
    key: "first",
    head: "First",
    by: (group) => group.first,
    cell: (group) => <span title={group.first}>{moment(group.first)}</span>,
  },
  {
    key: "services",
    head: "Services",
    by: (group) => group.services.join(", "),
    cell: (group) => group.services.join(", "),
  },
];

function What({ group }: { group: ErrorGroup }) {
  return (
    <span class="error-what">
      <b>{errorTypeText(group.type) || "Error"}</b> <span>{group.message}</span>
    </span>
  );
}

const fits = (group: ErrorGroup): boolean =>
  [group.type, group.message, group.event, ...group.services]
    .join(" ")
    .toLowerCase()
    .includes(parameter("search").toLowerCase());

export function ErrorsView() {
  const answer = usePolled("errors", getErrors, EVERY);
  const chosen = parameter("group");
  const controls = <Search name="search" label="Search errors" placeholder="type, message, event or service" />;
  return (
    <Page
      title="Errors"
      about="Those with the same origin are one group, whichever program they come from."
      controls={controls}
    >
      <Answer of={answer}>
        {({ groups: all }) => {
          const groups = all.filter(fits);
          return groups.length === 0 ? (
            <None>
              {all.length
                ? "No error fits."
                : "No errors. Events of severity ERROR and above, failed tasks and exceptions would be here."}
            </None>
          ) : (
            <Table
              label="Groups of errors"
              rows={groups}
              columns={COLUMNS}
              id={(group) => group.fingerprint}
              chosen={chosen}
              onChoose={(group) => change({ group: group.fingerprint === chosen ? null : group.fingerprint })}
              below={(group) => group.fingerprint === chosen && <Occurrences group={group} />}
            />
          );
        }}
      </Answer>
    </Page>
  );
}

function Occurrences({ group }: { group: ErrorGroup }) {
  const answer = usePolled(`occurrences-${group.fingerprint}-${group.count}`, (signal) =>
    getOccurrences(group.fingerprint, signal),
  );
  return (
    <Answer of={answer}>
      {(occurrences) => (
        <div class="occurrences">
          <h2>{counted(occurrences.length, "occurrence")}, the newest first</h2>
          {occurrences.slice(0, STACKS).map((event, index) => (
            <Occurrence key={event.seq} event={event} isOpen={index === 0} />
          ))}
          {occurrences.length > STACKS && <p class="faint">and {count(occurrences.length - STACKS)} more</p>}
        </div>
      )}
    </Answer>
  );
}

function Occurrence({ event, isOpen }: { event: LedgerEvent; isOpen: boolean }) {
  const stack = event.attributes?.["exception.stacktrace"];
  return (
    <details class="occurrence" open={isOpen}>
      <summary>
        <span class="mono">{clock(event.time)}</span> <span class="faint">{event.service}</span> <Chips of={event} />{" "}
        <button
          type="button"
          class="link"
          onClick={(click) => (click.preventDefault(), change({ event: String(event.seq) }))}
        >
          details
        </button>
      </summary>
      {typeof stack === "string" ? <Stack text={stack} /> : <p class="faint">It brought no stack.</p>}
    </details>
  );
}
