"""The table of tasks: what their events say of them, kept as they come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from otel_events.ledger.line import dump_line
from otel_events.ledger.tags import tag_attributes

if TYPE_CHECKING:
    import sqlite3

    from otel_events.reading.record import Record
    from otel_events.server.store.entry import Entry

RUNNING = "running"
# Its id stands on events, and none of them says that it began or ended.
MENTIONED = "mentioned"
_CLOSING = {"task.completed": "completed", "task.failed": "failed", "task.cancelled": "cancelled"}
_ERROR = 17
_ELSEWHERE = frozenset({"task_name", "duration", "error.type"})
_MAX_ID = 1_000

_UPSERT = """
INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (task_id) DO UPDATE SET
  name = ifnull(excluded.name, name), persona = ifnull(excluded.persona, persona),
  session_id = ifnull(excluded.session_id, session_id), cycle = ifnull(excluded.cycle, cycle),
  parent_task_id = ifnull(excluded.parent_task_id, parent_task_id), trace_id = ifnull(excluded.trace_id, trace_id),
  span_id = ifnull(excluded.span_id, span_id), writer = ifnull(excluded.writer, writer),
  state = CASE WHEN excluded.state = 'mentioned' OR (excluded.state = 'running' AND ended >= excluded.started)
    THEN state ELSE excluded.state END,
  ended = CASE WHEN excluded.state = 'running' AND ended < excluded.started THEN NULL ELSE ifnull(excluded.ended, ended) END,
  started = ifnull(excluded.started, started), duration = ifnull(excluded.duration, duration),
  error_type = ifnull(excluded.error_type, error_type), attributes = ifnull(excluded.attributes, attributes),
  events = events + excluded.events, errors = errors + excluded.errors, last_seq = max(last_seq, excluded.last_seq)
"""


@dataclass(slots=True)
class _Change:
    """What a batch says of one task."""

    first: Record
    first_seq: int
    last_seq: int = 0
    events: int = 0
    errors: int = 0
    opening: Record | None = None
    closing: Record | None = None


class Tasks:
    """Gathers what a batch says of each task, and writes it once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._changes: dict[str, _Change] = {}

    def note(self, task_id: str, entry: Entry) -> None:
        """Take note of *entry*, an event of the task."""
        record = entry.record
        change = self._changes.get(task_id)
        if change is None:
            change = self._changes[task_id] = _Change(record, entry.seq)
        change.last_seq = entry.seq
        change.events += 1
        if record.severity >= _ERROR:
            change.errors += 1
        if record.name.startswith("task."):
            if record.name == "task.started":
                # Begun anew: the end that was noted is that of the time before.
                if change.closing is not None and change.closing.timestamp < record.timestamp:
                    change.closing = None
                change.opening = record
            elif record.name in _CLOSING:
                change.closing = record

    def write(self) -> None:
        """Bring the table up to what was noted."""
        changes, self._changes = self._changes, {}
        self._connection.executemany(_UPSERT, [_row(task_id, change) for task_id, change in changes.items()])

    def forget(self) -> None:
        """Forget what was noted in a transaction that was taken back."""
        self._changes.clear()


def _row(task_id: str, change: _Change) -> tuple[Any, ...]:
    told = change.opening or change.closing
    about = told or change.first
    closing = change.closing
    return (
        task_id[:_MAX_ID],
        _text(told, "task_name"),
        _text(about, "persona"),
        _text(about, "session_id"),
        _integer(about.get("cycle")),
        _text(told, "parent_task_id"),
        _text(told, "trace_id"),
        _text(told, "span_id"),
        _writer(told),
        _CLOSING[closing.name] if closing is not None else RUNNING if change.opening is not None else MENTIONED,
        _bounded(change.opening.timestamp) if change.opening is not None else None,
        _bounded(closing.timestamp) if closing is not None else None,
        closing.duration if closing is not None else None,
        change.events,
        change.errors,
        _text(closing, "error.type"),
        _closing_attributes(closing),
        change.first_seq,
        change.last_seq,
    )


def _text(record: Record | None, key: str) -> str | None:
    return record.text(key)[:_MAX_ID] or None if record is not None else None


def _writer(record: Record | None) -> str | None:
    return record.text("uid").rpartition("-")[0] or None if record is not None else None


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
