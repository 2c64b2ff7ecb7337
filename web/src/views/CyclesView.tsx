// Runs: their sessions, cycles and stages, one beside the last, and how numbers went meanwhile.

import { getCycles, getSessions } from "../api/client";
import type { Session } from "../api/types";
import { count, duration, moment } from "../format";
import { change, parameter } from "../state/route";
import { Answer, None, Page } from "../ui/Page";
import { type Column, Table } from "../ui/Table";
import { usePolled } from "../ui/polled";
import { Curves } from "./Curves";
import { CycleTimeline } from "./CycleTimeline";
import { CycleComparison, SessionComparison } from "./CycleComparison";
import { cyclesOf, runText, sessionKey } from "./taskRuns";
import { Unended } from "./Unended";

const EVERY = 3000;

const SESSIONS: Column<Session>[] = [
  {
    key: "session",
    head: "Session",
    isWide: true,
    by: (session) => session.session_id,
    cell: (session) => <SessionName session={session} />,
  },
  { key: "service", head: "Service", by: (session) => session.service, cell: (session) => session.service ?? "–" },
  { key: "started", head: "Began", by: (session) => session.started, cell: (session) => moment(session.started) },
  {
    key: "duration",
    head: "Took",
    isNumber: true,
    by: (session) => session.duration,
    cell: (session) => (session.ended ? duration(session.duration) : <Unended row={session} />),
  },
  {
    key: "cycles",
    head: "Cycles",
    isNumber: true,
    by: (session) => session.cycles,
    cell: (session) => count(session.cycles),
  },
  {
    key: "events",
    head: "Events",
    isNumber: true,
    by: (session) => session.events,
    cell: (session) => count(session.events),
  },
  {
    key: "errors",
    head: "Errors",
    isNumber: true,
    by: (session) => session.errors,
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
              <CycleTimeline cycles={rows} />
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
