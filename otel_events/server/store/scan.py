"""The ledger's lines, one after the other: which records stand on them, and what headers say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from otel_events.ledger.line import HEADER_EVENT, read_header
from otel_events.ledger.read import ReadReport
from otel_events.reading.decode import Decoder
from otel_events.reading.lines import Block
from otel_events.server.store.entry import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from otel_events.reading.record import Record

_OURS = b'{"time":"'
_HEADER = f'"event":"{HEADER_EVENT}"'.encode()
_HEADER_WITHIN = 160
_MAX_INSTANCES = 1_024
_MAX_INSTANCE = 200
# On a header of a server's: the number of the event that follows. It makes numbers last longer than the index.
NEXT_SEQ = "next_seq"


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a header says of a writer."""

    writer: str
    service: str
    resource: Mapping[str, Any]


@dataclass(slots=True)
class Scanned:
    """What stood on some lines.

    Attributes:
        next_seq: the number of what comes behind them.
        entries: their events.
        introductions: what headers among them say.
        markers: the numbers that headers gave, each with that of the lines before it as they were counted.
    """

    next_seq: int
    entries: list[Entry] = field(default_factory=list)
    introductions: list[Introduction] = field(default_factory=list)
    markers: list[tuple[int, int]] = field(default_factory=list)


class Scanner:
    """Reads the lines of a ledger in their order; never raises over one.

    Attributes:
        report: counts what was passed over.
    """

    def __init__(self) -> None:
        self.report = ReadReport()
        self._decoder = Decoder(self.report)
        # By service, of those whose events name no writer: what the header says that stood last.
        self._instances: dict[str, str] = {}

    def scan(self, lines: Sequence[bytes], offset: int, next_seq: int) -> Scanned:
        """Return what stands on *lines*.

        Args:
            lines: without their newlines, each of which is one byte.
            offset: of the first in its file.
            next_seq: the number of the first event.
        """
        found = Scanned(next_seq)
        run: list[bytes] = []
        run_offset = offset
        for line in lines:
            if line.startswith(_OURS) and line.find(_HEADER, 0, _HEADER_WITHIN) < 0:
                run.append(line)
                continue
            offset = self._add_run(run, run_offset, found)
            run = []
            self._add_line(line, offset, found)
            run_offset = offset + len(line) + 1
        self._add_run(run, run_offset, found)
        return found

    def _add_run(self, lines: list[bytes], offset: int, found: Scanned) -> int:
        """Add the events of *lines* of the usual kind; return the offset behind them."""
        records = list(self._decoder.decode(Block(lines))) if lines else []
        if [record.raw for record in records] != lines:
            # Something among them is not what it looks like: one by one, then.
            for line in lines:
                self._add_records(list(self._decoder.decode(Block([line]))), line, offset, found)
                offset += len(line) + 1
            return offset
        seq = found.next_seq
        add, instance_of = found.entries.append, self._instance if self._instances else None
        for record in records:
            length = len(record.raw)
            add(Entry(seq, offset, length, 0, record, instance_of(record) if instance_of is not None else ""))
            seq += 1
            offset += length + 1
        found.next_seq = seq
        return offset

    def _add_line(self, line: bytes, offset: int, found: Scanned) -> None:
        if _HEADER in line[:_HEADER_WITHIN]:
            self._add_header(line, found)
        self._add_records(list(self._decoder.decode_line(line)), line, offset, found)

    def _add_records(self, records: list[Record], line: bytes, offset: int, found: Scanned) -> None:
        for part, record in enumerate(records):
            found.entries.append(Entry(found.next_seq, offset, len(line), part, record, self._instance(record)))
            found.next_seq += 1

    def _instance(self, record: Record) -> str:
        return self._instances.get(record.text("service"), "")

    def _add_header(self, line: bytes, found: Scanned) -> None:
        try:
            parsed = orjson.loads(line)
            header = read_header(parsed)
        except (ValueError, AttributeError):  # torn, or made up: the report counts it as what it is
            return
        if header is None:
            return
        service = str(parsed.get("service", ""))
        found.introductions.append(Introduction(header[0], service, header[1]))
        if not header[0]:
            if len(self._instances) >= _MAX_INSTANCES:
                self._instances.clear()
            self._instances[service] = str(header[1].get("service.instance.id", ""))[:_MAX_INSTANCE]
        marked = parsed.get(NEXT_SEQ)
        if type(marked) is int and 0 < marked < 1 << 53:
            found.markers.append((marked, found.next_seq))
            # Never back: a number that was given is not given again.
            found.next_seq = max(found.next_seq, marked)
