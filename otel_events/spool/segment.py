"""The format of segments, the files that a spool on disk is made of.

A segment begins with a header and goes on with records. A record holds one batch, or says that one was settled. Nothing is
ever changed in place: a segment is appended to, and deleted as a whole. Each record begins with a marker that no UTF-8 text
can contain, so that a reader finds the next record behind any damage.

Batches are numbered by the log records or spans they hold: a batch of 3 that is number 10 is followed by number 13. So
what damage took away can be counted.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from otel_events.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.spool.queue import Encoding

VERSION: Final = 1
MAX_BODY_BYTES: Final = 256 * 1024 * 1024
WRITER_PATTERN: Final = r"[0-9A-Za-z]{0,31}\.[0-9a-f]{8}"

_MAGIC = b"\x89OTELEV\n"
_MARKER = b"\xff\xfe\xf5EVR\xf5\xfe"
# Magic, version, when it was begun, number of the first batch, writer's token, CRC of these. All versions begin so.
_HEADER = struct.Struct("<8sHxxQQ40sI")
_RECORD = struct.Struct("<8sIIQIBxxxI")  # marker, length, CRC of the body, number, records, kind, CRC of these
_HEAD = struct.Struct("<8sIIQIBxxx")  # the same, less its own CRC
_CRC = struct.Struct("<I")
_KIND_SETTLED = 255
_ENCODINGS: dict[int, Encoding] = {0: None, 1: "gzip"}
_KINDS: dict[Encoding, int] = {encoding: kind for kind, encoding in _ENCODINGS.items()}
_NAME = lazy_pattern(rf"(\d{{10}})-({WRITER_PATTERN})\.spool", re.ASCII)
_LOCK_NAME = lazy_pattern(rf"({WRITER_PATTERN})\.lock")

HEADER_BYTES: Final = _HEADER.size
RECORD_OVERHEAD: Final = _RECORD.size


class Header(NamedTuple):
    """How a segment begins: *number* is that of its first batch, *began* in Unix seconds."""

    version: int
    began: int
    number: int


class Found(NamedTuple):
    """A batch in a segment: its number, and where its body is."""

    number: int
    records: int
    encoding: Encoding
    offset: int
    length: int
    crc: int

    def is_body(self, data: bytes) -> bool:
        """Return whether *data* is what was written."""
        return len(data) == self.length and zlib.crc32(data) == self.crc


class Scan:
    """What is in a segment.

    Attributes:
        header: None if it is damaged, or this is no segment.
        waiting: the intact batches that are not settled, in order.
        missing: number and records of what is damaged, and not settled.
        cut_at: where a batch was cut short at the end, as a kill leaves it: its append had not returned.
        cut_records: how many log records or spans it was to hold, as far as that can be read.
        is_damaged: something else cannot be read.
        is_empty: nothing in it was ever a batch.
    """

    __slots__ = ("cut_at", "cut_records", "header", "is_damaged", "is_empty", "missing", "waiting")

    def __init__(self, header: Header | None) -> None:
        self.header = header
        self.waiting: list[Found] = []
        self.missing: list[tuple[int, int]] = []
        self.cut_at: int | None = None
        self.cut_records = 0
        self.is_damaged = False
        self.is_empty = True

    @property
    def is_newer(self) -> bool:
        """Whether a later version of ours has written it: nothing of it was read."""
        return self.header is not None and self.header.version > VERSION


def make_token(writer_id: str) -> str:
    """Return a name for one spool's segments; no other spool has it, of the same writer or another."""
    return f"{re.sub('[^0-9A-Za-z]', '', writer_id)[:31]}.{os.urandom(4).hex()}"


def name_segment(count: int, token: str) -> str:
    """Return the file name of the segment that is the *count*-th of the writer *token*."""
    return f"{count:010d}-{token}.spool"


def read_name(name: str) -> tuple[int, str] | None:
    """Return count and writer of the segment with the file name *name*; None if no segment is called so."""
    match = _NAME.fullmatch(name)
    return None if match is None else (int(match[1]), match[2])


def name_lock(token: str) -> str:
    """Return the file name of the lock that the writer *token* holds while it lives."""
    return f"{token}.lock"


def read_lock_name(name: str) -> str | None:
    """Return the writer whose lock has the file name *name*; None if no lock is called so."""
    match = _LOCK_NAME.fullmatch(name)
    return None if match is None else match[1]


def encode_header(number: int, token: str, began: int) -> bytes:
    """Return the beginning of a segment whose first batch is *number*."""
    began = max(0, began)  # a clock may stand before 1970
    head = _HEADER.pack(_MAGIC, VERSION, began, number, token.encode("ascii"), 0)[: -_CRC.size]
    return head + _CRC.pack(zlib.crc32(head))


def read_header(data: bytes) -> Header | None:
    """Return the header that *data* begins with, whatever version wrote it; None if it is damaged, or there is none."""
    if len(data) < HEADER_BYTES or not data.startswith(_MAGIC) or not _is_intact(data[:HEADER_BYTES]):
        return None
    _, version, began, number, _, _ = _HEADER.unpack_from(data)
    return Header(version, began, number)


