"""Counts: of events in groups, and in each moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.server.api import parameters, schemas
from otel_events.server.api.instants import SECOND, instant
from otel_events.server.api.operation import Operation
from otel_events.server.api.parameters import SINCE, UNTIL, Parameter, choice, whole_number
from otel_events.server.store.minute_index import MINUTE
from otel_events.server.store.views import MOST_SERIES, OTHERS

if TYPE_CHECKING:
    import sqlite3

    from otel_events.server.server import Server

_STEPS = 600  # in one answer, at most
_LAST = 2**62
_MOST_GROUPS = 100_000
# All runs of an id together.
_COUNTED = {
    by: f"SELECT {key}, sum(events) AS total, sum(errors), min(first_time), {last} FROM {table}"  # noqa: S608  # named here
    f" WHERE last_seq >= ? AND first_seq <= ? GROUP BY {key} ORDER BY total DESC LIMIT ?"
    for by, key, table, last in (
        ("session", "session_id", "sessions", "max(last_time)"),
        ("task", "task_id", "tasks", "max(ended)"),
        ("cycle", "cycle", "cycles", "max(last_time)"),
    )
}
# Columns of the table of minutes.
_WORDS = {"persona": "persona", "service": "service"}


def list_statistics(server: Server, *, by: str, since: int | None, until: int | None, limit: int) -> dict[str, Any]:
    """Return the counts of the largest groups."""
    connection = server.store.read()
    first, last = since if since is not None else -_LAST, until if until is not None else _LAST
    if by == "event":
        rows = _by_name(connection) if _is_all(connection, first, last) else _by_second(connection, first, last)
    elif by in _WORDS:
        rows = _by_word(connection, by, first, last)
    else:
        numbers = (0, _LAST) if _is_all(connection, first, last) else _numbers(connection, first, last)
        rows = connection.execute(_COUNTED[by], (*numbers, _MOST_GROUPS)).fetchall()
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


def _is_all(connection: sqlite3.Connection, since: int, until: int) -> bool:
    """Return whether all that is kept happened between two times: then no second has to be looked at."""
    oldest, newest = connection.execute(
        "SELECT (SELECT min(second) FROM seconds), (SELECT max(second) FROM seconds)"
    ).fetchone()
    return oldest is None or (since // SECOND <= oldest and newest <= (until - 1) // SECOND)


def _by_name(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """Count all that is kept; times are those of the first and last second."""
    return connection.execute(
        "SELECT name, count, errors, first_time * 1000000000, last_time * 1000000000 FROM names WHERE count > 0 AND NOT is_own"
        " ORDER BY count DESC, name"
    ).fetchall()


def _by_second(connection: sqlite3.Connection, since: int, until: int) -> list[tuple[Any, ...]]:
    """Count by the table of seconds; times are those of the first and last second."""
    return connection.execute(
        "SELECT names.name, sum(seconds.count) AS total, sum(seconds.count * (level >= 5)), min(second) * 1000000000,"
        " max(second) * 1000000000 FROM seconds JOIN names ON names.id = seconds.name"
        " WHERE second BETWEEN ? AND ? AND NOT names.is_own GROUP BY seconds.name ORDER BY total DESC, names.name",
        (since // SECOND, (until - 1) // SECOND),
    ).fetchall()


def _by_word(connection: sqlite3.Connection, by: str, since: int, until: int) -> list[tuple[Any, ...]]:
    """Count by the table of minutes."""
    return connection.execute(
        f"SELECT text, sum(count) AS total, sum(errors), min(first_time), max(last_time) FROM minutes"  # noqa: S608  # named here
        f" JOIN words ON words.id = {_WORDS[by]} WHERE minute BETWEEN ? AND ? GROUP BY text ORDER BY total DESC, text",
        (since // MINUTE, (until - 1) // MINUTE),
    ).fetchall()


def _numbers(connection: sqlite3.Connection, since: int, until: int) -> tuple[int, int]:
    """Return the numbers between which the events of a time are."""
    first, last = connection.execute(
        "SELECT ifnull(min(first_seq), 0), ifnull(max(last_seq), -1) FROM seconds WHERE second BETWEEN ? AND ?",
        (since // SECOND, (until - 1) // SECOND),
    ).fetchone()
    return first, last


OPERATIONS = (
    Operation(
        "/api/stats",
        list_statistics,
        "Counts in groups, the largest first. The time is cut in whole seconds, by `persona` and `service` in whole"
        " minutes; by `task`, `cycle` and `session` all is counted that belongs to those with events at that time.",
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
        f"Counts in each `step` seconds up to now, at most {_STEPS} of them: the {MOST_SERIES} largest series, and `{OTHERS}`.",
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
