"""The index: what stands in the ledger, by number, name, task, session, trace and writer. It only says what the ledger says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from otel_events.server.store.fault_index import Faults
from otel_events.server.store.minute_index import Minutes
from otel_events.server.store.own import is_own
from otel_events.server.store.scope_index import Scopes
from otel_events.server.store.stretch import stretches
from otel_events.server.store.tasks import Tasks
from otel_events.server.store.totals import Totals
from otel_events.server.store.words import Words, key_of
from otel_events.server.store.writers import Writers

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from otel_events.reading.record import Record
    from otel_events.server.store.entry import Entry
    from otel_events.server.store.stretch import Stretch

_INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LAST = 2**63 - 1
_MAX_SEVERITY = 24
_Runs: TypeAlias = tuple["int | None", "int | None", "int | None"]
_NO_RUNS: _Runs = (None, None, None)


class Index:
    """Writes to the tables, within transactions that the caller begins and ends.

    Attributes:
        writers: knows what was stored by its uid.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.writers = Writers(connection)
        self._connection = connection
        self._totals = Totals(connection)
        self._tasks = Tasks(connection)
        self._scopes = Scopes(connection)
        self._faults = Faults(connection)
        self._minutes = Minutes(connection)
        self._services = Words(connection, "service")
        self._personas = Words(connection, "persona")
        self._writer_ids = Words(connection, "writer")

    def add(self, file: int, entries: Sequence[Entry]) -> list[Entry]:
        """Take *entries* of one file in; return them without those whose uid is known."""
        writers = self.writers.note(entries)
        taken = [entry for entry, writer in zip(entries, writers, strict=True) if writer is not None]
        times = [_bounded(entry.record.timestamp) for entry in taken]
        severities = [_severity(entry.record) for entry in taken]
        names = self._totals.note(taken, times, severities)
        rows: list[tuple[Any, ...]] = []
        for stretch in stretches(taken, times, [writer for writer in writers if writer is not None]):
            shared = self._shared(stretch)
            start, end = len(rows), len(rows) + len(stretch.entries)
            own = zip(stretch.entries, stretch.times, names[start:end], severities[start:end], strict=True)
            rows += [
                (seq, file, offset, length, part, time, name, severity, *shared)
                for (seq, offset, length, part, _, _), time, name, severity in own
            ]
        self._connection.executemany(_INSERT, rows)
        for table in (self._totals, self._tasks, self._scopes, self._faults, self._minutes, self.writers):
            table.write()
        return taken

    def forget(self) -> None:
        """Forget what was learned in a transaction that was taken back."""
        for part in (
            self._totals,
            self._tasks,
            self._scopes,
            self._faults,
            self._minutes,
            self.writers,
            self._services,
            self._personas,
            self._writer_ids,
        ):
            part.forget()

    def _shared(self, stretch: Stretch) -> tuple[Any, ...]:
        """Count a stretch for all that it belongs to; return what is the same in the rows of its events."""
        task_id, session_id, cycle, trace_id, service, persona, writer, _ = stretch.around
        service_number = self._services.number(str(service)) if service else None
        persona_number = self._personas.number(str(persona)) if persona is not None else None
        self._faults.note(stretch, service_number)
        runs = _NO_RUNS
        # What writers say of themselves is nothing that their task did.
        if not is_own(stretch.entries[0].record.name):
            self._minutes.note(stretch, service_number, persona_number)
            if task_id is not None or session_id is not None or cycle is not None:
                scopes = self._scopes.note(stretch)
                runs = (self._tasks.note(stretch, scopes), *scopes)
        return (
            service_number,
            persona_number,
            cycle if type(cycle) is int and -_LAST <= cycle <= _LAST else None,
            key_of(_plain(task_id)) if task_id is not None else None,
            key_of(_plain(session_id)) if session_id is not None else None,
            key_of(_plain(trace_id)) if trace_id else None,
            self._writer_ids.number(writer) if writer else None,
            *runs,
        )


def _bounded(time: int) -> int:
    return time if -_LAST <= time <= _LAST else _LAST


def _severity(record: Record) -> int:
    return record.severity if 0 <= record.severity <= _MAX_SEVERITY else 0


def _plain(value: object) -> str:
    """Return *value* as the filter language compares it."""
    return value if type(value) is str else str(value).lower() if isinstance(value, bool) else str(value)
