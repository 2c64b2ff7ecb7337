"""The tables of sessions and cycles, a row for each run: from when to when, how many events, how many errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from otel_events.reading.runs import MAX_RUNS, Run, Runs

if TYPE_CHECKING:
    import sqlite3

    from otel_events.reading.record import Record
    from otel_events.reading.runs import Role
    from otel_events.server.store.entry import Entry, Told

_ERROR = 17
_MAX_TEXT = 300
_LAST = 2**63 - 1
_ROLES: dict[str, Role] = {
    "session.start": "opens",
    "cycle.start": "opens",
    "session.end": "closes",
    "cycle.end": "closes",
}
SCOPE_BOUNDS = frozenset(_ROLES)
_NO_SESSION = ""
_KNOWN = "run, trace_id, writer, first_time, started, ended"

_SUMS = """
  trace_id = CASE WHEN started IS NULL AND excluded.started IS NOT NULL THEN excluded.trace_id ELSE trace_id END,
  writer = CASE WHEN started IS NULL AND excluded.started IS NOT NULL THEN excluded.writer ELSE writer END,
  service = ifnull(excluded.service, service),
  started = min(ifnull(excluded.started, started), ifnull(started, excluded.started)),
  ended = ifnull(excluded.ended, ended), duration = ifnull(excluded.duration, duration),
  events = events + excluded.events, errors = errors + excluded.errors, first_time = min(first_time, excluded.first_time),
  last_time = max(last_time, excluded.last_time), last_seq = max(last_seq, excluded.last_seq)"""
_SESSION = f"""INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (session_id, run) DO UPDATE SET {_SUMS}"""  # noqa: S608  # nothing of it comes from outside
_CYCLE = f"""INSERT INTO cycles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (session_id, cycle, run) DO UPDATE SET {_SUMS},
  session_run = ifnull(session_run, excluded.session_run), day = ifnull(excluded.day, day),
  stalls = stalls + excluded.stalls"""  # noqa: S608

# The runs of an event's session and cycle, by their numbers.
ScopeRuns: TypeAlias = tuple["int | None", "int | None"]


@dataclass(slots=True)
class _Change:
    """What a batch says of one run of a session or cycle."""

    run: Run
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
    session_run: int | None = None

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

    def bound(self, record: Record, time: int, role: Role) -> None:
        """Take note of when it began or ended, if this event says so."""
        if role == "opens":
            self.started = time if self.started is None else min(self.started, time)
        elif role == "closes":
            self.ended, self.duration = time, record.duration


class Scopes:
    """Gathers what a batch says of each session and cycle, and writes it once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._session_runs = Runs(self._load_session, takes_strangers=lambda _: True)
        # A cycle's number counts within a session, else within one run of a program.
        self._cycle_runs = Runs(self._load_cycle, takes_strangers=lambda key: key[0] != _NO_SESSION)
        self._latest: list[_Change] = []
        self._sessions: dict[tuple[str, int], _Change] = {}
        self._cycles: dict[tuple[str, str | int, int], _Change] = {}

    def note(self, told: Told, session: object, cycle: object) -> ScopeRuns:
        """Take note of an event, which may be of a session, a cycle, or both; return their runs."""
        self._latest.clear()
        name = told.entry.record.name
        role = _ROLES.get(name, "tells")
        of_session: Role = role if role == "tells" or name.startswith("session.") else "tells"
        of_cycle: Role = "tells" if of_session is role else role
        session_id, session_run = _NO_SESSION, None
        if session is not None:
            session_id = str(session)[:_MAX_TEXT]
            session_run = self._note_session(session_id, of_session, told)
        number = _number(cycle)
        if number is None:
            return session_run, None
        return session_run, self._note_cycle((session_id, number), session_run, of_cycle, told)

    def note_again(self, told: Told) -> None:
        """Take note of an event of the same runs as the one before in its batch, which neither opens nor closes one."""
        for change in self._latest:
            change.add(told.entry, told.time)

    def _note_session(self, session_id: str, role: Role, told: Told) -> int:
        entry, time, trace, writer = told
        run = self._session_runs.place(session_id, role, time, trace[:_MAX_TEXT], writer)
        change = self._sessions.get((session_id, run.number))
        if change is None:
            change = self._sessions[session_id, run.number] = _begin(run, entry, time)
        self._latest.append(change)
        change.add(entry, time)
        if role != "tells":
            change.bound(entry.record, time, role)
        return run.number

    def _note_cycle(self, key: tuple[str, str | int], session_run: int | None, role: Role, told: Told) -> int:
        entry, time, trace, writer = told
        run = self._cycle_runs.place(key, role, time, trace[:_MAX_TEXT], writer)
        place = (*key, run.number)
        change = self._cycles.get(place)
        if change is None:
            change = self._cycles[place] = _begin(run, entry, time)
            change.session_run = session_run
        self._latest.append(change)
        change.add(entry, time)
        if role != "tells":
            change.bound(entry.record, time, role)
            change.day = _number(entry.record.get("day"))
        return run.number

    def write(self) -> None:
        """Bring the tables up to what was noted."""
        self._session_runs.late.clear()
        self._cycle_runs.late.clear()
        sessions, self._sessions = self._sessions, {}
        cycles, self._cycles = self._cycles, {}
        self._connection.executemany(_SESSION, [(*key, *_sums(change)) for key, change in sessions.items()])
        self._connection.executemany(_CYCLE, [_cycle_row(key, change) for key, change in cycles.items()])

    def forget(self) -> None:
        """Forget what was noted in a transaction that was taken back."""
        self._sessions.clear()
        self._cycles.clear()
        self._session_runs.forget()
        self._cycle_runs.forget()

    def _load_session(self, session_id: Any) -> list[Run]:
        return self._load("sessions WHERE session_id = ?", (session_id,))

    def _load_cycle(self, key: Any) -> list[Run]:
        return self._load("cycles WHERE session_id = ? AND cycle = ?", key)

    def _load(self, table: str, values: tuple[Any, ...]) -> list[Run]:
        rows = self._connection.execute(
            f"SELECT {_KNOWN} FROM {table} ORDER BY run DESC LIMIT {MAX_RUNS}",  # noqa: S608  # named here
            values,
        ).fetchall()
        return [Run(*row) for row in reversed(rows)]


def _begin(run: Run, entry: Entry, time: int) -> _Change:
    return _Change(run, entry.record.text("service")[:_MAX_TEXT], time, entry.seq)


def _cycle_row(key: tuple[str, str | int, int], change: _Change) -> tuple[Any, ...]:
    run_of, trace, writer, *sums = (change.session_run, *_sums(change))
    return (*key, run_of, trace, writer, change.day, change.stalls, *sums)


def _sums(change: _Change) -> tuple[Any, ...]:
    return (
        change.run.trace,
        change.run.writer,
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
