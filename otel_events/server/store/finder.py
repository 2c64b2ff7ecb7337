"""Finds stored events: rows by the index, lines by the files."""

from __future__ import annotations

import heapq
from itertools import islice
from typing import TYPE_CHECKING, Any

from otel_events.server.store.lines import Lines
from otel_events.server.store.plan import plan

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from otel_events.filter_language import FilterSettings
    from otel_events.server.store.plan import Plan
    from otel_events.server.store.stored import StoredEvent

_STEP = 256  # rows whose lines are read together, at first
_MAX_STEP = 2_048
_MAX_MERGED = 40  # names that are looked up one by one
_LAST = 2**63 - 1
_SECOND = 1_000_000_000


class Finder:
    """Answers `Store.select`, on the connection of the calling thread.

    Args:
        connect: gives that connection.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect

    def get(self, seq: int) -> StoredEvent | None:
        """Return the event of that number, None if it is not kept."""
        connection = self._connect()
        rows = connection.execute("SELECT seq, file, offset, length, part FROM events WHERE seq = ?", (seq,)).fetchall()
        return next(iter(Lines(connection).read(rows)), None)

    def select(
        self,
        chosen: FilterSettings | None,
        *,
        after: int,
        limit: int,
        newest_first: bool = False,
        before: int | None = None,
        since: int | None = None,
        until: int | None = None,
        run: int | None = None,
    ) -> list[StoredEvent]:
        """Return up to *limit* events that fit, in the order of their numbers."""
        connection = self._connect()
        planned = plan(connection, chosen, since, until, run)
        first, last = _between(connection, after, before, since, until)
        first, last = max(first, planned.seqs[0]), min(last, planned.seqs[1])
        rows = _rows(connection, planned, first, last, newest_first=newest_first, limit=limit)
        lines = Lines(connection)
        found: list[StoredEvent] = []
        step = min(limit, _MAX_STEP) if planned.fits is None else _STEP
        while len(found) < limit and (some := list(islice(rows, step))):
            found += _fitting(lines.read(some), planned)
            step = min(step * 2, _MAX_STEP)  # much is passed over: in larger pieces, then
        return found[:limit]


def _fitting(events: list[StoredEvent], planned: Plan) -> list[StoredEvent]:
    fits, may_hold = planned.fits, planned.may_hold
    if may_hold is not None:
        events = [event for event in events if may_hold(event.line)]
    return events if fits is None else [event for event in events if fits(event.record)]


def _between(
    connection: sqlite3.Connection, after: int, before: int | None, since: int | None, until: int | None
) -> tuple[int, int]:
    """Return the least and the greatest number that may be wanted; the seconds' table tells where a time may be."""
    first, last = after + 1, _LAST if before is None else before - 1
    if since is not None:
        (number,) = connection.execute(
            "SELECT min(first_seq) FROM seconds WHERE second >= ?", (since // _SECOND,)
        ).fetchone()
        first = max(first, number if number is not None else _LAST)
    if until is not None:
        (number,) = connection.execute(
            "SELECT max(last_seq) FROM seconds WHERE second <= ?", (until // _SECOND,)
        ).fetchone()
        last = min(last, number if number is not None else 0)
    return first, last


def _rows(
    connection: sqlite3.Connection, planned: Plan, first: int, last: int, *, newest_first: bool, limit: int
) -> Iterator[Any]:
    """Return rows in the order of their numbers, read as they are asked for."""
    names = planned.names
    if names is not None and not names:
        return iter(())
    order = "DESC" if newest_first else "ASC"
    conditions = [f"{condition} AND " for condition, _ in planned.conditions]
    values = [value for _, value in planned.conditions]
    bounds = f"seq BETWEEN ? AND ? ORDER BY seq {order}"

    def query(by_name: str) -> Iterator[Any]:
        sql = f"SELECT seq, file, offset, length, part FROM events WHERE {by_name}{''.join(conditions)}{bounds}"  # noqa: S608  # columns are named here, values are bound
        return connection.execute(sql, (*values, first, last))

    if names is None:
        without = ", ".join(map(str, sorted(planned.without)))
        return query(f"+name NOT IN ({without}) AND " if without else "")
    if not planned.key and len(names) <= _MAX_MERGED and _is_rare(connection, names, limit):
        # Each name's rows stand in its index in order: merged, nothing has to be sorted.
        each = [query(f"name = {number} AND ") for number in sorted(names)]
        return heapq.merge(*each, key=lambda row: row[0], reverse=newest_first)
    # The plus keeps SQLite from going by names, which it would have to sort.
    return query(f"+name IN ({', '.join(map(str, sorted(names)))}) AND ")


def _is_rare(connection: sqlite3.Connection, names: frozenset[int], limit: int) -> bool:
    """Return whether so few events have one of *names* that walking along all events would take longer."""
    listed = ", ".join(map(str, sorted(names)))
    wanted, total = connection.execute(
        f"SELECT ifnull(sum(count) FILTER (WHERE id IN ({listed})), 0), ifnull(sum(count), 0) FROM names"  # noqa: S608  # columns are named here, values are bound
    ).fetchone()
    return bool(wanted * 4 < total or wanted < limit)
