"""The table of writers: who wrote, what they numbered, what they say they lost, how they ended."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import orjson

from otel_events.reading.uids import is_writer, split_uid, split_uids
from otel_events.server.store.numbers import Numbers
from otel_events.server.store.own import is_own
from otel_events.server.store.words import key_of
from otel_events.server.store.writer_views import unnumbered

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from otel_events.reading.record import Record
    from otel_events.server.store.entry import Entry

_STARTED = "otel_events.writer.started"
_REPORT = "otel_events.writer.report"
_STOPPED = "otel_events.writer.stopped"
_SUMMARY = "otel_events.summary.count"
_INSTANCE = "service.instance.id"
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
        # Of programs that number nothing, what their headers say.
        self._resources: dict[str, Mapping[str, Any]] = {}

    def are_new(self, uids: Sequence[str]) -> list[bool]:
        """Return of each of *uids* whether it is neither stored nor stands before it among them."""
        found: list[bool] = []
        seen: set[str] = set()
        for name, numbers, count in split_uids(uids):
            some = uids[len(found) : len(found) + count]
            if name and seen.isdisjoint(some) and self._numbers.are_new(name, numbers):
                found += [True] * count
            else:
                found += [self._is_new(uid, seen) for uid in some]
            seen.update(some)
        return found

    def note(self, entries: Sequence[Entry]) -> list[str | None]:
        """Take note of *entries*; return the writer of each, empty if that is not known, or None if its uid is stored already."""
        found: list[str | None] = []
        for name, numbers, count in split_uids([_uid_of(entry) for entry in entries]):
            some = entries[len(found) : len(found) + count]
            if not name:
                found += map(self._note_unnumbered, some)
            elif self._numbers.mark(name, numbers):
                self._note(name, numbers, some)
                found += [name] * count
            else:
                found += [self._note_one(name, number, entry) for number, entry in zip(numbers, some, strict=True)]
        return found

    def introduce(self, name: str, service: str, resource: Mapping[str, Any]) -> None:
        """Take note of what a header says of a writer."""
        if is_writer(name):
            self._describe(self._find(name), service, resource)
        elif not name:
            if len(self._resources) >= _MAX_KNOWN:
                self._resources.clear()
            self._resources[unnumbered(service, str(resource.get(_INSTANCE, "")))] = resource

    def _is_new(self, uid: str, seen: set[str]) -> bool:
        if not uid:
            return True
        if uid in seen:
            return False
        seen.add(uid)
        place = split_uid(uid)
        if place is not None:
            return self._numbers.are_new(place[0], [place[1]])
        return self._connection.execute("SELECT 1 FROM uids WHERE hash = ?", (key_of(uid),)).fetchone() is None

    def _note_one(self, name: str, number: int, entry: Entry) -> str | None:
        if not self._numbers.mark(name, [number]):
            return None
        self._note(name, [number], [entry])
        return name

    def _note(self, name: str, numbers: Sequence[int], entries: Sequence[Entry]) -> None:
        """Take note of *entries* of one writer, none of which is known."""
        writer = self._find(name)
        for number, entry in zip(numbers, entries, strict=True):
            record = entry.record
            if _SUMMARY in record.attributes or is_own(record.name):
                _listen(writer, number, record)
        writer.first_number = min(writer.first_number, *numbers)
        writer.last_number = max(writer.last_number, *numbers)
        self._count(writer, entries)

    def _note_unnumbered(self, entry: Entry) -> str | None:
        """Take note of an event that no writer of ours has numbered."""
        uid = _uid_of(entry)
        if uid:
            row = (key_of(uid), entry.seq)
            if not self._connection.execute("INSERT OR IGNORE INTO uids VALUES (?, ?)", row).rowcount:
                return None
        service = entry.record.text("service")
        if service:
            name = unnumbered(service, entry.instance)
            writer = self._find(name)
            if writer.resource is None:
                self._describe(writer, service, self._resources.get(name, {}))
            self._count(writer, [entry])
        return ""

    def _count(self, writer: Writer, entries: Sequence[Entry]) -> None:
        writer.received += len(entries)
        writer.last_time = max(
            writer.last_time, *[time for entry in entries if (time := entry.record.timestamp) <= _LAST], 0
        )
        writer.last_seq = entries[-1].seq
        if not writer.service:
            writer.service = entries[0].record.text("service")[:_MAX_TEXT]

    def _describe(self, writer: Writer, service: str, resource: Mapping[str, Any]) -> None:
        writer.service = service[:_MAX_TEXT]
        writer.host = str(resource.get("host.name", ""))[:_MAX_TEXT]
        writer.pid = writer.pid or _integer(resource.get("process.pid"))
        writer.resource = orjson.dumps(resource).decode()

    def _find(self, name: str) -> Writer:
        """Return the row of a writer that is about to change."""
        self._changed.add(name)
        writer = self._known.get(name)
        if writer is None:
            row = self._connection.execute("SELECT * FROM writers WHERE writer = ?", (name,)).fetchone()
            writer = self._known[name] = Writer(*row) if row else Writer(name)
        return writer

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


def _uid_of(entry: Entry) -> str:
    uid = entry.record.facts.get("uid")
    return uid if type(uid) is str else ""


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
