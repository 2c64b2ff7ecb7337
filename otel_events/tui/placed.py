"""Records of files, each with the place where it stands, so that it need not be held."""

from __future__ import annotations

import glob
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from otel_events.reading.decode import Decoder
from otel_events.reading.lines import Block
from otel_events.tui.source import Arrival, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from otel_events.ledger.read import ReadReport
    from otel_events.reading.record import Record

Identity = tuple[int, int]
_STEP = 1 << 18
_SPARSE = 4  # so many times as much as is wanted may be read at once


class PlacingDecoder(Decoder):
    """A decoder that remembers where each record stood, in the order in which it gave them."""

    def __init__(self, number_of_file: Callable[[int], int], report: ReadReport | None = None) -> None:
        super().__init__(report)
        self._number_of_file = number_of_file
        self._places: list[Place] = []
        self.begin: tuple[int, int] | None = None  # number of the first file, and where what was read of it begins

    def decode(self, block: Block) -> Iterator[Record]:
        """Yield the records of *block*, and note their places."""
        if not block.lines and not block.tail:
            self.report.oversized += block.oversized
            return
        file, offset, note = self._number_of_file(block.start), block.start, self._places.append
        self.begin = self.begin or (file, offset)
        self.report.oversized += block.oversized
        for line in block.lines:
            length = len(line)
            for part, record in enumerate(super().decode(Block([line]))):
                note(Place(file, offset, length, part))
                yield record
            offset += length + 1
        if block.tail:
            for part, record in enumerate(self.decode_line(block.tail, is_whole=False)):
                note(Place(file, offset, len(block.tail), part))
                yield record

    def placed(self, records: Sequence[Record]) -> list[Arrival]:
        """Return *records*, all that were given since the last call, each with its place."""
        places, self._places = self._places, []
        return list(map(Arrival, records, places))


class Files:
    """Files under numbers from 1, found again by what they are when their names have changed. None is held open."""

    def __init__(self) -> None:
        self._paths: list[Path] = []
        self._identities: list[Identity | None] = []
        self._numbers: dict[Identity, int] = {}

    def number(self, identity: Identity, path: Path) -> int:
        """Return the number of the file *identity*, last seen at *path*."""
        number = self._numbers.get(identity)
        if number is None:
            self._paths.append(path)
            self._identities.append(identity)
            number = self._numbers[identity] = len(self._paths)
        return number

    def forget(self, identity: Identity) -> bool:
        """Take what was in the file *identity* for gone: another one will have its place. Return whether it had a number."""
        number = self._numbers.pop(identity, None)
        if number is not None:
            self._identities[number - 1] = None
        return number is not None

    def read(self, places: Sequence[Place]) -> list[Record | None]:
        """Return the records at *places*, None for one that is gone."""
        found: list[Record | None] = []
        for number, group in groupby(places, attrgetter("file")):
            path = self._find(number)
            some = list(group)
            found += _read_places(path, some) if path is not None else [None] * len(some)
        return found

    def before(self, number: int, offset: int, most: int) -> tuple[list[bytes], int]:
        """Return up to about *most* bytes of whole lines before *offset*, and where the first of them begins."""
        path, size = self._find(number), max(most, _STEP)
        while path is not None and offset > 0:
            start = max(0, offset - size)
            try:
                data = _read_bytes(path, start, offset - start)
            except OSError:
                break
            lines = data.split(b"\n")[:-1]  # what is before *offset* ends with a newline
            if start == 0:
                return lines, 0
            if len(lines) > 1:
                return lines[1:], start + len(lines[0]) + 1
            size *= 4
        return [], 0

    def _find(self, number: int) -> Path | None:
        path, identity = self._paths[number - 1], self._identities[number - 1]
        if identity is None:
            return None
        if identity_of(path) == identity:
            return path
        for other in path.parent.glob(f"{glob.escape(path.stem)}*"):  # whoever rotates keeps the beginning of the name
            if identity_of(other) == identity:
                self._paths[number - 1] = other
                return other
        return None


def _read_places(path: Path, places: list[Place]) -> list[Record | None]:
    decoder = Decoder()
    found: list[Record | None] = []
    try:
        for line, place in zip(_lines_at(path, places), places, strict=True):
            records = list(decoder.decode(Block([line])))
            found.append(records[place.part] if place.part < len(records) else None)
    except OSError:
        found += [None] * (len(places) - len(found))
    return found


def _lines_at(path: Path, places: list[Place]) -> Iterator[bytes]:
    """Yield the lines at *places*, by one read where they stand together, or raise OSError."""
    begin = min(place.offset for place in places)
    size = max(place.offset + place.length for place in places) - begin
    is_near = size <= _SPARSE * sum(place.length + 1 for place in places)
    if is_near:
        data = _read_bytes(path, begin, size)
        yield from (data[place.offset - begin : place.offset - begin + place.length] for place in places)
        return
    with path.open("rb") as file:
        for place in places:
            file.seek(place.offset)
            yield file.read(place.length)


def _read_bytes(path: Path, start: int, count: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(count)


def identity_of(path: Path) -> Identity | None:
    """Return which file is at *path*, None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
