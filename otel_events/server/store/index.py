"""The index: what stands in the ledger, by number, name, task, session, trace and writer. It only says what the ledger says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from otel_events.server.store.entry import Told
from otel_events.server.store.fault_index import Faults
from otel_events.server.store.minute_index import Minutes
from otel_events.server.store.own import is_own
from otel_events.server.store.scope_index import Scopes
from otel_events.server.store.tasks import Tasks
from otel_events.server.store.totals import Totals
from otel_events.server.store.words import Words, key_of
from otel_events.server.store.writers import Writers

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from otel_events.server.store.entry import Entry

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
        rows: list[tuple[Any, ...]] = []
        taken: list[Entry] = []
        for entry in entries:
            writer = self._writer_of(entry)
            if writer is None:
                continue
            rows.append(self._row(file, entry, writer))
            taken.append(entry)
        self._connection.executemany(_INSERT, rows)
        for part in (self._totals, self._tasks, self._scopes, self._faults, self._minutes, self.writers):
            part.write()
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

    def _writer_of(self, entry: Entry) -> str | None:
        uid = entry.record.facts.get("uid")
        return self.writers.note(uid, entry) if uid and type(uid) is str else ""

    def _row(self, file: int, entry: Entry, writer: str) -> tuple[Any, ...]:
        record = entry.record
        lookup = record.facts.get if record.raw else record.get
        task_id, session_id, trace_id = lookup("task_id"), lookup("session_id"), lookup("trace_id")
        service, persona, cycle = lookup("service"), lookup("persona"), lookup("cycle")
        time = record.timestamp if -_LAST <= record.timestamp <= _LAST else _LAST
        runs = _NO_RUNS
        if (task_id is not None or session_id is not None or cycle is not None) and not is_own(record.name):
            # What writers say of themselves is nothing that their task did.
            told = Told(entry, time, trace_id if type(trace_id) is str else "", writer or entry.instance)
            runs = self._place(told, task_id, session_id, cycle)
        service_number = self._services.number(str(service)) if service else None
        persona_number = self._personas.number(str(persona)) if persona is not None else None
        self._faults.note(entry, time, service_number)
        self._minutes.note(entry, time, service_number, persona_number)
        return (
            entry.seq,
            file,
            entry.offset,
            entry.length,
            entry.part,
            time,
            self._totals.note(entry),
            record.severity if 0 <= record.severity <= _MAX_SEVERITY else 0,
            service_number,
            persona_number,
            cycle if type(cycle) is int and -_LAST <= cycle <= _LAST else None,
            key_of(_plain(task_id)) if task_id is not None else None,
            key_of(_plain(session_id)) if session_id is not None else None,
            key_of(_plain(trace_id)) if trace_id else None,
            self._writer_ids.number(writer) if writer else None,
            *runs,
        )

    def _place(self, told: Told, task_id: object, session_id: object, cycle: object) -> _Runs:
        """Count an event for its task, session and cycle; return which run of each that is."""
        scopes = self._scopes.note(told, session_id, cycle)
        run = self._tasks.note(str(task_id), told, scopes) if task_id is not None else None
        return run, *scopes


def _plain(value: object) -> str:
    """Return *value* as the filter language compares it."""
    return value if type(value) is str else str(value).lower() if isinstance(value, bool) else str(value)
