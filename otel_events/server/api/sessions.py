"""Sessions and cycles: when, how long, in which stages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from otel_events.server.api import parameters, schemas
from otel_events.server.api.instants import SECOND, instant
from otel_events.server.api.operation import Operation
from otel_events.server.api.parameters import RUN, TEXT, Parameter
from otel_events.server.api.problem import not_found
from otel_events.server.api.stages import CycleSpan, stages_of
from otel_events.server.api.tasks import as_cycle, list_tasks
from otel_events.server.store.writer_views import QUIET, states_of

if TYPE_CHECKING:
    import sqlite3

    from otel_events.server.server import Server

_MOST_TASKS = 1_000
_SESSION = (
    "SELECT session_id, run, (SELECT max(run) FROM sessions AS every WHERE every.session_id = sessions.session_id), service,"
    " started, ended, duration, events, errors, first_time, last_time,"
    " (SELECT count(*) FROM cycles WHERE session_id = sessions.session_id AND session_run = sessions.run), writer FROM sessions"
)
_CYCLE = (
    "SELECT cycle, run, (SELECT max(run) FROM cycles AS every WHERE every.session_id = cycles.session_id AND"
    " every.cycle = cycles.cycle), day, session_id, session_run, service, started, ended, duration, events, errors, stalls,"
    " first_time, last_time, first_seq, last_seq, writer FROM cycles"
)


def list_sessions(server: Server, *, limit: int) -> dict[str, Any]:
    """Return sessions, each run of them by itself, the latest first."""
    connection = server.store.read()
    rows = connection.execute(f"{_SESSION} ORDER BY last_seq DESC LIMIT ?", (limit,)).fetchall()
    return {"sessions": _with_states(connection, [(_session(row), row[-1], row[10]) for row in rows])}


def list_cycles(server: Server, *, session: str | None, session_run: int | None, limit: int) -> dict[str, Any]:
    """Return cycles, each run of them by itself, the latest first."""
    return {"cycles": _find_cycles(server, limit, session_id=session, session_run=session_run)}


def get_cycle(server: Server, *, cycle: str, session: str | None, run: int | None) -> dict[str, Any]:
    """Return one run of a cycle, of several the latest, and its tasks."""
    # As a number and as a text: both may be somebody's cycle.
    numbers = (as_cycle(cycle), cycle)
    found = [
        each
        for number in dict.fromkeys(numbers)
        for each in _find_cycles(server, 1, cycle=number, session_id=session, run=run)
    ]
    if not found:
        raise not_found(f"cycle {cycle!r:.60}")
    row = max(found, key=lambda each: str(each["started"]))
    tasks = list_tasks(
        server,
        state=None,
        since=None,
        until=None,
        session=row["session_id"],
        cycle=cycle,
        cycle_run=row["run"],
        persona=None,
        limit=_MOST_TASKS,
    )
    return {"cycle": row, **tasks}


def _find_cycles(server: Server, limit: int, **equal: str | int | None) -> list[dict[str, Any]]:
    """Return the cycles whose columns are *equal* to what is not None, those with the latest events first."""
    wanted = {column: value for column, value in equal.items() if value is not None}
    condition = f"WHERE {' AND '.join(f'{column} = ?' for column in wanted)}" if wanted else ""
    connection = server.store.read()
    rows = connection.execute(
        f"{_CYCLE} {condition} ORDER BY last_seq DESC LIMIT ?", (*wanted.values(), limit)
    ).fetchall()
    return _cycles(connection, rows)


def _session(row: tuple[Any, ...]) -> dict[str, Any]:
    session_id, run, runs, service, started, ended, duration, events, errors, first_time, last_time, cycles, _ = row
    return {
        "session_id": session_id,
        "run": run,
        "runs": runs,
        "service": service,
        **_time(started, ended, duration, first_time, last_time),
        "cycles": cycles,
        "events": events,
        "errors": errors,
    }


def _cycles(connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    stages = stages_of(connection, [CycleSpan(row[0], row[4] or None, row[1], *row[15:17]) for row in rows])
    found = []
    for row, inner in zip(rows, stages, strict=True):
        cycle, run, runs, day, session_id, session_run, service, started, ended, duration, events, errors, stalls = row[
            :13
        ]
        found.append(
            (
                {
                    "cycle": cycle,
                    "run": run,
                    "runs": runs,
                    "day": day,
                    "session_id": session_id or None,
                    "session_run": session_run,
                    "service": service,
                    **_time(started, ended, duration, *row[13:15]),
                    "events": events,
                    "errors": errors,
                    "stalls": stalls,
                    "stages": inner,
                },
                row[-1],
                row[14],
            )
        )
    return _with_states(connection, found)


def _with_states(connection: sqlite3.Connection, rows: list[tuple[dict[str, Any], str, int]]) -> list[dict[str, Any]]:
    """Return each of *rows*, which come with their writers and the times of their last events, with what is known of its end."""
    states = states_of(connection, {(row["service"] or "", writer) for row, writer, _ in rows})
    recently = time.time_ns() - QUIET
    found = []
    for row, writer, last_time in rows:
        writer_state = states.get((row["service"] or "", writer))
        if row["ended"] is not None:
            state = "ended"
        elif writer_state in {"stopped", "unclean"}:
            state = "orphaned"
        else:
            state = "running" if writer_state == "running" or last_time > recently else "quiet"
        found.append({**row, "state": state, "writer_state": writer_state})
    return found


def _time(started: int | None, ended: int | None, said: float | None, first: int, last: int) -> dict[str, Any]:
    began = started if started is not None else first
    duration = said if said is not None or ended is None else max(0, ended - began) / SECOND
    return {
        "started": instant(began),
        "ended": instant(ended),
        "duration": duration,
        "last": instant(last),
        "is_started": started is not None,
    }


_OF_SESSION = Parameter("session", TEXT, "Only those of this session.")

OPERATIONS = (
    Operation(
        "/api/sessions",
        list_sessions,
        "Sessions, those with the latest events first; an id that is used again has a row for each run. Of one that did not say that it ended,"
        " `state` says what its writer tells: `running`; `orphaned`, if that has `stopped` without, or ended `unclean`; `quiet`, if nothing"
        " was heard for ten minutes of a writer that cannot say so. `last` is its last event.",
        schemas.shape(sessions=schemas.listing(schemas.named("Session"))),
        (parameters.limit(200),),
    ),
    Operation(
        "/api/cycles",
        list_cycles,
        "Cycles with their stages, those with the latest events first; a number that comes up again in its session (or, without"
        " one, at all) has a row for each run. The one to compare with is the one before it in the same run of the session, or"
        " else the same cycle's run before.",
        schemas.shape(cycles=schemas.listing(schemas.named("Cycle"))),
        (
            _OF_SESSION,
            Parameter("session_run", RUN, "Only those of this run of the session."),
            parameters.limit(100),
        ),
    ),
    Operation(
        "/api/cycles/{cycle}",
        get_cycle,
        "One run of a cycle and its tasks; of several with that number the latest.",
        schemas.shape(cycle=schemas.named("Cycle"), tasks=schemas.listing(schemas.named("Task"))),
        (
            Parameter("cycle", TEXT, "Its number.", place="path", is_required=True),
            _OF_SESSION,
            Parameter("run", RUN, "Which run of it; without it the latest."),
        ),
    ),
)
