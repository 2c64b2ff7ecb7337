"""The stages of cycles, out of the index alone: what began and ended in them, by name and time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeAlias

from otel_events.reading.analysis.pairs import part_of
from otel_events.server.api.instants import SECOND, instant
from otel_events.server.store.words import key_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from otel_events.reading.analysis.pairs import Part

# Cycle, session, and the numbers of its first and last event.
Span: TypeAlias = tuple[Any, "str | None", int, int]

_NO_STAGES = frozenset({"task", "session", "cycle", "daemon"})
_MOST_ROWS = 20_000


def stages_of(connection: sqlite3.Connection, cycles: Sequence[Span]) -> list[list[dict[str, Any]]]:
    """Return for each of *cycles* its stages in the order in which they began."""
    parts = _parts(connection)
    if not parts or not cycles:
        return [[] for _ in cycles]
    rows = connection.execute(
        "SELECT cycle, session, seq, time, name, persona, task FROM events"  # noqa: S608  # numbers of names
        f" WHERE name IN ({', '.join(map(str, parts))}) AND seq BETWEEN ? AND ? AND cycle IS NOT NULL ORDER BY seq LIMIT ?",
        (min(each[2] for each in cycles), max(each[3] for each in cycles), _MOST_ROWS),
    )
    by_cycle: dict[tuple[int, int | None], list[tuple[Any, ...]]] = defaultdict(list)
    for cycle, session, *row in rows:
        by_cycle[cycle, session].append(tuple(row))
    return [_stages(parts, by_cycle, each) for each in cycles]


def _parts(connection: sqlite3.Connection) -> dict[int, Part]:
    """Return which end of which stage the names mean, by their numbers."""
    found = {}
    for number, name in connection.execute("SELECT id, name FROM names WHERE count > 0"):
        part = part_of(name)
        if part is not None and part.family not in _NO_STAGES:
            found[number] = part
    return found


def _stages(
    parts: dict[int, Part], by_cycle: dict[tuple[int, int | None], list[tuple[Any, ...]]], of: Span
) -> list[dict[str, Any]]:
    cycle, session_id, first, last = of
    rows = by_cycle.get((cycle, key_of(session_id) if session_id is not None else None), [])
    stages: list[dict[str, Any]] = []
    begun: dict[tuple[Any, ...], list[tuple[dict[str, Any], int]]] = defaultdict(list)
    for seq, time, name, persona, task in rows:
        if not first <= seq <= last:
            continue
        part = parts[name]
        key = (part.family, persona, task)
        if part.role == "opens":
            stage = {"name": part.family, "started": instant(time), "duration": None}
            stages.append(stage)
            begun[key].append((stage, time))
        elif begun[key]:
            stage, began = begun[key].pop()
            stage["duration"] = max(0, time - began) / SECOND
    return stages
