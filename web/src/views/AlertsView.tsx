// What needs attention now, and what did.

import { getAlerts } from "../api/client";
import type { Alert } from "../api/types";
import { ago, count, duration, millis, moment } from "../format";
import { level, severityNumber } from "../severity";
import { change, parameter } from "../state/route";
import { taskName } from "../state/taskNames";
import { Search } from "../ui/Choice";
import { Answer, None, Page } from "../ui/Page";
import { type Column, Table } from "../ui/Table";
import { inline } from "../ui/text";
import { usePolled } from "../ui/polled";

const EVERY = 3000;

const lasted = (alert: Alert): number =>
  ((alert.ended ? millis(alert.ended) : Date.now()) - millis(alert.started)) / 1000;

const COLUMNS: Column<Alert>[] = [
  {
    key: "severity",
    head: "Severity",
    by: (alert) => severityNumber(alert.severity),
    cell: (alert) => <span class={`badge level-${level(alert.severity)}`}>{alert.severity}</span>,
  },
  {
    key: "component",
    head: "Component",
    by: (alert) => alert.component,
    cell: (alert) => <Subject alert={alert} />,
  },
  {
    key: "message",
    head: "Message",
    isWide: true,
    by: (alert) => inline(alert.message),
    cell: (alert) => inline(alert.message),
  },
  {
    key: "name",
    head: "Event",
    by: (alert) => alert.name,
    cell: (alert) => <span class="mono hue-orange">{alert.name}</span>,
  },
  {
    key: "started",
    head: "Since",
    by: (alert) => alert.started,
    cell: (alert) => <span title={ago(alert.started)}>{moment(alert.started)}</span>,
  },
  { key: "lasted", head: "Lasted", isNumber: true, by: lasted, cell: (alert) => duration(lasted(alert)) },
  { key: "count", head: "Times", isNumber: true, by: (alert) => alert.count, cell: (alert) => count(alert.count) },
];

/** What the alert is about; a task by its name. */
function Subject({ alert }: { alert: Alert }) {
  const { name, component } = alert;
  const task = component && name.startsWith("task.") ? taskName(component) : null;
  return <b title={component ?? undefined}>{task ?? component ?? "–"}</b>;
}

function Alerts({ alerts, label, order }: { alerts: Alert[]; label: string; order: string }) {
  return (
    <Table
      label={label}
      order={order}
      rows={alerts}
      columns={COLUMNS}
      id={(alert) => `${alert.seq}`}
      onChoose={(alert) => change({ event: String(alert.seq) })}
    />
  );
}

const fits = (alert: Alert): boolean =>
  `${alert.component} ${inline(alert.message)} ${alert.name}`.toLowerCase().includes(parameter("search").toLowerCase());

export function AlertsView() {
  const answer = usePolled("alerts", getAlerts, EVERY);
  const of = {
    ...answer,
    data: answer.data && { open: answer.data.open.filter(fits), resolved: answer.data.resolved.filter(fits) },
  };
  return (
    <Page
      title="Alerts"
      about="From alert.triggered, *.missed and *.stalled until the event that resolves them."
      controls={<Search name="search" label="Search alerts" placeholder="component, message or event" />}
    >
      <Answer of={of}>
        {({ open, resolved }) => (
          <>
            <h2>Open {open.length > 0 && <span class="badge level-warn">{open.length}</span>}</h2>
            {open.length ? <Alerts alerts={open} label="Open alerts" order="sort" /> : <None>Nothing is open.</None>}
            <p class="faint">
              An alert is resolved by the event <code>alert.resolved</code> with the same <code>component</code>, what
              was missed or stalled by its name with <code>.resolved</code>, such as{" "}
              <code>heartbeat.missed.resolved</code>.
            </p>
            <h2>Resolved</h2>
            {resolved.length ? (
              <Alerts alerts={resolved} label="Resolved alerts" order="sort_resolved" />
            ) : (
              <None>Nothing was resolved yet.</None>
            )}
          </>
        )}
      </Answer>
    </Page>
  );
}
