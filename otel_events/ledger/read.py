"""Read ledgers and what is like them: any line that holds an event becomes one, every other line is counted."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeAlias

import orjson

from otel_events.ledger.flat import decode_flat
from otel_events.ledger.line import decode_line, read_header
from otel_events.ledger.otlp_json import decode_logs
from otel_events.ledger.rotate import list_rotated
from otel_events.ledger.split import DamagedError, RawLine, split_lines
from otel_events.ledger.tags import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from otel_events.event import Event, Value

SourceKind: TypeAlias = Literal["ledger", "flat", "otlp"]

# A Collector writes a whole batch as one line, so that lines of several megabytes are in order.
MAX_LINE_BYTES = 32 << 20

_WHITE = b" \t\r\n\x00"
_BOM = b"\xef\xbb\xbf"
_START = b'{"time":'


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event as a ledger kept it.

    Attributes:
        event: the event; all its attributes are its own, `bound` is empty.
        service: `service.name` of the program that emitted it, empty if the line does not say.
        resource: what is known of that program; many events share one mapping.
        source_kind: what kind of line held it.
    """

    event: Event
    service: str
    resource: Mapping[str, Value]
    source_kind: SourceKind


@dataclass(slots=True)
class ReadReport:
    """What became of the lines that were read, and of the files.

    Attributes:
        events: events found.
        headers: lines that describe a writer.
        blank: lines of white space or NULs.
        torn: lines that a killed writer left unfinished; what was glued behind one is read all the same.
        malformed: lines that are not JSON, or that claim to be an event and are none.
        foreign: JSON, but no event.
        oversized: lines longer than allowed.
        unreadable: files that could not be opened or read to their end.
    """

    events: int = 0
    headers: int = 0
    blank: int = 0
    torn: int = 0
    malformed: int = 0
    foreign: int = 0
    oversized: int = 0
    unreadable: int = 0

    @property
    def passed_over(self) -> int:
        """Return the number of lines that held something and gave no event."""
        return self.torn + self.malformed + self.foreign + self.oversized


class LedgerReader:
    """Turn lines into events, remembering each writer's header.

    One reader for all files of a ledger: a writer's header may stand in an older file. It never raises over a line.
    """

    def __init__(self, report: ReadReport | None = None) -> None:
        self.report = ReadReport() if report is None else report
        self._resources: dict[str, Mapping[str, Value]] = {}
        self._writer_id_lengths: list[int] = []
        self._services: dict[str, Mapping[str, Value]] = {}

    def parse_line(self, line: bytes, *, is_whole: bool = True) -> list[Recorded]:
        """Return the events on *line*, none if it holds none; count what it was.

        Args:
            line: with or without its newline.
            is_whole: False for a last line that no newline ends: half a line is then torn, not malformed.
        """
        text = line.strip(_WHITE).removeprefix(_BOM)
        if not text:
            self.report.blank += 1
            return []
        try:
            parsed = load_json(text)
        except ValueError:
            return self._salvage(text, is_whole=is_whole)
        try:
            found = self._recognize(parsed)
        except Exception:  # whatever a line holds, the next one is read; counted
            self.report.malformed += 1
            return []
        self.report.events += len(found)
        return found

    def _recognize(self, parsed: Any) -> list[Recorded]:
        if isinstance(parsed, dict):
            if isinstance(parsed.get("event"), str):
                return self._recognize_event(parsed)
            if isinstance(parsed.get("resourceLogs"), list):
                return [
                    Recorded(event, str(resource.get("service.name", "")), resource, "otlp")
                    for event, resource in decode_logs(parsed)
                ]
        self.report.foreign += 1
        return []

    def _recognize_event(self, parsed: dict[str, Any]) -> list[Recorded]:
        header = read_header(parsed)
        if header is not None:
            self._learn(*header)
            self.report.headers += 1
            return []
        if "time" not in parsed or "severity" not in parsed or not isinstance(parsed.get("attributes"), dict):
            return [Recorded(decode_flat(parsed), "", _EMPTY, "flat")]
        event = decode_line(parsed)
        service = str(parsed.get("service", ""))
        origin = event.resource
        resource = self._find_resource(event.uid, service) if origin is None else origin.attributes
        return [Recorded(event, service, resource, "ledger")]

    def _salvage(self, text: bytes, *, is_whole: bool) -> list[Recorded]:
        """Read the whole line that a writer glued behind somebody's torn one, if there is such a line."""
        start = text.rfind(_START)
        if not is_whole or start >= 0 or _START.startswith(text):
            self.report.torn += 1
        else:
            self.report.malformed += 1
        if start <= 0:
            return []
        try:
            found = self._recognize(load_json(text[start:]))
        except Exception:  # torn twice: counted above
            return []
        self.report.events += len(found)
        return found

    def _learn(self, writer_id: str, resource: dict[str, Value]) -> None:
        shared = MappingProxyType(resource)
        self._resources[writer_id] = shared
        self._services[str(resource.get("service.name", ""))] = shared
        self._writer_id_lengths = sorted({len(known) for known in self._resources if known}, reverse=True)

    def _find_resource(self, uid: str, service: str) -> Mapping[str, Value]:
        for length in self._writer_id_lengths:
            resource = self._resources.get(uid[:length])
            if resource is not None:
                return resource
        # No header: the last one of the same program, or at least its name.
        if service not in self._services:
            self._services[service] = MappingProxyType({"service.name": service} if service else {})
        return self._services[service]


