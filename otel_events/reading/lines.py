"""Files into blocks of lines: quick where a file is plain, tolerant where it is not."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from otel_events.ledger.read import MAX_LINE_BYTES
from otel_events.ledger.split import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOCK = 1 << 18
_COMPRESSED_OR_UTF16 = (b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")


class Block(NamedTuple):
    """Lines that were read together.

    Attributes:
        lines: without their newlines.
        tail: the end of the file, if no newline ends it; else empty.
        oversized: how many lines longer than allowed were thrown away.
        start: where in its file the first line begins, as far as whoever read it says so.
    """

    lines: list[bytes]
    tail: bytes = b""
    oversized: int = 0
    start: int = 0


def is_plain(path: Path) -> bool:
    """Tell whether the file at *path* can be read from anywhere in it: no pipe, not compressed, not UTF-16; or raise OSError."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(2) not in _COMPRESSED_OR_UTF16


def read_blocks(stream: BinaryIO, *, block_bytes: int = _BLOCK) -> Iterator[Block]:
    """Yield the lines of *stream*, or raise OSError, or DamagedError for a broken gzip file after its last good line."""
    # What a pipe has now, and not what it may have later.
    read = getattr(stream, "read1", stream.read)
    first = read(block_bytes)
    while len(first) == 1 and (more := read(1)):
        first += more
    if first.startswith(_COMPRESSED_OR_UTF16):
        yield from _tolerant_blocks(_Prefixed(first, stream))
    elif first:
        yield from _plain_blocks(chain((first,), iter(lambda: read(block_bytes), b"")))


def _plain_blocks(chunks: Iterator[bytes]) -> Iterator[Block]:
    rest = b""
    is_skipping = False
    for chunk in chunks:
        lines = chunk.split(b"\n")
        lines[0] = rest + lines[0]
        rest = lines.pop()
        oversized = 0
        if is_skipping and lines:
            del lines[0]  # the end of a line that was too long
            is_skipping, oversized = False, 1
        if is_skipping or len(rest) > MAX_LINE_BYTES:
            is_skipping, rest = True, b""
        if lines or oversized:
            yield Block(lines, oversized=oversized)
    if rest or is_skipping:
        yield Block([], rest, int(is_skipping))


def _tolerant_blocks(stream: _Prefixed) -> Iterator[Block]:
    lines: list[bytes] = []
    size = 0
    try:
        for line in split_lines(stream, MAX_LINE_BYTES):  # type: ignore[arg-type]  # only `read` is asked
            if line.is_oversized or not line.is_whole:
                yield Block(lines, line.text, int(line.is_oversized))
                lines, size = [], 0
                continue
            lines.append(line.text)
            size += len(line.text)
            if size >= _BLOCK:
                yield Block(lines)
                lines, size = [], 0
    finally:
        last = lines
    if last:
        yield Block(last)


class _Prefixed:
    """A stream whose beginning was read already."""

    def __init__(self, first: bytes, stream: BinaryIO) -> None:
        self._first = first
        self._stream = stream

    def read(self, size: int) -> bytes:
        first, self._first = self._first, b""
        return first or self._stream.read(size)
