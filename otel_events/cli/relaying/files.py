"""Lines of a ledger, followed through its rotation, and lines of standard input."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from otel_events.cli.relaying.message import Batch, Message, RelayError
from otel_events.ledger.line import HEADER_EVENT
from otel_events.ledger.rotate import list_rotated
from otel_events.reading.lines import is_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_CHUNK = 1 << 20
_MOST = 1000  # lines in a batch
_PAUSE = 0.2
_HEADER = HEADER_EVENT.encode()


Identity: TypeAlias = "tuple[int, int] | None"


class _MovedError(Exception):
    """The file was rotated away since it was looked at: what has its path is another."""


class LedgerSource:
    """The lines of a ledger, rotated files first; then, unless *once*, those that come.

    The place is the file, by its number in the file system, and the byte behind the last line.

    Args:
        path: of the file that is written to.
        once: end where the file ends now.
        from_now: without a place, begin at the end.
        learn: is told the header lines of what was relayed before.
    """

    def __init__(self, path: Path, *, once: bool, from_now: bool, learn: Callable[[bytes], None]) -> None:
        self.name = f"ledger:{path.absolute()}"
        self._path = path
        self._once = once
        self._from_now = from_now
        self._learn = learn

    def read(self, place: Any) -> Iterator[Batch]:
        """Yield the lines behind *place*."""
        identity, offset = _known(place)
        if identity is None and self._from_now and self._path.exists():
            status = self._path.stat()
            identity, offset = (status.st_dev, status.st_ino), status.st_size
            yield Batch((), [*identity, offset])
        while True:
            files, numbers = self._look()
            at = numbers.index(identity) if identity in numbers else 0
            if identity not in numbers:
                offset = 0
            if not files and self._once:
                raise RelayError(f"{self._path} does not exist")
            if not files:
                yield Batch()
                time.sleep(_PAUSE)
                continue
            identity, is_last = numbers[at], at == len(files) - 1
            try:
                for batch in self._lines(files[at], identity, offset, is_last=is_last and not self._once):
                    _, offset = _known(batch.place)
                    yield batch
            except _MovedError:
                continue
            if not is_last:
                identity, offset = numbers[at + 1], 0
            elif self._once:
                return
            else:
                yield Batch()
                time.sleep(_PAUSE)

    def close(self) -> None:
        """Nothing is held."""

    def _look(self) -> tuple[list[Path], list[Identity]]:
        """Return the files and their numbers as they were at one moment: what two looks see had no rotation in between."""
        files = self._files()
        while True:
            before, numbers = files, [_identify(path) for path in files]
            files = self._files()
            if files == before and numbers == [_identify(path) for path in files]:
                return files, numbers

    def _files(self) -> list[Path]:
        try:
            files = [*list_rotated(self._path), self._path]
            return [path for path in files if path.exists()]
        except OSError as error:
            raise RelayError(f"{self._path} cannot be read: {error.strerror or error}") from error

    def _lines(self, path: Path, identity: Identity, offset: int, *, is_last: bool) -> Iterator[Batch]:
        try:
            if not is_plain(path):
                if _identify(path) != identity:
                    raise _MovedError
                raise RelayError(f"{path} is no plain file of lines: `otel-events replay` reads it")
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                if (status.st_dev, status.st_ino) != identity:
                    raise _MovedError
                if status.st_size < offset:  # emptied by somebody
                    offset = 0
                first = _first_line(file)
                self._learn_headers(file, offset)
                file.seek(offset)
                number = [status.st_dev, status.st_ino]
                for lines, behind in _read_lines(file, offset, with_rest=not is_last):
                    messages = [Message(line, f"{first}:{at}") for at, line in lines if line.strip()]
                    yield Batch(messages, [*number, behind])
        except FileNotFoundError:
            raise _MovedError from None
        except OSError as error:
            raise RelayError(f"{path} cannot be read: {error.strerror or error}") from error

    def _learn_headers(self, file: BinaryIO, until: int) -> None:
        file.seek(0)
        while file.tell() < until and (line := file.readline()):
            if _HEADER in line[:200]:
                self._learn(line)


class StandardInput:
    """Lines of standard input, to its end. They have no place: read again from the start, they are known by their uids."""

    name = "stdin:"

    def read(self, _place: Any) -> Iterator[Batch]:
        """Yield the lines as they come."""
        number, rest = 0, b""
        read = getattr(sys.stdin.buffer, "read1", sys.stdin.buffer.read)  # what a pipe has now
        while data := read(_CHUNK):
            *lines, rest = (rest + data).split(b"\n")
            for start in range(0, len(lines), _MOST):
                part = lines[start : start + _MOST]
                yield Batch([_line(line, number + at) for at, line in enumerate(part) if line.strip()])
                number += len(part)
        if rest.strip():
            yield Batch([_line(rest, number)])

    def close(self) -> None:
        """It is not ours to close."""


def _line(line: bytes, number: int) -> Message:
    # The same line may come first in another input as well; with the same time it is the same line.
    return Message(line, f"line {number}", is_loose=True)


def _known(place: Any) -> tuple[tuple[int, int] | None, int]:
    if isinstance(place, list) and len(place) == 3 and all(isinstance(part, int) for part in place):
        return (place[0], place[1]), place[2]
    return None, 0


def _identify(path: Path) -> Identity:
    try:
        status = path.stat()
    except OSError:  # rotated away in this moment: the next look finds it
        return None
    return status.st_dev, status.st_ino


def _first_line(file: BinaryIO) -> str:
    """Return what tells this file from others wherever it is moved or copied to: it is only appended to."""
    return hashlib.sha256(file.readline(_CHUNK)).hexdigest()[:16]


def _read_lines(file: BinaryIO, offset: int, *, with_rest: bool) -> Iterator[tuple[list[tuple[int, bytes]], int]]:
    """Yield lines, each with its offset, and the offset behind them; an end without newline only if *with_rest*."""
    rest = b""
    while True:
        data = file.read(_CHUNK)
        whole = rest + data
        *lines, rest = whole.split(b"\n") if data or not with_rest else [*whole.split(b"\n"), b""]
        found: list[tuple[int, bytes]] = []
        for line in lines:
            if line or data:
                found.append((offset, line))
            offset += len(line) + 1
            if len(found) >= _MOST:
                yield found, offset
                found = []
        if found:
            yield found, offset
        if not data:
            return
