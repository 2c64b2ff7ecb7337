"""The table of tasks: what their events say of each of their runs, kept as they come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from otel_events.ledger.line import dump_line
from otel_events.ledger.tags import tag_attributes
from otel_events.reading.runs import MAX_RUNS, Run, Runs
from otel_events.server.store.stretch import TASK_CLOSING
from otel_events.server.store.words import key_of

if TYPE_CHECKING:
    import sqlite3

    from otel_events.reading.record import Record
    from otel_events.reading.runs import Role
    from otel_events.server.store.scope_index import ScopeRuns
    from otel_events.server.store.stretch import Stretch

RUNNING = "running"
# Its id stands on events, and none of them says that it began or ended.
MENTIONED = "mentioned"
_ROLES: dict[str, Role] = {"task.started": "opens", **dict.fromkeys(TASK_CLOSING, "closes")}
_ELSEWHERE = frozenset({"task_name", "duration", "error.type"})
_MAX_ID = 1_000

_UPSERT = """
INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (task_id, run) DO UPDATE SET
  name = ifnull(excluded.name, name), persona = ifnull(excluded.persona, persona),
  session_id = ifnull(excluded.session_id, session_id), session_run = ifnull(excluded.session_run, session_run),
  cycle = ifnull(excluded.cycle, cycle), cycle_run = ifnull(excluded.cycle_run, cycle_run),
  parent_task_id = ifnull(excluded.parent_task_id, parent_task_id), parent_run = ifnull(excluded.parent_run, parent_run),
  trace_id = CASE WHEN started IS NULL THEN ifnull(excluded.trace_id, trace_id) ELSE ifnull(trace_id, excluded.trace_id) END,
  span_id = CASE WHEN started IS NULL THEN ifnull(excluded.span_id, span_id) ELSE ifnull(span_id, excluded.span_id) END,
  writer = CASE WHEN started IS NULL THEN ifnull(excluded.writer, writer) ELSE ifnull(writer, excluded.writer) END,
  state = CASE WHEN excluded.state = 'mentioned' OR (excluded.state = 'running' AND ended IS NOT NULL)
    THEN state ELSE excluded.state END,
  ended = ifnull(excluded.ended, ended), started = min(ifnull(excluded.started, started), ifnull(started, excluded.started)),
  duration = ifnull(excluded.duration, duration),
  error_type = ifnull(excluded.error_type, error_type), attributes = ifnull(excluded.attributes, attributes),
  events = events + excluded.events, errors = errors + excluded.errors, first_time = min(first_time, excluded.first_time),
  last_seq = max(last_seq, excluded.last_seq)
