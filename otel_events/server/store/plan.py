"""What a filter says that the index knows: which rows are worth a look, and whether their lines have to be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from otel_events.event import parse_severity
from otel_events.filter_language import Clause, FilterSettings
from otel_events.pipeline.evaluation import WILD
from otel_events.reading.record import Record
from otel_events.reading.selection import Selection
from otel_events.server.store.own import asks_for_own
from otel_events.server.store.words import key_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

# Conditions on these, if they say `=`, are told by a column; of a hash the line has the last word.
_KEYS = {"task_id": "task", "session_id": "session", "trace_id": "trace"}
_WORDS = {"service": "service", "persona": "persona"}
_SEVERE = 17
_NOTHING = -1
_LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Plan:
    """How to find what fits.

    Attributes:
        names: numbers of the names that may fit; None for every one but `without`.
        without: numbers of names that are not wanted.
        conditions: of SQL, with their values.
        key: the column of `conditions` that an index leads to, empty for none.
        may_hold: what a line has to pass before it is worth being parsed; None where its bytes tell nothing.
        fits: what a record has to pass; None where the rows tell all.
        seqs: the least and the greatest number that may fit.
    """

    names: frozenset[int] | None
    without: frozenset[int]
    conditions: tuple[tuple[str, int], ...]
    key: str
    may_hold: Callable[[bytes], bool] | None
    fits: Callable[[Record], bool] | None
    seqs: tuple[int, int] = (0, _LAST)


def plan(
    connection: sqlite3.Connection,
    chosen: FilterSettings | None,
    since: int | None,
    until: int | None,
    run: int | None = None,
) -> Plan:
    """Return how to find what *chosen* means, between two times; with *run*, of that run of a task only."""
    clauses = chosen.clauses if chosen is not None else ()
    including = [clause for clause in clauses if not clause.excludes]
    is_one = len(including) == 1
    conditions, key = _conditions(connection, including[0]) if is_one else ([], "")
    # What the rows tell whole: names, and of one clause what has a column of its own.
    is_told = all(_is_name_alone(clause) or (is_one and _is_told(clause)) for clause in clauses)
    if since is not None:
        conditions.append(("time >= ?", since))
    if until is not None:
        conditions.append(("time < ?", until))
    seqs = (0, _LAST)
    if run is not None:
        conditions.append(("run = ?", run))
        seqs = _seqs_of_run(connection, including[0], run) if is_one else seqs
    without = frozenset[int]() if asks_for_own(chosen) else _own_names(connection)
    names = _names(connection, chosen, without)
    if is_told or chosen is None:
        return Plan(names, without, tuple(conditions), key, _needles(including) if key else None, None, seqs)
    selection = Selection(chosen)
    return Plan(names, without, tuple(conditions), key, selection.compile_for_bytes(), selection.compile(), seqs)


def _seqs_of_run(connection: sqlite3.Connection, clause: Clause, run: int) -> tuple[int, int]:
    """Return the numbers between which the events of a run are of the task that *clause* names."""
    for condition in clause.conditions:
        if condition.key == "task_id" and condition.operator == "=":
            sql = "SELECT first_seq, last_seq FROM tasks WHERE task_id = ? AND run = ?"
            found: tuple[int, int] | None = connection.execute(sql, (condition.value, run)).fetchone()
            return found or (0, _LAST)
    return 0, _LAST


def _own_names(connection: sqlite3.Connection) -> frozenset[int]:
    return frozenset(number for (number,) in connection.execute("SELECT id FROM names WHERE is_own"))


def _names(
    connection: sqlite3.Connection, chosen: FilterSettings | None, without: frozenset[int]
) -> frozenset[int] | None:
    """Return the names that may fit; None if all do."""
    clauses = chosen.clauses if chosen is not None else ()
    # A clause that excludes by more than a name excludes no name; one that includes by more includes it perhaps.
    by_name = tuple(
        Clause(clause.pattern, excludes=clause.excludes)
        for clause in clauses
        if not clause.excludes or _is_name_alone(clause)
    )
    if all(clause.pattern == "*" and not clause.excludes for clause in by_name):
        return None
    fits = Selection(FilterSettings(by_name)).compile()
    rows = connection.execute("SELECT id, name FROM names").fetchall()
    return frozenset(
        number for number, name in rows if number not in without and (fits is None or fits(Record(name, 0, 0, {}, {})))
    )


def _is_name_alone(clause: Clause) -> bool:
    return not clause.conditions and not clause.texts


def _is_told(clause: Clause) -> bool:
    """Return whether rows tell all that *clause* says, but for a hash that two texts share."""
    return (
        not clause.excludes
        and not clause.texts
        and all(
            condition.operator == "=" and condition.key in {*_KEYS, *_WORDS} and not WILD.search(condition.value)
            for condition in clause.conditions
        )
    )


def _needles(clauses: list[Clause]) -> Callable[[bytes], bool]:
    """Return what tells, by the line, of which of two texts with one hash it is."""
    # Ids are texts; where somebody has a number or a truth for one, the filter takes it as it is written.
    tests = [
        tuple(b'"%b":%b%b' % (condition.key.encode(), value, end) for value, end in _spellings(condition.value))
        for clause in clauses
        for condition in clause.conditions
        if condition.key in _KEYS
    ]
    return lambda line: all(any(needle in line for needle in needles) for needles in tests)


def _spellings(value: str) -> tuple[tuple[bytes, bytes], ...]:
    bare = value.encode("utf-8", "replace")
    return (orjson.dumps(bare.decode()), b""), (bare, b","), (bare, b"}")


def _conditions(connection: sqlite3.Connection, clause: Clause) -> tuple[list[tuple[str, int]], str]:
    """Return what the columns tell of *clause*, and the column that leads to few rows."""
    conditions: list[tuple[str, int]] = []
    key = ""
    for condition in clause.conditions:
        if condition.key == "severity" and condition.operator in {">=", ">"}:
            bound = int(parse_severity(condition.value) or 0)
            # In these very words, or SQLite would not see that its index of severe ones will do.
            severe = "severity >= 17 AND " if bound >= _SEVERE else ""
            conditions.append((f"{severe}severity {condition.operator} ?", bound))
        elif condition.operator != "=" or WILD.search(condition.value):
            continue
        elif condition.key in _KEYS:
            key = _KEYS[condition.key]
            conditions.append((f"{key} = ?", key_of(condition.value)))
        elif condition.key in _WORDS:
            column = _WORDS[condition.key]
            row = connection.execute(
                "SELECT id FROM words WHERE kind = ? AND text = ?", (column, condition.value)
            ).fetchone()
            conditions.append((f"{column} = ?", row[0] if row else _NOTHING))
    return conditions, key