def encode_batch(number: int, records: int, encoding: Encoding, body: bytes) -> tuple[bytes, int]:
    """Return the record of a batch, and the CRC of its body."""
    crc = zlib.crc32(body)
    return _encode_head(number, records, _KINDS[encoding], len(body), crc) + body, crc


def encode_settled(number: int, records: int) -> bytes:
    """Return the record that says that the batch *number*, or all that have their numbers in it, are not waiting any more."""
    return _encode_head(number, records, _KIND_SETTLED, 0, 0)


def next_number(number: int, records: int) -> int:
    """Return the number of the batch that follows *number*."""
    return number + max(1, records)


def scan(data: bytes) -> Scan:
    """Return what is in a segment with the content *data*, whatever has become of it."""
    header = read_header(data)
    result = Scan(header)
    if result.is_newer or (len(data) < HEADER_BYTES and _MAGIC.startswith(data[: len(_MAGIC)])):
        result.is_empty = not result.is_newer
        return result
    reader = _Reader(data, 0 if header is None else HEADER_BYTES)
    batches, settled = reader.read()
    starts = sorted(settled)
    result.waiting = [batch for number, batch in batches.items() if not _is_within(number, starts, settled)]
    result.cut_at, result.cut_records = reader.cut_at, reader.cut_records
    result.is_damaged = reader.is_damaged or header is None
    result.is_empty = not reader.claimed
    known = {**settled, **{number: batch.records for number, batch in batches.items()}}
    result.missing = list(_find_missing(header, reader.claimed, known))
    return result


def _encode_head(number: int, records: int, kind: int, length: int, crc: int) -> bytes:
    head = _HEAD.pack(_MARKER, length, crc, number, records, kind)
    return head + _CRC.pack(zlib.crc32(head))


def _is_intact(head: bytes) -> bool:
    return _CRC.pack(zlib.crc32(head[: -_CRC.size])) == head[-_CRC.size :]


def _is_within(number: int, starts: list[int], settled: dict[int, int]) -> bool:
    """Return whether one of the *settled* runs of numbers, which begin at *starts*, holds *number*."""
    at = bisect_right(starts, number) - 1
    return at >= 0 and number < next_number(starts[at], settled[starts[at]])


class _Reader:
    """Goes through the records of one segment, past whatever is damaged.

    Attributes:
        claimed: the records per number of all whose head is intact, whatever has become of the body.
        cut_at: where the last one was cut short, which is not among the claimed.
        cut_records: how many records it was to hold.
        is_damaged: something else was passed over.
    """

    def __init__(self, data: bytes, start: int) -> None:
        self.claimed: dict[int, int] = {}
        self.cut_at: int | None = None
        self.cut_records = 0
        self.is_damaged = False
        self._data = data
        self._view = memoryview(data)
        self._position = start

    def read(self) -> tuple[dict[int, Found], dict[int, int]]:
        """Return the intact batches, and the records per number of those that are settled."""
        batches: dict[int, Found] = {}
        settled: dict[int, int] = {}
        for at in self._find_heads():
            _, length, crc, number, records, kind, _ = _RECORD.unpack_from(self._data, at)
            self._position = at + _RECORD.size
            self.claimed[number] = records
            if kind == _KIND_SETTLED:
                settled[number] = records
            elif self._is_body_intact(at, length, crc) and kind in _ENCODINGS:
                batches[number] = Found(number, records, _ENCODINGS[kind], self._position, length, crc)
                self._position += length
            elif self.cut_at is not None:
                self.cut_records = self.claimed.pop(number)
        return batches, settled

    def _find_heads(self) -> Iterator[int]:
        """Yield where a head that is intact begins; look for the next from where the position was then set to."""
        while self._position < len(self._data):
            at = self._data.find(_MARKER, self._position)
            if at != self._position:
                self._pass_over(at)
            if at < 0:
                return
            head = self._data[at : at + _RECORD.size]
            if len(head) < _RECORD.size:
                self.cut_at = at
                return
            if _is_intact(head):
                yield at
            else:
                self.is_damaged = True
                self._position = at + 1

    def _pass_over(self, at: int) -> None:
        if at < 0 and self.cut_at is None and _MARKER.startswith(self._data[self._position :]):
            self.cut_at = self._position
        elif self.cut_at is None or at >= 0:
            self.is_damaged = True

    def _is_body_intact(self, at: int, length: int, crc: int) -> bool:
        end = self._position + length
        if end > len(self._data):
            # Unless another record follows, after all.
            self.cut_at = at if self._data.find(_MARKER, self._position) < 0 else None
            return False
        if zlib.crc32(self._view[self._position : end]) == crc:
            return True
        self.is_damaged = True
        return False


def _find_missing(header: Header | None, claimed: dict[int, int], known: dict[int, int]) -> Iterator[tuple[int, int]]:
    """Yield number and records of what lies between the first and the last number, and belongs to no *known* batch."""
    if not claimed:
        return
    position = min(claimed) if header is None else header.number
    for number in sorted(known):
        if number > position:
            yield position, number - position
        position = max(position, next_number(number, known[number]))
    last = max(claimed)
    if (end := next_number(last, claimed[last])) > position:
        yield position, end - position
