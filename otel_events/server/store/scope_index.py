"""The tables of sessions and cycles, a row for each run: from when to when, how many events, how many errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from otel_events.reading.runs import MAX_RUNS, Run, Runs

if TYPE_CHECKING:
    import sqlite3

    from otel_events.reading.record import Record
    from otel_events.reading.runs import Role
    from otel_events.server.store.stretch import Stretch

_MAX_TEXT = 300
_LAST = 2**63 - 1
_ROLES: dict[str, Role] = {
    "session.start": "opens",
    "cycle.start": "opens",
    "session.end": "closes",
    "cycle.end": "closes",
}
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
_Place = TypeVar("_Place", bound=tuple[Any, ...])


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

    def add(self, stretch: Stretch) -> None:
        """Count the events of *stretch*."""
        self.events += len(stretch.entries)
        self.last_seq = stretch.entries[-1].seq
        self.first_time = min(self.first_time, stretch.times[0])
        self.last_time = max(self.last_time, stretch.times[-1])
        self.errors += stretch.errors
        self.stalls += stretch.stalls

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
        self._sessions: dict[tuple[str, int], _Change] = {}
        self._cycles: dict[tuple[str, str | int, int], _Change] = {}

    def note(self, stretch: Stretch) -> ScopeRuns:
        """Take note of events that may be of a session, a cycle, or both; return their runs."""
        name = stretch.entries[0].record.name
        role = _ROLES.get(name, "tells")
        of_session: Role = role if role == "tells" or name.startswith("session.") else "tells"
        of_cycle: Role = "tells" if of_session is role else role
        session_id, session_run = _NO_SESSION, None
        if stretch.around.session_id is not None:
            session_id = str(stretch.around.session_id)[:_MAX_TEXT]
            run = self._session_runs.place(session_id, of_session, *_whence(stretch))
            session_run = run.number
            _add(self._sessions, (session_id, session_run), run, stretch, of_session)
        cycle = _number(stretch.around.cycle)
        if cycle is None:
            return session_run, None
        run = self._cycle_runs.place((session_id, cycle), of_cycle, *_whence(stretch))
        change = _add(self._cycles, (session_id, cycle, run.number), run, stretch, of_cycle)
        change.session_run = session_run if change.session_run is None else change.session_run
        if of_cycle != "tells":
            change.day = _number(stretch.entries[0].record.get("day"))
        return session_run, run.number

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


def _whence(stretch: Stretch) -> tuple[int, str, str]:
    return stretch.times[0], stretch.trace[:_MAX_TEXT], stretch.writer


def _add(changes: dict[_Place, _Change], place: _Place, run: Run, stretch: Stretch, role: Role) -> _Change:
    """Count *stretch* for the run at *place*; return what the batch says of it."""
    first = stretch.entries[0]
    change = changes.get(place)
    if change is None:
        service = first.record.text("service")[:_MAX_TEXT]
        change = changes[place] = _Change(run, service, stretch.times[0], first.seq)
    change.add(stretch)
    if role != "tells":
        change.bound(first.record, stretch.times[0], role)
    return change


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
