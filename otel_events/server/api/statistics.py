"""Counts: of events in groups, and in each moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.server.api import parameters, schemas
from otel_events.server.api.instants import SECOND, instant
from otel_events.server.api.operation import Operation
from otel_events.server.api.parameters import SINCE, UNTIL, Parameter, choice, whole_number

if TYPE_CHECKING:
    import sqlite3

    from otel_events.server.server import Server

_ERROR = 17
_STEPS = 600  # in one answer, at most
_LAST = 2**62
_MOST_GROUPS = 100_000
_BETWEEN = "time >= ? AND time < ? AND seq BETWEEN ? AND ? AND NOT names.is_own"
_ERRORS = f"sum(severity >= {_ERROR})"
# What the groups are called, and what has to be joined for it.
_COLUMNS = {
    "persona": ("words.text", "LEFT JOIN words ON words.id = events.persona"),
    "service": ("words.text", "LEFT JOIN words ON words.id = events.service"),
    "cycle": ("events.cycle", ""),
}


def list_statistics(server: Server, *, by: str, since: int | None, until: int | None, limit: int) -> dict[str, Any]:
    """Return the counts of the largest groups."""
    between = (since if since is not None else -_LAST, until if until is not None else _LAST)
    if by == "event":
        rows = _by_name(server, *between)
    elif by in _COLUMNS:
        rows = _by_column(server, by, *between)
    else:
        rows = _by_scope(server, by, *between)
    groups = [
        {"key": key, "count": count, "errors": errors, "first": instant(first), "last": instant(last)}
        for key, count, errors, first, last in rows[:limit]
    ]
    return {"by": by, "groups": groups, "more": max(0, len(rows) - limit)}


def list_rates(server: Server, *, seconds: int, by: str) -> dict[str, Any]:
    """Return how many events there were in each part of the last so many seconds."""
    step = max(1, -(-seconds // _STEPS))
    now = int(server.clock())
    first = now - now % step - (seconds // step - 1) * step
    series = server.store.views.rates(first * SECOND, (now + 1) * SECOND, step=step, by=by)
    return {"from": instant(first * SECOND), "step": step, "series": series}


def _by_name(server: Server, since: int, until: int) -> list[tuple[Any, ...]]:
    """Count by the table of seconds, which is exact for whole ones; times are those of the first and last second."""
    return (
        server.store.read()
        .execute(
            "SELECT names.name, sum(seconds.count) AS total, sum(seconds.count * (level >= 5)), min(second) * 1000000000,"
            " max(second) * 1000000000 FROM seconds JOIN names ON names.id = seconds.name"
            " WHERE second BETWEEN ? AND ? AND NOT names.is_own GROUP BY seconds.name ORDER BY total DESC, names.name",
            (since // SECOND, (until - 1) // SECOND),
        )
        .fetchall()
    )


def _by_column(server: Server, by: str, since: int, until: int) -> list[tuple[Any, ...]]:
    column, join = _COLUMNS[by]
    connection = server.store.read()
    return connection.execute(
        f"SELECT {column} AS key, count(*) AS total, {_ERRORS}, min(time), max(time) FROM events"  # noqa: S608  # columns are named here
        f" JOIN names ON names.id = events.name {join} WHERE {_BETWEEN} AND key IS NOT NULL"
        " GROUP BY key ORDER BY total DESC, key",
        (since, until, *_numbers(connection, since, until)),
    ).fetchall()


def _by_scope(server: Server, by: str, since: int, until: int) -> list[tuple[Any, ...]]:
    """Count by the tables of tasks or sessions: all that belongs to those with an event in that time, or around it."""
    connection = server.store.read()
    columns = (
        "session_id, events, errors, first_time, last_time"
        if by == "session"
        else "task_id, events, errors, started, ended"
    )
    return connection.execute(
        f"SELECT {columns} FROM {by}s WHERE last_seq >= ? AND first_seq <= ? ORDER BY events DESC LIMIT ?",  # noqa: S608  # named here
        (*_numbers(connection, since, until), _MOST_GROUPS),
    ).fetchall()


def _numbers(connection: sqlite3.Connection, since: int, until: int) -> tuple[int, int]:
    """Return the numbers between which the events of a time are: so that only those rows are looked at."""
    first, last = connection.execute(
        "SELECT ifnull(min(first_seq), 0), ifnull(max(last_seq), -1) FROM seconds WHERE second BETWEEN ? AND ?",
        (since // SECOND, (until - 1) // SECOND),
    ).fetchone()
    return first, last


OPERATIONS = (
    Operation(
        "/api/stats",
        list_statistics,
        "Counts in groups, the largest first. By `event` the time is cut in whole seconds; by `task` and `session` all that"
        " belongs to those is counted of which there were events at that time.",
        schemas.shape(
            by=schemas.TEXT,
            groups=schemas.listing(
                schemas.shape(
                    key={"type": ["string", "integer"]},
                    count=schemas.COUNT,
                    errors=schemas.COUNT,
                    first=schemas.maybe(schemas.INSTANT),
                    last=schemas.maybe(schemas.INSTANT),
                )
            ),
            more=schemas.COUNT,
        ),
        (
            Parameter(
                "by",
                choice("event", "task", "persona", "cycle", "session", "service"),
                "What the events of a group have in common.",
                "event",
            ),
            SINCE,
            UNTIL,
            parameters.limit(200, 10_000),
        ),
    ),
    Operation(
        "/api/rates",
        list_rates,
        f"Counts in each `step` seconds up to now, at most {_STEPS} of them.",
        schemas.shape(
            **{
                "from": schemas.INSTANT,
                "step": schemas.COUNT,
                "series": {"type": "object", "additionalProperties": schemas.listing(schemas.COUNT)},
            }
        ),
        (
            Parameter("seconds", whole_number(1, 366 * 86_400), "How far back.", 300),
            Parameter("by", choice("event", "category", "severity"), "What makes a series.", "event"),
        ),
    ),
)
