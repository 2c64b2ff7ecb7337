"""The files of a ledger: which of them are known, how far each was read, and which are gone."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.ledger.read import MAX_LINE_BYTES
from otel_events.ledger.rotate import list_rotated

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_PIECE = 1 << 20
_HEAD_BYTES = 64


@dataclass(slots=True)
class KnownFile:
    """A file of the ledger.

    Attributes:
        id: by which the index knows it.
        path: where it was last; others may rotate it.
        identity: device and inode.
        head: a checksum of its beginning, since inodes are used again.
        position: the offset behind the last line that was taken in.
        first_seq: of its first event, None if it has none so far.
        last_seq: of its last one.
    """

    id: int
    path: Path
    identity: str
    head: int
    position: int = 0
    first_seq: int | None = None
    last_seq: int | None = None


class Followed:
    """Follows one ledger through rotations, deletions and whatever else is done to it. Thread-safe only under the caller's lock.

    Args:
        path: of the file that is written to.
        kind: what it holds; by which the index tells this ledger's files from another's.
        connection: to the index.
    """

    def __init__(self, path: Path, kind: str, connection: sqlite3.Connection) -> None:
        self._path = path
        self._kind = kind
        self._connection = connection
        self._current: KnownFile | None = None
        # All but the current one were read to their end.
        self._is_settled = False
        self.files: dict[int, KnownFile] = {}
        rows = connection.execute(
            "SELECT id, path, identity, head, position, first_seq, last_seq FROM files WHERE kind = ?", (kind,)
        )
        for number, at, *rest in rows:
            self.files[number] = KnownFile(number, Path(at), *rest)

    def with_news(self) -> list[KnownFile]:
        """Return the files that have grown, in their order."""
        if self._is_settled and self._is_current_same():
            assert self._current is not None
            return [self._current] if _size(self._path) > self._current.position else []
        news = [file for file in self.look_around()[0] if _size(file.path) > file.position]
        self._is_settled = all(file is self._current for file in news)
        return news

    def look_around(self) -> tuple[list[KnownFile], list[KnownFile]]:
        """Look at the folder; return the files that are there, in their order, and those known ones that are gone."""
        there: list[KnownFile] = []
        known = {file.identity: file for file in self.files.values()}
        self._current = None
        rotated = [path for path in list_rotated(self._path) if path.suffix != ".gz"]
        for path in [*rotated, self._path]:
            file = self._recognize(path, known)
            if file is not None and file not in there:
                there.append(file)
                self._current = file if path == self._path else self._current
        gone = [file for file in self.files.values() if file not in there]
        return there, gone

    def is_current(self, file: KnownFile) -> bool:
        """Return whether *file* is the one that is written to, as of the last look around."""
        return file is self._current

    def forget(self, file: KnownFile) -> None:
        """Have it that *file* was never known."""
        self.files.pop(file.id, None)
        self._connection.execute("DELETE FROM files WHERE id = ?", (file.id,))

    def save(self, file: KnownFile) -> None:
        """Write what is known of *file* into the index."""
        row = (
            file.id,
            self._kind,
            str(file.path),
            file.identity,
            file.head,
            file.position,
            file.first_seq,
            file.last_seq,
        )
        self._connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def read(self, file: KnownFile) -> Iterator[tuple[int, list[bytes], int]]:
        """Yield what was appended to *file* since it was read: the offset, whole lines, and the offset behind them.

        A last line without its newline is left for later. A line that is longer than any may be is passed over.
        """
        with file.path.open("rb", buffering=0) as stream:
            if identify(os.fstat(stream.fileno())) != file.identity:
                return  # rotated at this very moment: the next look finds it
            position, piece = file.position, _PIECE
            while True:
                stream.seek(position)
                data = stream.read(piece)
                end = data.rfind(b"\n") + 1
                if end:
                    yield position, data[: end - 1].split(b"\n"), position + end
                    position, piece = position + end, _PIECE
                elif len(data) < piece:
                    return
                elif piece < MAX_LINE_BYTES:
                    piece *= 4
                else:
                    yield position, [], position + len(data)
                    position += len(data)

    def _is_current_same(self) -> bool:
        """Return whether the file at the path is the one that was; one that is smaller was emptied by somebody."""
        current, status = self._current, _status(self._path)
        if current is None or status is None:
            return False
        return identify(status) == current.identity and status.st_size >= current.position

    def _recognize(self, path: Path, known: dict[str, KnownFile]) -> KnownFile | None:
        """Return the file at *path*, a new one if it is not known; None if nothing is there."""
        try:
            with path.open("rb", buffering=0) as stream:
                status = os.fstat(stream.fileno())
                head = _checksum(stream.read(_HEAD_BYTES))
        except OSError:  # gone meanwhile, or not ours to read: it has no events for us
            return None
        identity = identify(status)
        file = known.get(identity)
        if file is None or file.head not in {0, head} or status.st_size < file.position:
            file = KnownFile(max(self.files, default=0) + 1, path, identity, head)
            self.files[file.id] = file
            self._reserve(file)
            # Where there is a new one, the one before has an end that was not read, perhaps.
            self._is_settled = False
        if file.path != path or file.head != head:
            file.path, file.head = path, head
            self.save(file)
        return file

    def _reserve(self, file: KnownFile) -> None:
        # Ids are shared by all ledgers of an index.
        (highest,) = self._connection.execute("SELECT ifnull(max(id), 0) FROM files").fetchone()
        if highest >= file.id:
            del self.files[file.id]
            file.id = highest + 1
            self.files[file.id] = file
        self.save(file)


def _checksum(beginning: bytes) -> int:
    """Return a number for the first line, as far as it was read; 0 while there is too little of it."""
    line, newline, _ = beginning.partition(b"\n")
    return zlib.crc32(line) or 1 if newline or len(beginning) == _HEAD_BYTES else 0


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _size(path: Path) -> int:
    status = _status(path)
    return status.st_size if status is not None else 0


def identify(status: os.stat_result) -> str:
    """Return what tells the file from every other that is there."""
    return f"{status.st_dev}:{status.st_ino}"
