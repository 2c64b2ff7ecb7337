"""Events out of files: their ends first, then what is appended; what is older when somebody scrolls there."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import TYPE_CHECKING

from otel_events.ledger.read import ReadReport
from otel_events.ledger.rotate import list_rotated
from otel_events.ledger.split import DamagedError
from otel_events.reading.decode import Decoder
from otel_events.reading.follow import Follower
from otel_events.reading.lines import Block, is_plain, read_blocks
from otel_events.tui.backlog import Backlog
from otel_events.tui.kept_lines import KEPT, KeptLines
from otel_events.tui.placed import Files, PlacingDecoder, identity_of
from otel_events.tui.source import Arrival, Condition, Notice, Place, State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import BinaryIO

    from otel_events.reading.record import Record

_INTERVAL = 0.1
_FIRST = 1_000
_LINE = 400  # bytes: what a line is taken for when so many are wanted
_AT_ONCE = 2_000


@dataclass(slots=True)
class _Back:
    """How far back a followed file has been read."""

    follower: Follower
    decoder: PlacingDecoder
    number: int = 0
    offset: int = 0
    earliest: int = 0
    rotated: list[Path] = field(default_factory=list)
    before: list[Place] = field(default_factory=list)


class FileSource:
    """Ledgers, files of the Collector, files of anybody.

    Args:
        paths: to be followed, through rotations; a path need not exist yet. None for standard input.
        follows: whether to go on with what is appended.
    """

    def __init__(self, paths: Sequence[Path | None], *, follows: bool = True) -> None:
        self._paths = list(paths)
        self._follows = follows
        self._report = ReadReport()
        self._files = Files()
        self._kept: KeptLines | None = None
        self._backs: list[_Back] = []
        self._backlog = Backlog()
        self._state: State = "starting"
        self._problem = ""
        self._is_closing = Event()
        self._thread = Thread(target=self._run, name="otel_events-tui-files", daemon=True)

    @property
    def name(self) -> str:
        """Return the path, or how many they are."""
        if len(self._paths) != 1:
            return f"{len(self._paths)} files"
        return "standard input" if self._paths[0] is None else str(self._paths[0])

    def start(self) -> None:
        """Begin to read, on a thread of its own."""
        self._thread.start()

    def take(self) -> list[Arrival | Notice]:
        """Return what came since the last call."""
        return self._backlog.take()

    def condition(self) -> Condition:
        """Return how the files are."""
        text = f"{self.name}: cannot be read now" if self._state == "away" else self._problem or self.name
        return Condition(self._state, text, passed_over=self._report.passed_over)

    def read(self, places: Sequence[Place]) -> list[Record | None]:
        """Return the records at *places*."""
        if places and places[0].file == KEPT and self._kept is not None and all(p.file == KEPT for p in places):
            return self._kept.read(places)
        if any(place.file == KEPT for place in places):
            return [self.read([place])[0] for place in places]
        return self._files.read(places)

    def close(self) -> None:
        """Stop the thread; it is waited for only while it is about to end."""
        self._is_closing.set()
        if self._thread.is_alive():
            self._thread.join(1.0)
        if self._kept is not None and not self._thread.is_alive():
            self._kept.close()

    def older(self, most: int) -> list[Arrival] | None:
        """Return events from before those given so far: those of the file whose first ones are the latest."""
        if self._state == "starting":
            return None
        for back in sorted(self._backs, key=lambda each: -each.earliest):
            found = self._older_of(back, most)
            if found:
                return found
        return []

    def _run(self) -> None:
        self._read()
        if self._is_closing.is_set() and self._kept is not None:
            self._kept.close()  # who closes this waits only for a moment

    def _read(self) -> None:
        opened = sum(map(self._open, sorted(self._paths, key=lambda path: path is None)))  # a pipe may never end
        if not self._backs or not self._follows:
            self._state = "ended" if opened else "refused"
            return
        self._state = "live"
        while not self._is_closing.wait(_INTERVAL):
            self._poll()

    def _open(self, path: Path | None) -> bool:
        """Read what there is of *path*; return whether it can be read."""
        try:
            if path is not None and (not path.exists() or is_plain(path)):
                self._begin(path)
            else:
                self._read_through(path)
        except (OSError, DamagedError) as error:
            self._problem = f"{path or self.name}: {_spell(error)}"
            return False
        return True

    def _begin(self, path: Path) -> None:
        def number(start: int) -> int:
            identity = follower.identity or (0, 0)
            if start == 0 and self._files.forget(identity):
                self._backlog.put([Notice(f"{path.name} was emptied: what was in it is gone")], self._is_closing)
            return self._files.number(identity, path)

        decoder = PlacingDecoder(number, self._report)
        follower = Follower(path, decoder)
        arrivals = decoder.placed(follower.last(_FIRST, with_rest=not self._follows))
        earlier = [each for each in list_rotated(path) if identity_of(each) != follower.identity]
        back = _Back(follower, decoder, rotated=earlier)
        back.number, back.offset = decoder.begin or (0, 0)
        if arrivals:
            back.earliest = arrivals[0].record.timestamp
        self._backs.append(back)
        self._backlog.put(arrivals, self._is_closing)

    def _poll(self) -> None:
        unreadable = self._report.unreadable
        fresh = [arrival for back in self._backs for arrival in back.decoder.placed(back.follower.poll())]
        if len(self._backs) > 1:
            fresh.sort(key=lambda arrival: arrival.record.timestamp)
        self._backlog.put(fresh, self._is_closing)
        self._state = "live" if self._report.unreadable == unreadable else "away"

    def _read_through(self, path: Path | None) -> None:
        stream = sys.stdin.buffer if path is None else path.open("rb")
        try:
            self._read_stream(stream)
        finally:
            if path is not None:
                stream.close()

    def _read_stream(self, stream: BinaryIO) -> None:
        decoder = Decoder(self._report)
        for block in read_blocks(stream):
            self._backlog.put(self._keep(list(decoder.decode(block))), self._is_closing)
            if self._is_closing.is_set():
                return

    def _keep(self, records: list[Record]) -> list[Arrival]:
        if self._kept is None:
            self._kept = KeptLines()
        return self._kept.keep(records)

    def _older_of(self, back: _Back, most: int) -> list[Arrival]:
        while True:
            if back.before:
                places, back.before = back.before[-most:], back.before[:-most]
                records = zip(self.read(places), places, strict=True)
                return [Arrival(record, place) for record, place in records if record is not None]
            if back.offset > 0:
                lines, start = self._files.before(back.number, back.offset, most * _LINE)
                back.offset = start
                found = _decode(back.number, Block(lines, start=start), self._report)
            elif not self._go_to_earlier_file(back):
                return []
            else:
                continue
            if found:
                back.earliest = found[0].record.timestamp
                return found

    def _go_to_earlier_file(self, back: _Back) -> bool:
        """Go to the end of the file that was rotated before the one whose beginning was reached."""
        while back.rotated:
            path = back.rotated.pop()
            try:
                if is_plain(path):
                    status = path.stat()
                    back.number, back.offset = self._files.number((status.st_dev, status.st_ino), path), status.st_size
                    return True
                with path.open("rb") as stream:
                    back.before = [each.place for block in read_blocks(stream) for each in self._kept_of(block)]
                return True
            except (OSError, DamagedError) as error:
                self._problem = f"{path}: {_spell(error)}"
        return False

    def _kept_of(self, block: Block) -> list[Arrival]:
        return self._keep(list(Decoder(self._report).decode(block)))


def _spell(error: OSError | DamagedError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _decode(number: int, block: Block, report: ReadReport) -> list[Arrival]:
    decoder = PlacingDecoder(lambda _start: number, report)
    return decoder.placed(list(decoder.decode(block)))
