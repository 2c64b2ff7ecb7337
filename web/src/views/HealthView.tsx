// How the server does, and whether anything is missing.

import type { ComponentChildren } from "preact";
import { getHealth, getWriters } from "../api/client";
import type { Health, Writer } from "../api/types";
import { ago, bytes, count, duration, measured, moment } from "../format";
import { Ledger } from "../ui/Ledger";
import { Answer, None, Page } from "../ui/Page";
import { Rebuilding } from "../ui/Rebuilding";
import { type Column, Table } from "../ui/Table";
import { usePolled } from "../ui/polled";

const EVERY = 2000;

function Tile({
  label,
  value,
  note,
  isBad = false,
}: {
  label: string;
  value: ComponentChildren;
  note?: ComponentChildren;
  isBad?: boolean;
}) {
  return (
    <div class={`tile${isBad ? " is-bad" : ""}`}>
      <span class="tile-label">{label}</span>
      <span class="tile-value">{value}</span>
      <span class="tile-note">{note}</span>
    </div>
  );
}

function Counts({ label, counts }: { label: string; counts: Record<string, number> }) {
  const sum = sumOf(counts);
  return <Tile label={label} value={count(sum)} note={reasons(counts) || "nothing"} isBad={sum > 0} />;
}

const sumOf = (counts: Record<string, number>): number => Object.values(counts).reduce((sum, each) => sum + each, 0);

const reasons = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .filter(([, value]) => value > 0)
    .map(([reason, value]) => `${reason.replaceAll("_", " ")} ${count(value)}`)
    .join(", ");

const WRITERS: Column<Writer>[] = [
  {
    key: "state",
    head: "State",
    by: (writer) => writer.state,
    cell: (writer) => <State writer={writer} />,
  },
  { key: "service", head: "Service", by: (writer) => writer.service, cell: (writer) => <b>{writer.service ?? "–"}</b> },
  { key: "host", head: "Host", by: (writer) => writer.host, cell: (writer) => writer.host || "–" },
  { key: "pid", head: "Process", isNumber: true, by: (writer) => writer.pid, cell: (writer) => writer.pid ?? "–" },
  { key: "started", head: "Started", by: (writer) => writer.started, cell: (writer) => moment(writer.started) },
  { key: "last", head: "Last event", by: (writer) => writer.last, cell: (writer) => ago(writer.last) },
  {
    key: "emitted",
    head: "Emitted",
    isNumber: true,
    by: (writer) => writer.emitted,
    cell: (writer) => (writer.emitted === null ? "–" : count(writer.emitted)),
  },
  {
    key: "received",
    head: "Received",
    isNumber: true,
    by: (writer) => writer.received,
    cell: (writer) => count(writer.received),
  },
  {
    key: "missing",
    head: "Missing",
    isNumber: true,
    by: (writer) => writer.missing,
    cell: (writer) => <Missing number={writer.missing} />,
  },
  {
    key: "dropped",
    head: "Dropped, by reason",
    isWide: true,
    by: (writer) => sumOf(writer.dropped),
    cell: (writer) => reasons(writer.dropped) || <span class="faint">none</span>,
  },
  {
    key: "writer",
    head: "Writer",
    by: (writer) => writer.writer,
    cell: (writer) => <span class="mono faint">{writer.writer}</span>,
  },
];

/** Of a program that never says that it ends, nobody knows that it still runs. */
function State({ writer }: { writer: Writer }) {
  if (writer.state === "running" && !writer.is_numbered)
    return (
      <span class="badge writer-stopped" title="Heard of within ten minutes; it does not say when it ends">
        recent
      </span>
    );
  return <span class={`badge writer-${writer.state}`}>{writer.state}</span>;
}

function Missing({ number }: { number: number | null }) {
  if (number === null)
    return (
      <span class="faint" title="Its events have no numbers: nobody can tell">
        –
      </span>
    );
  return <span class={number ? "bad" : "faint"}>{count(number)}</span>;
}

export function HealthView() {
  const health = usePolled("health", getHealth, EVERY);
  const writers = usePolled("writers", getWriters, EVERY);
  return (
    <Page title="Health" about="What the server takes in, what it keeps, and what is known to be missing.">
      <Answer of={health}>
        {(data) => (
          <>
            <Ledger health={data} />
            <Rebuilding index={data.index} />
            <Tiles health={data} />
          </>
        )}
      </Answer>
      <h2>Writers</h2>
      <p class="faint">
        A writer is one process. Its events are numbered: a hole is a loss, and an unclean end a process that was
        killed. “Received” also counts what a writer reports about itself; “Emitted” does not. Scripts and other SDKs
        number nothing and do not say when they end, so nobody can tell what of theirs is missing; they are shown as
        recent for ten minutes, then as quiet.
      </p>
      <Answer of={writers}>
        {(rows) =>
          rows.length ? (
            <Table
              label="Writers"
              rows={rows}
              columns={WRITERS}
              id={(writer) => `${writer.service}/${writer.writer}`}
            />
          ) : (
            <None>No process has written yet.</None>
          )
        }
      </Answer>
    </Page>
  );
}

function Tiles({ health }: { health: Health }) {
  const { stored, disk, ingest, retention, index, stream } = health;
  return (
    <div class="tiles">
      <Tile label="Ingest" value={`${measured(ingest.rate)}/s`} note="events received" />
      <Tile
        label="Watching"
        value={count(health.clients)}
        note={
          reasons({ "sent as counts": stream.folded, "not sent": stream.dropped }) || "every event was sent to each"
        }
      />
      <Tile
        label="Delay, median"
        value={duration(ingest.delay_p50)}
        note={
          ingest.delay_p99 === null
            ? "nothing was sent in the last 10 s"
            : `99 of 100 within ${duration(ingest.delay_p99)}`
        }
      />
      <Tile
        label="Stored"
        value={count(stored.events)}
        note={
          stored.events
            ? `#${stored.first_seq} to #${stored.last_seq}, from ${moment(stored.oldest)}`
            : "none has come yet"
        }
      />
      <Tile
        label="Disk"
        value={bytes(disk.ledger_bytes + disk.index_bytes)}
        note={`index ${bytes(disk.index_bytes)}, free ${bytes(disk.free_bytes)}`}
      />
      <Tile
        label="Keeps at most"
        value={retention.max_bytes ? bytes(retention.max_bytes) : "everything"}
        note={retention.max_age ? `for ${duration(retention.max_age)}; the oldest go first` : "the oldest go first"}
      />
      <Counts label="Refused" counts={health.refused} />
      <Counts label="Left out" counts={health.dropped} />
      <Counts label="Problems" counts={health.problems} />
      <Tile
        label="Server"
        value={health.version}
        note={`up ${duration(health.uptime)}, index ${index.state}`}
        isBad={index.state !== "ready"}
      />
    </div>
  );
}
