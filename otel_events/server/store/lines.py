"""Lines out of the ledger's files, by where the index says that they are."""

from __future__ import annotations

import os
from contextlib import ExitStack
from itertools import groupby
from typing import TYPE_CHECKING, Any, BinaryIO

from otel_events.ledger.rotate import list_rotated
from otel_events.reading.decode import Decoder
from otel_events.server.store.followed import identify
from otel_events.server.store.stored import StoredEvent

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_OURS = b'{"time":"'
_NEAR = 4  # times the bytes of the lines: what lies between is then read with them
_FILE = 1


class Lines:
    """Reads lines of a few files. Files that are gone have no lines any more."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._places: dict[int, tuple[str, str]] = {}

    def read(self, rows: Sequence[Any]) -> list[StoredEvent]:
        """Return the events of *rows* (seq, file, offset, length, part), in their order."""
        found: list[StoredEvent] = []
        for file, some in groupby(rows, key=lambda row: row[_FILE]):
            found += self._read_file(file, list(some))
        return found

    def _read_file(self, file: int, rows: Sequence[Any]) -> list[StoredEvent]:
        with ExitStack() as stack:
            stream = self._open(file)
            if stream is None:
                return []
            stack.enter_context(stream)
            events = [
                _event(seq, part, line) for (seq, _, _, _, part), line in zip(rows, _pick(stream, rows), strict=True)
            ]
        return [event for event in events if event is not None]

    def _open(self, file: int) -> BinaryIO | None:
        if file not in self._places:
            row = self._connection.execute("SELECT path, identity FROM files WHERE id = ?", (file,)).fetchone()
            if row is None:
                return None
            self._places[file] = row
        path, identity = self._places[file]
        # Somebody may have rotated it a moment ago: then it is one of those beside.
        for at in _candidates(path):
            try:
                stream = open(at, "rb", buffering=0)  # noqa: PTH123, SIM115  # the caller closes it; a Path costs as much again
            except OSError:
                continue
            if identify(os.fstat(stream.fileno())) == identity:
                return stream
            stream.close()
        return None


def _candidates(path: str) -> Iterator[str | Path]:
    yield path
    yield from reversed(list_rotated(path))


def _pick(stream: BinaryIO, rows: Sequence[Any]) -> list[bytes]:
    """Return the lines of *rows*; in one go where they stand close together."""
    start = min(row[2] for row in rows)
    end = max(row[2] + row[3] for row in rows)
    if end - start <= _NEAR * sum(row[3] for row in rows):
        stream.seek(start)
        data = stream.read(end - start)
        return [data[offset - start : offset - start + length] for _, _, offset, length, _ in rows]
    if hasattr(os, "pread"):
        descriptor = stream.fileno()
        return [os.pread(descriptor, length, offset) for _, _, offset, length, _ in rows]
    lines = []
    for _, _, offset, length, _ in rows:
        stream.seek(offset)
        lines.append(stream.read(length))
    return lines


def _event(seq: int, part: int, line: bytes) -> StoredEvent | None:
    """Return the event on *line*; None if the file holds something else there: it was put in another one's place."""
    if line.startswith(_OURS) and line.endswith(b"}") and part == 0:
        return StoredEvent(seq, line)
    records = list(Decoder().decode_line(line))
    if part >= len(records):
        return None
    return StoredEvent(seq, records[part].raw or records[part].line().rstrip(), records[part])
