"""Sessions and cycles: when, how long, in which stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.server.api import parameters, schemas
from otel_events.server.api.instants import SECOND, instant
from otel_events.server.api.operation import Operation
from otel_events.server.api.parameters import TEXT, Parameter
from otel_events.server.api.problem import not_found
from otel_events.server.api.stages import stages_of
from otel_events.server.api.tasks import as_cycle, list_tasks

if TYPE_CHECKING:
    import sqlite3

    from otel_events.server.server import Server

_MOST_TASKS = 1_000
_CYCLE = (
    "SELECT cycle, day, session_id, service, started, ended, duration, events, errors, stalls, first_time, run, first_seq,"
    " last_seq FROM cycles"
)


def list_sessions(server: Server, *, limit: int) -> dict[str, Any]:
    """Return sessions, the latest first."""
    rows = server.store.read().execute(
        "SELECT session_id, service, started, ended, duration, events, errors, first_time,"
        " (SELECT count(*) FROM cycles WHERE run = sessions.session_id) FROM sessions ORDER BY last_seq DESC LIMIT ?",
        (limit,),
    )
    return {"sessions": [_session(row) for row in rows]}


def list_cycles(server: Server, *, session: str | None, limit: int) -> dict[str, Any]:
    """Return cycles, the latest first."""
    condition, values = ("WHERE run = ?", [session]) if session is not None else ("", [])
    connection = server.store.read()
    rows = connection.execute(f"{_CYCLE} {condition} ORDER BY last_seq DESC LIMIT ?", (*values, limit)).fetchall()
    return {"cycles": _cycles(connection, rows)}


def get_cycle(server: Server, *, cycle: str, session: str | None) -> dict[str, Any]:
    """Return one cycle, of several of that number the latest, and its tasks."""
    condition, values = ("AND run = ?", [session]) if session is not None else ("", [])
    connection = server.store.read()
    # Bound as a number and as a text: both may be somebody's cycle.
    rows = connection.execute(
        f"{_CYCLE} WHERE cycle IN (?, ?) {condition} ORDER BY last_seq DESC LIMIT 1",
        (as_cycle(cycle), cycle, *values),
    ).fetchall()
    if not rows:
        raise not_found(f"cycle {cycle!r:.60}")
    (row,) = _cycles(connection, rows)
    tasks = list_tasks(
        server,
        state=None,
        since=None,
        until=None,
        session=row["session_id"],
        cycle=cycle,
        persona=None,
        limit=_MOST_TASKS,
    )
    return {"cycle": row, **tasks}


def _session(row: tuple[Any, ...]) -> dict[str, Any]:
    session_id, service, started, ended, duration, events, errors, first_time, cycles = row
    began = started if started is not None else first_time
    return {
        "session_id": session_id,
        "service": service,
        **_time(began, ended, duration),
        "cycles": cycles,
        "events": events,
        "errors": errors,
    }


def _cycles(connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    stages = stages_of(connection, [(row[0], row[2], row[12], row[13]) for row in rows])
    found = []
    for row, inner in zip(rows, stages, strict=True):
        cycle, day, session_id, service, started, ended, duration, events, errors, stalls, first_time = row[:11]
        began = started if started is not None else first_time
        found.append(
            {
                "cycle": cycle,
                "day": day,
                "session_id": session_id,
                "service": service,
                **_time(began, ended, duration),
                "events": events,
                "errors": errors,
                "stalls": stalls,
                "stages": inner,
            }
        )
    return found


def _time(began: int, ended: int | None, said: float | None) -> dict[str, Any]:
    duration = said if said is not None or ended is None else max(0, ended - began) / SECOND
    return {"started": instant(began), "ended": instant(ended), "duration": duration}


_SESSION = Parameter("session", TEXT, "Only those of this session.")

OPERATIONS = (
    Operation(
        "/api/sessions",
        list_sessions,
        "Sessions, those with the latest events first.",
        schemas.shape(sessions=schemas.listing(schemas.named("Session"))),
        (parameters.limit(200),),
    ),
    Operation(
        "/api/cycles",
        list_cycles,
        "Cycles with their stages, those with the latest events first.",
        schemas.shape(cycles=schemas.listing(schemas.named("Cycle"))),
        (_SESSION, parameters.limit(100)),
    ),
    Operation(
        "/api/cycles/{cycle}",
        get_cycle,
        "One cycle and its tasks; of several with that number the latest.",
        schemas.shape(cycle=schemas.named("Cycle"), tasks=schemas.listing(schemas.named("Task"))),
        (Parameter("cycle", TEXT, "Its number.", place="path", is_required=True), _SESSION),
    ),
)
