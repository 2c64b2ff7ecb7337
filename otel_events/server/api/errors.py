"""Errors that say the same, as groups; and what each of them said."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from otel_events.reading.failure import kind_of, said_of
from otel_events.server.api import parameters, schemas
from otel_events.server.api.events import as_json
from otel_events.server.api.instants import SECOND, instant
from otel_events.server.api.operation import Operation
from otel_events.server.api.parameters import SINCE, TEXT, Parameter
from otel_events.server.api.problem import not_found
from otel_events.server.store.fault_index import WORD

if TYPE_CHECKING:
    import sqlite3

    from otel_events.server.server import Server

_PARTS = 24
_MOST_TEXT = 2_000
_GROUPS = (
    "SELECT fingerprint, sum(weight), min(time), max(time), max(seq) FROM faults WHERE {where} GROUP BY fingerprint"
    " ORDER BY max(seq) DESC LIMIT ?"
)


def list_groups(server: Server, *, since: int | None, limit: int) -> dict[str, Any]:
    """Return the groups, those with the latest errors first, and how many there were in each part of the time."""
    connection = server.store.read()
    rows = connection.execute(
        _GROUPS.format(where="time >= ?"), (since if since is not None else -(2**63), limit)
    ).fetchall()
    first = since if since is not None else min((row[2] for row in rows), default=0)
    last = max((row[3] for row in rows), default=first)
    step = max(1, -(-(last - first + 1) // (_PARTS * SECOND)))  # whole seconds
    trends = _trends(connection, first, step * SECOND)
    groups = [_group(server, connection, row, trends.get(row[0], [0] * _PARTS)) for row in rows]
    return {"groups": [group for group in groups if group], "trend_from": instant(first), "trend_step": step}


def get_group(server: Server, *, fingerprint: str, limit: int) -> dict[str, Any]:
    """Return one group and its latest errors, newest first."""
    connection = server.store.read()
    found = connection.execute("SELECT id FROM words WHERE kind = ? AND text = ?", (WORD, fingerprint)).fetchone()
    row = connection.execute(_GROUPS.format(where="fingerprint = ?"), (found[0] if found else -1, 1)).fetchone()
    step = max(1, -(-(row[3] - row[2] + 1) // (_PARTS * SECOND))) if row else 1
    trend = _trends(connection, row[2], step * SECOND, row[0])[row[0]] if row else []
    group = _group(server, connection, row, trend) if row else None
    if group is None:
        raise not_found(f"an error of the fingerprint {fingerprint!r:.60}")
    seqs = connection.execute(
        "SELECT seq FROM faults WHERE fingerprint = ? ORDER BY seq DESC LIMIT ?", (row[0], limit)
    ).fetchall()
    events = [event for (seq,) in seqs if (event := server.store.get(seq)) is not None]
    return {
        "group": group,
        "occurrences": [as_json(event) for event in events],
        "trend_from": instant(row[2]),
        "trend_step": step,
    }


def _trends(connection: sqlite3.Connection, first: int, width: int, only: int | None = None) -> dict[int, list[int]]:
    condition, values = ("", []) if only is None else ("AND fingerprint = ?", [only])
    rows = connection.execute(
        f"SELECT fingerprint, (time - ?) / ?, sum(weight) FROM faults WHERE time >= ? {condition} GROUP BY 1, 2",  # noqa: S608  # values are bound
        (first, width, first, *values),
    )
    trends: dict[int, list[int]] = defaultdict(lambda: [0] * _PARTS)
    for fingerprint, part, count in rows:
        trends[fingerprint][min(part, _PARTS - 1)] += count
    return trends


def _group(
    server: Server, connection: sqlite3.Connection, row: tuple[Any, ...], trend: list[int]
) -> dict[str, Any] | None:
    """Return the group of *row*, None if its latest error was deleted in this moment."""
    number, count, first, last, last_seq = row
    event = server.store.get(last_seq)
    if event is None:
        return None
    record = event.record
    services = connection.execute(
        "SELECT DISTINCT text FROM faults JOIN words ON words.id = service WHERE fingerprint = ? ORDER BY text",
        (number,),
    )
    (fingerprint,) = connection.execute("SELECT text FROM words WHERE id = ?", (number,)).fetchone()
    return {
        "fingerprint": fingerprint,
        "type": kind_of(record),
        "message": said_of(record)[:_MOST_TEXT],
        "event": record.name,
        "count": count,
        "first": instant(first),
        "last": instant(last),
        "trend": trend,
        "services": [text for (text,) in services],
        "last_seq": last_seq,
    }


_TREND = {"trend_from": schemas.INSTANT, "trend_step": schemas.COUNT}

OPERATIONS = (
    Operation(
        "/api/errors",
        list_groups,
        "Errors in groups of those that say the same, the latest first; `trend` counts them in parts of `trend_step` seconds.",
        schemas.shape(groups=schemas.listing(schemas.named("ErrorGroup")), **_TREND),
        (SINCE, parameters.limit(100)),
    ),
    Operation(
        "/api/errors/{fingerprint}",
        get_group,
        "One group, and its errors with their stacks, newest first.",
        schemas.shape(group=schemas.named("ErrorGroup"), occurrences=schemas.listing(schemas.named("Event")), **_TREND),
        (
            Parameter("fingerprint", TEXT, "What is the same about them.", place="path", is_required=True),
            parameters.limit(50),
        ),
    ),
)
