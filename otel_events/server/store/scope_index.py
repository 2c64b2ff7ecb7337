"""The tables of sessions and cycles: from when to when, how many events, how many errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3

    from otel_events.reading.record import Record
    from otel_events.server.store.entry import Entry

_ERROR = 17
_MAX_TEXT = 300
_LAST = 2**63 - 1
_STARTS = frozenset({"session.start", "cycle.start"})
_ENDS = frozenset({"session.end", "cycle.end"})

_SUMS = """
  service = ifnull(excluded.service, service), started = ifnull(excluded.started, started),
  ended = ifnull(excluded.ended, ended), duration = ifnull(excluded.duration, duration),
  events = events + excluded.events, errors = errors + excluded.errors, first_time = min(first_time, excluded.first_time),
  last_time = max(last_time, excluded.last_time), last_seq = max(last_seq, excluded.last_seq)"""
_SESSION = (
    f"INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_id) DO UPDATE SET {_SUMS}"  # noqa: S608  # nothing of it comes from outside
)
_CYCLE = f"""INSERT INTO cycles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, cycle) DO UPDATE SET {_SUMS},
  day = ifnull(excluded.day, day), stalls = stalls + excluded.stalls"""  # noqa: S608


@dataclass(slots=True)
class _Change:
    """What a batch says of one session or cycle."""

    service: str
    first_time: int
    first_seq: int
    last_time: int = -_LAST
    last_seq: int = 0
    events: int = 0
    errors: int = 0
    stalls: int = 0
    started: int | None = None
    ended: int | None = None
    duration: float | None = None
    day: str | int | None = None

    def add(self, entry: Entry, time: int) -> None:
        """Count *entry*."""
        self.events += 1
        self.last_seq = entry.seq
        self.first_time = min(self.first_time, time)
        self.last_time = max(self.last_time, time)
        record = entry.record
        if record.severity >= _ERROR:
            self.errors += 1
        if record.name.endswith(".stalled"):
            self.stalls += 1

    def bound(self, record: Record, time: int) -> None:
        """Take note of an event that opens or closes it."""
        if record.name in _STARTS:
            self.started = time if self.started is None else min(self.started, time)
        else:
            self.ended, self.duration = time, record.duration


class Scopes:
    """Gathers what a batch says of each session and cycle, and writes it once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sessions: dict[str, _Change] = {}
        # A cycle's number counts within a session, else within one run of a program: so the writer tells it apart.
        self._cycles: dict[tuple[str, str | int], tuple[str | None, _Change]] = {}

    def note(self, entry: Entry, time: int, session: object, cycle: object, writer: str) -> None:
        """Take note of *entry*, which is of a session, a cycle, or both."""
        record = entry.record
        name = record.name
        is_bound = name in _STARTS or name in _ENDS
        session_id = str(session)[:_MAX_TEXT] if session is not None else None
        if session_id is not None:
            change = self._sessions.get(session_id)
            if change is None:
                change = self._sessions[session_id] = _begin(entry, time)
            change.add(entry, time)
            if is_bound and name.startswith("session."):
                change.bound(record, time)
        number = _number(cycle)
        if number is None:
            return
        key = (session_id if session_id is not None else f"writer {writer}", number)
        found = self._cycles.get(key)
        if found is None:
            found = self._cycles[key] = (session_id, _begin(entry, time))
        found[1].add(entry, time)
        if is_bound and name.startswith("cycle."):
            found[1].bound(record, time)
            found[1].day = _number(record.get("day"))

    def write(self) -> None:
        """Bring the tables up to what was noted."""
        sessions, self._sessions = self._sessions, {}
        cycles, self._cycles = self._cycles, {}
        self._connection.executemany(_SESSION, [(key, *_sums(change)) for key, change in sessions.items()])
        self._connection.executemany(
            _CYCLE,
            [
                (run, cycle, session_id, change.day, change.stalls, *_sums(change))
                for (run, cycle), (session_id, change) in cycles.items()
            ],
        )

    def forget(self) -> None:
        """Forget what was noted in a transaction that was taken back."""
        self._sessions.clear()
        self._cycles.clear()


def _begin(entry: Entry, time: int) -> _Change:
    return _Change(entry.record.text("service")[:_MAX_TEXT], time, entry.seq)


def _sums(change: _Change) -> tuple[Any, ...]:
    return (
        change.service or None,
        change.started,
        change.ended,
        change.duration,
        change.events,
        change.errors,
        change.first_time,
        change.last_time,
        change.first_seq,
        change.last_seq,
    )


def _number(value: object) -> str | int | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int) and -_LAST <= value <= _LAST:
        return value
    return str(value)[:_MAX_TEXT]