_EMPTY: Mapping[str, Any] = MappingProxyType({})


def read_lines(
    source: str | os.PathLike[str] | BinaryIO,
    *,
    report: ReadReport | None = None,
    reader: LedgerReader | None = None,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> Iterator[Recorded]:
    """Yield the events of one file, plain, gzip or UTF-16; raise OSError only if it cannot be opened.

    Args:
        source: a path, or a binary stream, which is left open.
        report: counts what was read and passed over.
        reader: carries writers' headers from one file to the next; its own report is used if it is given.
        max_line_bytes: longer lines are counted and passed over without being held in memory.
    """
    reader = reader or LedgerReader(report)
    with ExitStack() as stack:
        stream = stack.enter_context(Path(source).open("rb")) if isinstance(source, str | os.PathLike) else source
        try:
            for line in split_lines(stream, max_line_bytes):
                yield from _read_raw(line, reader)
        except (DamagedError, OSError):
            reader.report.unreadable += 1


def read_ledger(
    path: str | os.PathLike[str], *, report: ReadReport | None = None, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[Recorded]:
    """Yield the events of a whole ledger, oldest file first: the rotated files, then the one being written.

    A rotation meanwhile neither loses nor repeats a file. A missing ledger has no events.
    """
    reader = LedgerReader(report)
    # Opened first: if it is rotated from now on, it is still read here, and known again in the list.
    current = _open_if_there(Path(path), reader.report)
    try:
        identity = _identify(current)
        for rotated in list_rotated(path):
            with ExitStack() as stack:
                stream = _open_if_there(rotated, reader.report)
                if stream is None:
                    continue
                stack.enter_context(stream)
                if _identify(stream) != identity:
                    yield from read_lines(stream, reader=reader, max_line_bytes=max_line_bytes)
        if current is not None:
            yield from read_lines(current, reader=reader, max_line_bytes=max_line_bytes)
    finally:
        if current is not None:
            current.close()


def _read_raw(line: RawLine, reader: LedgerReader) -> list[Recorded]:
    if line.is_oversized:
        reader.report.oversized += 1
        return []
    return reader.parse_line(line.text, is_whole=line.is_whole)


def load_json(text: bytes) -> Any:
    """Return the JSON of *text*, or raise ValueError; NaN, huge integers and lone surrogates included."""
    try:
        return orjson.loads(text)
    except ValueError:
        # Python's own json writes all three, so hand-written ledgers hold them.
        try:
            return clean_text(json.loads(text))
        except RecursionError as error:
            raise ValueError("nested too deep") from error


def _open_if_there(path: Path, report: ReadReport) -> BinaryIO | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None
    except OSError:
        report.unreadable += 1
        return None


def _identify(stream: BinaryIO | None) -> tuple[int, int] | None:
    if stream is None:
        return None
    status = os.fstat(stream.fileno())
    return status.st_dev, status.st_ino