"""
# What came in the trace of a run, after its beginning, before that beginning had come.
_EARLY = (
    "task = ?1 AND trace = ?2 AND time >= ?3 AND run <> ?4"
    " AND run NOT IN (SELECT run FROM tasks WHERE task_id = ?5 AND trace_id = ?6)"
)


@dataclass(slots=True)
class _Change:
    """What a batch says of one run of a task."""

    first: Record
    first_seq: int
    first_time: int
    runs: ScopeRuns
    last_seq: int = 0
    events: int = 0
    errors: int = 0
    opening: Record | None = None
    closing: Record | None = None
    parent_run: int | None = None
    writer: str = ""

    def add(self, stretch: Stretch) -> None:
        """Count the events of *stretch*."""
        self.last_seq = stretch.entries[-1].seq
        self.events += len(stretch.entries)
        self.errors += stretch.errors


class Tasks:
    """Gathers what a batch says of each task, and writes it once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._runs = Runs(lambda task_id: load_runs(connection, task_id, MAX_RUNS), takes_strangers=lambda _: True)
        self._changes: dict[tuple[str, int], _Change] = {}

    def note(self, stretch: Stretch, scopes: ScopeRuns) -> int | None:
        """Take note of the events of *stretch*; return the number of the run that they belong to, None if they are of no task.

        Args:
            stretch: the events.
            scopes: the runs of their session and their cycle.
        """
        if stretch.around.task_id is None:
            return None
        task_id, time, writer = str(stretch.around.task_id)[:_MAX_ID], stretch.times[0], stretch.writer
        record = stretch.entries[0].record
        role = _ROLES.get(record.name, "tells")
        run = self._runs.place(task_id, role, time, stretch.trace[:_MAX_ID], writer)
        key = (task_id, run.number)
        change = self._changes.get(key)
        if change is None:
            change = self._changes[key] = _Change(record, stretch.entries[0].seq, time, scopes)
        change.add(stretch)
        if role == "opens":
            change.opening, change.writer = change.opening or record, writer
            change.runs, change.parent_run = scopes, self._run_of_parent(stretch)
        elif role == "closes":
            change.closing, change.writer = record, change.writer or writer
        return run.number

    def write(self) -> None:
        """Bring the table up to what was noted; the events of the batch are in theirs."""
        changes, self._changes = self._changes, {}
        late, self._runs.late = self._runs.late, []
        self._connection.executemany(_UPSERT, [_row(*key, change) for key, change in changes.items()])
        for task_id, run in late:
            self._take_early(task_id, run)

    def forget(self) -> None:
        """Forget what was noted in a transaction that was taken back."""
        self._changes.clear()
        self._runs.forget()

    def _run_of_parent(self, stretch: Stretch) -> int | None:
        parent = stretch.entries[0].record.text("parent_task_id")[:_MAX_ID]
        found = self._runs.find(parent, stretch.times[0], stretch.trace, stretch.writer) if parent else None
        return found.number if found is not None else None

    def _take_early(self, task_id: str, run: Run) -> None:
        """Give *run* the events of its trace that were counted to another one, since they came before its beginning."""
        where = (key_of(task_id), key_of(run.trace), run.started, run.number, task_id, run.trace)
        early = self._connection.execute(
            f"SELECT run, count(*), sum(severity >= 17), min(seq) FROM events INDEXED BY events_trace WHERE {_EARLY} GROUP BY run",  # noqa: S608  # named here
            where,
        ).fetchall()
        if not early:
            return
        self._connection.execute(f"UPDATE events INDEXED BY events_trace SET run = ?4 WHERE {_EARLY}", where)  # noqa: S608
        self._connection.executemany(
            "UPDATE tasks SET events = events + ?, errors = errors + ? WHERE task_id = ? AND run = ?",
            [
                (sign * events, sign * errors, task_id, number)
                for other, events, errors, _ in early
                for number, sign in ((other, -1), (run.number, 1))
            ],
        )
        self._connection.execute(
            "UPDATE tasks SET first_seq = min(first_seq, ?) WHERE task_id = ? AND run = ?",
            (min(first for *_, first in early), task_id, run.number),
        )


def load_runs(connection: sqlite3.Connection, task_id: str, most: int) -> list[Run]:
    """Return the latest runs of a task, in the order of their numbers."""
    rows = connection.execute(
        "SELECT run, ifnull(trace_id, ''), ifnull(writer, ''), first_time, started, ended FROM tasks WHERE task_id = ?"
        " ORDER BY run DESC LIMIT ?",
        (task_id, most),
    ).fetchall()
    return [Run(*row) for row in reversed(rows)]


def _row(task_id: str, run: int, change: _Change) -> tuple[Any, ...]:
    told = change.opening or change.closing
    about = told or change.first
    closing = change.closing
    return (
        task_id,
        run,
        _text(told, "task_name"),
        _text(about, "persona"),
        _text(about, "session_id"),
        change.runs[0],
        _integer(about.get("cycle")),
        change.runs[1],
        _text(told, "parent_task_id"),
        change.parent_run,
        _text(told, "trace_id"),
        _text(told, "span_id"),
        change.writer or None,
        TASK_CLOSING[closing.name] if closing is not None else RUNNING if change.opening is not None else MENTIONED,
        _bounded(change.opening.timestamp) if change.opening is not None else None,
        _bounded(closing.timestamp) if closing is not None else None,
        closing.duration if closing is not None else None,
        change.events,
        change.errors,
        _text(closing, "error.type"),
        _closing_attributes(closing),
        change.first_time,
        change.first_seq,
        change.last_seq,
    )


def _text(record: Record | None, key: str) -> str | None:
    return record.text(key)[:_MAX_ID] or None if record is not None else None


def _integer(value: object) -> int | None:
    return value if type(value) is int and -(2**63) <= value < 2**63 else None


def _bounded(timestamp: int) -> int:
    return max(-(2**63), min(timestamp, 2**63 - 1))


def _closing_attributes(closing: Record | None) -> str | None:
    if closing is None:
        return None
    kept = {
        key: value
        for key, value in closing.attributes.items()
        if key not in _ELSEWHERE and not key.startswith("exception.")
    }
    return dump_line(tag_attributes(kept)).decode().rstrip()
