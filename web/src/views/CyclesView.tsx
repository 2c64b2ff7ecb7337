// Runs: their sessions, cycles and stages, one beside the last, and how numbers went meanwhile.

import { getCycles, getSessions } from "../api/client";
import type { Cycle, Session } from "../api/types";
import { ago, count, counted, duration, millis, moment } from "../format";
import { change, linkTo, parameter } from "../state/route";
import { Answer, None, Page } from "../ui/Page";
import { type Column, Table } from "../ui/Table";
import { usePolled } from "../ui/polled";
import { Curves } from "./Curves";
import { CycleComparison, SessionComparison } from "./CycleComparison";
import { cycleBefore, cycleKey, cyclesOf, runText, sessionKey, tasksOf } from "./taskRuns";

const EVERY = 3000;
const RECENT = 60_000;

/** Stages that come up in *cycles*, each with a colour by its place. */
export function stageNames(cycles: Cycle[]): string[] {
  return [...new Set(cycles.flatMap((cycle) => cycle.stages.map((stage) => stage.name)))];
}

const SESSIONS: Column<Session>[] = [
  { key: "session", head: "Session", isWide: true, cell: (session) => <SessionName session={session} /> },
  { key: "service", head: "Service", cell: (session) => session.service ?? "–" },
  { key: "started", head: "Began", cell: (session) => moment(session.started) },
  {
    key: "duration",
    head: "Took",
    isNumber: true,
    cell: (session) => (session.ended ? duration(session.duration) : <Unended row={session} />),
  },
  { key: "cycles", head: "Cycles", isNumber: true, cell: (session) => count(session.cycles) },
  { key: "events", head: "Events", isNumber: true, cell: (session) => count(session.events) },
  {
    key: "errors",
    head: "Errors",
    isNumber: true,
    cell: (session) => <span class={session.errors ? "bad" : "faint"}>{count(session.errors)}</span>,
  },
];

export function CyclesView() {
  const session = parameter("session");
  const sessions = usePolled("sessions", getSessions, EVERY);
  const run = parameter("session_run");
  const cycles = usePolled(`cycles-${session}-${run}`, (signal) => getCycles(session, run, signal), EVERY);
  const isChosen = (row: Session): boolean => row.session_id === session && (!run || String(row.run) === run);
  return (
    <Page title="Cycles and sessions" about="Choose a session to see its cycles alone, and two cycles to compare them.">
      <Answer of={sessions}>
        {(rows) =>
          rows.length > 0 && (
            <>
              <Table
                label="Sessions"
                isBounded
                rows={rows}
                columns={SESSIONS}
                id={sessionKey}
                chosen={rows.filter(isChosen).map(sessionKey)[0] ?? ""}
                onChoose={(row) =>
                  change({
                    ...(isChosen(row) ? { session: null, session_run: null } : cyclesOf(row)),
                    cycle: null,
                    with: null,
                  })
                }
              />
              <SessionComparison session={rows.find(isChosen) ?? rows[0]} sessions={rows} />
            </>
          )
        }
      </Answer>
      <Answer of={cycles}>
        {(rows) =>
          rows.length === 0 ? (
            <None>No cycles yet. One begins with cycle.start.</None>
          ) : (
            <>
              <h2>Cycles</h2>
              <Timeline cycles={rows} />
              <CycleComparison cycles={rows} />
            </>
          )
        }
      </Answer>
      <Curves />
    </Page>
  );
}

function SessionName({ session }: { session: Session }) {
  return (
    <span>
      <b>{session.session_id}</b> <span class="faint">{runText(session)}</span>
    </span>
  );
}

/** Whether *row* goes on, as far as anybody can know: of what said neither that it began nor that it ended, by its events. */
const isRunning = (row: Cycle | Session): boolean =>
  !row.ended && (row.is_started || Date.now() - millis(row.last) < RECENT);

function Unended({ row }: { row: Cycle | Session }) {
  if (isRunning(row)) return <span class="badge task-running">running</span>;
  return <span class="faint">last event {ago(row.last)}</span>;
}

function CycleName({ cycle }: { cycle: Cycle }) {
  return (
    <span>
      <b>{cycle.cycle}</b> <span class="faint">{runText(cycle)}</span>
    </span>
  );
}

