"""The table of writers: who wrote, what they numbered, what they say they lost, how they ended."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import orjson

from otel_events.reading.uids import is_writer, split_uid
from otel_events.server.store.numbers import Numbers
from otel_events.server.store.words import key_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from otel_events.reading.record import Record
    from otel_events.server.store.entry import Entry

_STARTED = "otel_events.writer.started"
_REPORT = "otel_events.writer.report"
_STOPPED = "otel_events.writer.stopped"
_SUMMARY = "otel_events.summary.count"
_MAX_KNOWN = 4_096
_MAX_TEXT = 300
_LAST = 2**63 - 1


@dataclass(slots=True)
class Writer:
    """One row of the table."""

    writer: str
    service: str = ""
    host: str = ""
    pid: int | None = None
    resource: str | None = None
    started: int | None = None
    first_number: int = 1 << 62
    last_number: int = 0
    received: int = 0
    emitted: int | None = None
    dropped: str = "{}"
    summed: int = 0
    is_stopped: bool = False
    last_time: int = 0
    last_seq: int = 0


_INSERT = "INSERT OR REPLACE INTO writers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Writers:
    """Knows what was stored by its uid, and gathers what a batch says of each writer."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._numbers = Numbers(connection)
        self._known: dict[str, Writer] = {}
        self._changed: set[str] = set()

    def has(self, uid: str) -> bool:
        """Return whether an event of that uid is stored."""
        place = split_uid(uid)
        if place is not None:
            return self._numbers.has(*place)
        return self._connection.execute("SELECT 1 FROM uids WHERE hash = ?", (key_of(uid),)).fetchone() is not None

    def note(self, uid: str, entry: Entry) -> str | None:
        """Take note of *entry*; return its writer, empty if that is not known, or None if the uid is stored already."""
        place = split_uid(uid)
        if place is None:
            row = (key_of(uid), entry.seq)
            done = self._connection.execute("INSERT OR IGNORE INTO uids VALUES (?, ?)", row)
            return "" if done.rowcount else None
        name, number = place
        if not self._numbers.mark(name, number):
            return None
        writer = self._known.get(name) or self._load(name)
        self._changed.add(name)
        record = entry.record
        if record.name.startswith("otel_events.writer.") or _SUMMARY in record.attributes:
            _listen(writer, number, record)
        writer.received += 1
        writer.first_number = min(writer.first_number, number)
        writer.last_number = max(writer.last_number, number)
        if writer.last_time < record.timestamp <= _LAST:
            writer.last_time = record.timestamp
        writer.last_seq = entry.seq
        if not writer.service:
            writer.service = record.text("service")[:_MAX_TEXT]
        return name

    def introduce(self, name: str, service: str, resource: Mapping[str, Any]) -> None:
        """Take note of what a header says of a writer."""
        if not is_writer(name):
            return
        writer = self._known.get(name) or self._load(name)
        writer.service = service[:_MAX_TEXT]
        writer.host = str(resource.get("host.name", ""))[:_MAX_TEXT]
        writer.resource = orjson.dumps(resource).decode()
        self._changed.add(name)

    def write(self) -> None:
        """Bring the tables up to what was noted."""
        self._numbers.write()
        changed, self._changed = self._changed, set()
        self._connection.executemany(_INSERT, [astuple(self._known[name]) for name in changed])
        if len(self._known) > _MAX_KNOWN:
            self._known.clear()

    def forget(self) -> None:
        """Forget what was noted in a transaction that was taken back."""
        self._numbers.forget()
        self._known.clear()
        self._changed.clear()

    def _load(self, name: str) -> Writer:
        row = self._connection.execute("SELECT * FROM writers WHERE writer = ?", (name,)).fetchone()
        writer = self._known[name] = Writer(*row) if row else Writer(name)
        return writer


def _listen(writer: Writer, number: int, record: Record) -> None:
    """Take note of what the writer says of itself."""
    attributes = record.attributes
    summed = attributes.get(_SUMMARY)
    if isinstance(summed, int):
        writer.summed += max(0, summed - 1)
    if record.name == _STARTED:
        writer.started, writer.pid = record.timestamp, _integer(attributes.get("pid"))
        writer.is_stopped = writer.is_stopped and number < writer.last_number
    elif record.name in {_REPORT, _STOPPED}:
        writer.emitted = _integer(attributes.get("emitted"))
        dropped = attributes.get("dropped")
        counts = dropped if isinstance(dropped, dict) else {}
        writer.dropped = orjson.dumps({key: count for key, count in counts.items() if _integer(count)}).decode()
        if record.name == _STOPPED:
            writer.is_stopped = True
            writer.last_number = max(writer.last_number, _integer(attributes.get("last_sequence")) or 0)


def _integer(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 2**53 else None
