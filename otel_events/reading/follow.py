"""A file that is being written to: its last records, then what is appended, through rotation and truncation."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.reading.lines import Block

if TYPE_CHECKING:
    from otel_events.reading.decode import Decoder
    from otel_events.reading.record import Record

_STEP = 1 << 16
_MOST = 1 << 24  # bytes taken at once
_MAX_REST = 32 << 20

Identity = tuple[int, int]


class Follower:
    """Give what is appended to the file at a path, each record once. No file is held open between two calls.

    After a rotation the rest of the old file is read, then files that came and went meanwhile, then the new one.

    Args:
        path: of the file; it need not exist yet.
        decoder: makes records of its lines.
    """

    def __init__(self, path: Path, decoder: Decoder) -> None:
        self._path = path
        self._decoder = decoder
        self._identity: Identity | None = None
        self._position = 0
        self._rest = b""
        self._known: set[Identity] = set()

    @property
    def identity(self) -> Identity | None:
        """Return which file is being read, whatever its name is by now; None before there was one."""
        return self._identity

    def last(self, count: int, *, with_rest: bool = False) -> list[Record]:
        """Return the records of up to *count* of the last lines, and begin behind them.

        Args:
            count: 0 for none.
            with_rest: nothing more is waited for: an end without a newline is a line too.
        """
        status = _status(self._path)
        self._known = {identity for identity, _ in self._siblings()}
        if status is None:
            return []
        self._identity, size, step = _identify(status), status.st_size, _STEP
        while True:
            start = max(0, size - step)
            with self._path.open("rb") as file:
                file.seek(start)
                data = file.read(size - start)
            lines = data.split(b"\n")
            if start:
                del lines[0]  # the end of a line
            if len(lines) > count or start == 0:
                break
            step *= 4
        self._rest = lines.pop() if lines else b""
        self._position = size
        lines = lines[-count:] if count else []
        begin = size - len(self._rest) - sum(map(len, lines)) - len(lines)
        return list(self._decoder.decode(Block(lines, self._rest if with_rest else b"", start=begin)))

    def poll(self) -> list[Record]:
        """Return what has been appended since the last call; a missing or unreadable file is as one without news."""
        status = _status(self._path)
        if status is None:
            return []
        if self._identity is None:
            self._begin(_identify(status))
        elif _identify(status) != self._identity:
            return [*self._change_over(), *self.poll()]
        elif status.st_size < self._position:
            self._begin(self._identity)  # emptied by somebody
        return self._read(self._path, status.st_size) if status.st_size > self._position else []

    def _begin(self, identity: Identity | None) -> None:
        self._identity, self._position, self._rest = identity, 0, b""

    def _change_over(self) -> list[Record]:
        """Return what is left in the files before the one that is now at the path."""
        records: list[Record] = []
        now = _status(self._path)
        current = _identify(now) if now is not None else None
        siblings = [(identity, path) for identity, path in self._siblings() if identity != current]
        siblings.sort(key=lambda sibling: sibling[0] != self._identity)  # first the one that is half read
        for identity, path in siblings:
            is_old = identity == self._identity
            if not is_old and identity in self._known:
                continue
            if not is_old:
                self._begin(identity)
            status = _status(path)
            if status is not None and status.st_size > self._position:
                records += self._read(path, status.st_size)
            records += self._decoder.decode(Block([], self._rest, start=self._position - len(self._rest)))
            self._rest = b""
        self._known = {identity for identity, _ in siblings}
        self._begin(current)
        return records

    def _siblings(self) -> list[tuple[Identity, Path]]:
        """Return the rotated files beside the path, oldest first: whoever rotates keeps the beginning of the name."""
        found: list[tuple[int, Identity, Path]] = []
        try:
            names = [entry.path for entry in os.scandir(self._path.parent) if entry.name.startswith(self._path.stem)]
        except OSError:
            names = []  # the folder is gone, and what was in it
        for path in (Path(name) for name in names if not name.endswith((".lock", ".gz"))):
            status = _status(path)  # of its own: Windows' entries have no inode
            if status is not None:  # or deleted meanwhile: nothing can be read from it any more
                found.append((status.st_mtime_ns, _identify(status), path))
        return [(identity, path) for _, identity, path in sorted(found, key=lambda item: item[0])]

    def _read(self, path: Path, size: int) -> list[Record]:
        records: list[Record] = []
        try:
            with path.open("rb") as file:
                if _identify(os.fstat(file.fileno())) != self._identity:
                    return []  # rotated away since it was looked at: the next look finds both
                file.seek(self._position)
                while self._position < size and (data := file.read(min(_MOST, size - self._position))):
                    begin = self._position - len(self._rest)
                    self._position += len(data)
                    *lines, rest = (self._rest + data).split(b"\n")
                    self._rest = rest if len(rest) <= _MAX_REST else b""
                    records += self._decoder.decode(Block(lines, oversized=int(len(rest) > _MAX_REST), start=begin))
        except OSError:
            self._decoder.report.unreadable += 1
        return records


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _identify(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino
