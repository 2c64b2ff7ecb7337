"""Bytes into lines, in bounded memory, whatever the file holds: gzip, UTF-16, endless lines."""

from __future__ import annotations

import codecs
import zlib
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CHUNK = 1 << 18
_GZIP = b"\x1f\x8b"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class RawLine(NamedTuple):
    """One line without its newline.

    Attributes:
        text: the bytes; empty if the line was longer than allowed.
        is_whole: a newline ended it.
        is_oversized: it was longer than allowed, and was thrown away while reading.
    """

    text: bytes
    is_whole: bool
    is_oversized: bool


class DamagedError(Exception):
    """The compressed file is cut short or broken; the lines before the damage were yielded."""


def split_lines(stream: BinaryIO, max_line_bytes: int) -> Iterator[RawLine]:
    """Yield the lines of *stream*, or raise DamagedError after the last one that a broken gzip file gave."""
    held: list[bytes] = []
    size = 0
    damage: DamagedError | None = None
    chunks = _decoded(stream)
    while True:
        try:
            chunk = next(chunks, b"")
        except DamagedError as error:
            chunk, damage = b"", error
        if not chunk:
            break
        first, *others = chunk.split(b"\n")
        for index, part in enumerate((first, *others)):
            if index:
                yield _join(held, size, max_line_bytes, is_whole=True)
                held, size = [], 0
            size += len(part)
            if size <= max_line_bytes:
                held.append(part)
    if size:
        yield _join(held, size, max_line_bytes, is_whole=False)
    if damage:
        raise damage


def _join(held: list[bytes], size: int, limit: int, *, is_whole: bool) -> RawLine:
    if size > limit:
        return RawLine(b"", is_whole, is_oversized=True)
    return RawLine(b"".join(held), is_whole, is_oversized=False)


def _decoded(stream: BinaryIO) -> Iterator[bytes]:
    """Yield *stream* in chunks, never an empty one: unpacked if it is gzip, as UTF-8 if it is UTF-16."""
    chunks = iter(lambda: stream.read(_CHUNK), b"")
    first = next(chunks, b"")
    if len(first) == 1:
        first += stream.read(1)
    source = _chain(first, chunks)
    if first.startswith(_GZIP):
        source = _inflate(source)
    elif first.startswith(_UTF16):
        source = _transcode(source)
    return (chunk for chunk in source if chunk)


def _chain(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _inflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=31)
    is_open = False
    for chunk in chunks:
        compressed = chunk
        while compressed:
            is_open = True
            try:
                yield inflater.decompress(compressed, _CHUNK)
            except zlib.error as error:
                raise DamagedError(str(error)) from error
            compressed = inflater.unconsumed_tail
            if inflater.eof:  # log rotators append one gzip member to another, and tape pads with zeros
                compressed = inflater.unused_data.lstrip(b"\0")
                inflater = zlib.decompressobj(wbits=31)
                is_open = False
    yield inflater.flush()
    if is_open:
        raise DamagedError("the compressed data ends too early")


def _transcode(chunks: Iterable[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")
