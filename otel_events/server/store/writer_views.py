"""What can be asked about writers: who they are, and how they fare or ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from otel_events.reading.uids import is_writer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection

# A writer says how it fares every five minutes, if there is anything to write.
QUIET = 600_000_000_000
# A program without sequence numbers never says that it stops, so that nothing is known of its end.
STATES = ("running", "stopped", "unclean", "quiet")
_AT_ONCE = 500
_MAX_TEXT = 300
_COLUMNS = "writer, service, host, pid, started, first_number, last_number, received, emitted, dropped, summed, is_stopped, last_time"


def list_writers(connection: sqlite3.Connection, limit: int) -> list[dict[str, Any]]:
    """Return what is known of each writer, the latest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM writers ORDER BY last_time DESC LIMIT ?", (limit,))  # noqa: S608  # named here
    now = time.time_ns()
    return [_writer(row, now) for row in rows]


class Fate(NamedTuple):
    """What became of a writer: when it was last heard of, and whether it has ended, one way or the other."""

    last: int
    is_gone: bool


def fates(connection: sqlite3.Connection) -> dict[str, Fate]:
    """Return the fate of each writer by the name that events know."""
    recently = time.time_ns() - QUIET
    rows = connection.execute("SELECT writer, is_stopped, last_time FROM writers")
    return {_as_events_say(writer): Fate(last, bool(stopped) or last < recently) for writer, stopped, last in rows}


def states_of(connection: sqlite3.Connection, writers: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the states of *writers*, each a service and a writer as events know it; those that are not known are left out."""
    names = {pair: pair[1] if is_writer(pair[1]) else unnumbered(*pair) for pair in writers}
    known: dict[str, str] = {}
    now = time.time_ns()
    wanted = sorted(set(names.values()))
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        rows = connection.execute(
            f"SELECT writer, is_stopped, last_time FROM writers WHERE writer IN ({marks})",  # noqa: S608  # values are bound
            some,
        )
        known.update({writer: _state(writer, is_stopped, last_time, now) for writer, is_stopped, last_time in rows})
    return {pair: known[name] for pair, name in names.items() if name in known}


def unnumbered(service: str, instance: str) -> str:
    """Return how the table calls a program that numbers nothing."""
    return f"{service}/{instance}"[:_MAX_TEXT]


def _as_events_say(writer: str) -> str:
    return writer if is_writer(writer) else writer.partition("/")[2]


def _state(writer: str, is_stopped: bool, last_time: int, now: int) -> str:
    if is_stopped:
        return "stopped"
    if now - last_time < QUIET:
        return "running"
    return "unclean" if is_writer(writer) else "quiet"


def _writer(row: tuple[Any, ...], now: int) -> dict[str, Any]:
    writer, service, host, pid, started, first, last, received, emitted, dropped, summed, is_stopped, last_time = row
    is_numbered = is_writer(writer)
    # Its start was read: then nothing before is missing but what was lost.
    first = 1 if started is not None else first
    explained = sum(orjson.loads(dropped).values()) + summed
    missing = max(0, last - first + 1 - received - explained)
    return {
        "writer": writer if is_numbered else writer.partition("/")[2],
        "service": service,
        "host": host,
        "pid": pid,
        "started": started,
        "last": last_time,
        "state": _state(writer, is_stopped, last_time, now),
        "is_numbered": is_numbered,
        "emitted": emitted,
        "received": received,
        "missing": missing if is_numbered else None,
        "dropped": orjson.loads(dropped),
        "summed": summed,
    }