function Timeline({ cycles }: { cycles: Cycle[] }) {
  const longest = Math.max(...cycles.map((cycle) => lengthOf(cycle)), 0.001);
  const stages = stageNames(cycles);
  const columns: Column<Cycle>[] = [
    { key: "cycle", head: "Cycle", isNumber: true, cell: (cycle) => <CycleName cycle={cycle} /> },
    { key: "session", head: "Session", cell: (cycle) => <span class="faint">{cycle.session_id ?? "–"}</span> },
    { key: "started", head: "Began", cell: (cycle) => <span class="mono">{moment(cycle.started)}</span> },
    {
      key: "bar",
      head: stages.length ? <Legend stages={stages} /> : "Duration",
      isWide: true,
      cell: (cycle) => <CycleBar cycle={cycle} longest={longest} stages={stages} />,
    },
    {
      key: "duration",
      head: "Took",
      isNumber: true,
      cell: (cycle) => <Took cycle={cycle} last={cycleBefore(cycle, cycles)} />,
    },
    { key: "events", head: "Events", isNumber: true, cell: (cycle) => count(cycle.events) },
    {
      key: "errors",
      head: "Errors",
      isNumber: true,
      cell: (cycle) => <span class={cycle.errors ? "bad" : "faint"}>{count(cycle.errors)}</span>,
    },
    {
      key: "stalls",
      head: "Stalls",
      isNumber: true,
      cell: (cycle) => <span class={cycle.stalls ? "warn" : "faint"}>{count(cycle.stalls)}</span>,
    },
    {
      key: "tasks",
      head: "",
      cell: (cycle) => <a href={linkTo("tasks", tasksOf(cycle))}>tasks</a>,
    },
  ];
  const choose = (cycle: Cycle): void => {
    const id = cycleKey(cycle);
    change(parameter("cycle") && parameter("cycle") !== id ? { with: parameter("cycle"), cycle: id } : { cycle: id }, {
      replace: true,
    });
  };
  return (
    <Table
      label="Cycles, the newest first"
      isBounded
      rows={cycles}
      columns={columns}
      id={cycleKey}
      chosen={parameter("cycle") || cycleKey(cycles[0] as Cycle)}
      onChoose={choose}
    />
  );
}

const lengthOf = (cycle: Cycle): number =>
  cycle.duration ?? ((isRunning(cycle) ? Date.now() : millis(cycle.last)) - millis(cycle.started)) / 1000;

function Took({ cycle, last }: { cycle: Cycle; last: Cycle | undefined }) {
  if (!cycle.ended) return <Unended row={cycle} />;
  const change = last?.duration && cycle.duration !== null ? (cycle.duration - last.duration) / last.duration : 0;
  return (
    <span>
      {Math.abs(change) >= 0.1 && (
        <span class={change > 0 ? "warn" : "good"}>
          {change > 0 ? "+" : "−"}
          {Math.round(Math.abs(change) * 100)} %{" "}
        </span>
      )}
      {duration(cycle.duration)}
    </span>
  );
}

function Legend({ stages }: { stages: string[] }) {
  return (
    <span class="legend">
      {stages.map((name, index) => (
        <span key={name}>
          <i class={`swatch stage-${index % 6}`} /> {name}
        </span>
      ))}
    </span>
  );
}

function CycleBar({ cycle, longest, stages }: { cycle: Cycle; longest: number; stages: string[] }) {
  const start = millis(cycle.started);
  const share = (seconds: number): string => `${(seconds / longest) * 100}%`;
  return (
    <div class="cycle-track">
      <i class={`cycle-bar${isRunning(cycle) ? " is-running" : ""}`} style={{ width: share(lengthOf(cycle)) }} />
      {cycle.stages.map((stage, index) => (
        <i
          key={index}
          class={`cycle-stage stage-${stages.indexOf(stage.name) % 6}`}
          style={{
            left: share((millis(stage.started) - start) / 1000),
            width: `max(${share(stage.duration ?? 0)}, 2px)`,
          }}
          title={`${stage.name}: ${duration(stage.duration)}`}
        />
      ))}
      {cycle.errors > 0 && (
        <i
          class="cycle-error"
          role="img"
          aria-label={counted(cycle.errors, "error")}
          title={counted(cycle.errors, "error")}
          style={{ left: `max(4px, ${share(lengthOf(cycle))})` }}
        />
      )}
    </div>
  );
}
