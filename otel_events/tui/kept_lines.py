"""Records that can be read only once, from a pipe or a network, kept in a file without a name."""

from __future__ import annotations

import tempfile
from threading import Lock
from typing import TYPE_CHECKING

from otel_events.reading.decode import Decoder
from otel_events.reading.lines import Block
from otel_events.tui.source import Arrival, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.reading.record import Record

KEPT = 0  # the number of this file among all others


class KeptLines:
    """A temporary file of this user alone, which the system deletes with the process."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="otel-events-tui-")  # noqa: SIM115  # it lives as long as this
        self._end = 0
        self._lock = Lock()  # a reader and the one who keeps share a position

    def keep(self, records: Sequence[Record]) -> list[Arrival]:
        """Return *records*, each with its place."""
        lines = [record.line() for record in records]
        with self._lock:
            self._file.seek(self._end)
            self._file.write(b"".join(lines))
            arrivals = []
            for record, line in zip(records, lines, strict=True):
                arrivals.append(Arrival(record, Place(KEPT, self._end, len(line) - 1)))
                self._end += len(line)
        return arrivals

    def read(self, places: Sequence[Place]) -> list[Record | None]:
        """Return the records at *places*."""
        decoder = Decoder()
        with self._lock:
            lines = []
            for place in places:
                self._file.seek(place.offset)
                lines.append(self._file.read(place.length))
        return [next(decoder.decode(Block([line])), None) for line in lines]

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            self._file.close()
