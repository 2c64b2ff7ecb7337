"""The stages of cycles, out of the index alone: what began and ended in them, by name and time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from otel_events.reading.analysis.pairs import part_of
from otel_events.server.api.instants import SECOND, instant
from otel_events.server.store.words import key_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from otel_events.reading.analysis.pairs import Part


class CycleSpan(NamedTuple):
    """Which run of a cycle, and the numbers of its first and last event."""

    cycle: Any
    session_id: str | None
    run: int
    first_seq: int
    last_seq: int


_NO_STAGES = frozenset({"task", "session", "cycle", "daemon"})
_MOST_ROWS = 20_000
# Cycle, session by its number, and run.
_Key: TypeAlias = tuple[Any, "int | None", "int | None"]


def stages_of(connection: sqlite3.Connection, cycles: Sequence[CycleSpan]) -> list[list[dict[str, Any]]]:
    """Return for each of *cycles* its stages in the order in which they began."""
    parts = _parts(connection)
    if not parts or not cycles:
        return [[] for _ in cycles]
    rows = connection.execute(
        "SELECT cycle, session, cycle_run, time, name, persona, task FROM events"  # noqa: S608  # numbers of names
        f" WHERE name IN ({', '.join(map(str, parts))}) AND seq BETWEEN ? AND ? AND cycle IS NOT NULL ORDER BY seq LIMIT ?",
        (min(each.first_seq for each in cycles), max(each.last_seq for each in cycles), _MOST_ROWS),
    )
    by_cycle: dict[_Key, list[tuple[Any, ...]]] = defaultdict(list)
    for cycle, session, run, *row in rows:
        by_cycle[cycle, session, run].append(tuple(row))
    return [_stages(parts, by_cycle, each) for each in cycles]


def _parts(connection: sqlite3.Connection) -> dict[int, Part]:
    """Return which end of which stage the names mean, by their numbers."""
    found = {}
    for number, name in connection.execute("SELECT id, name FROM names WHERE count > 0"):
        part = part_of(name)
        if part is not None and part.family not in _NO_STAGES:
            found[number] = part
    return found


def _stages(parts: dict[int, Part], by_cycle: dict[_Key, list[tuple[Any, ...]]], of: CycleSpan) -> list[dict[str, Any]]:
    session = key_of(of.session_id) if of.session_id is not None else None
    rows = by_cycle.get((of.cycle, session, of.run), [])
    stages: list[dict[str, Any]] = []
    begun: dict[tuple[Any, ...], list[tuple[dict[str, Any], int]]] = defaultdict(list)
    for time, name, persona, task in rows:
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
