"""The newest events in memory, in the order of their cursors."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_events.server.store.stored import StoredEvent

_COMPACT_AT = 4_096


class Ring:
    """Keep the newest events up to a number of bytes; the oldest go first.

    Args:
        max_bytes: of the events' lines. One event alone may have more.
        cursor: of the newest event that is older than all that will come.

    Attributes:
        cursor: of the newest event.
        floor: every event after this cursor is here.
    """

    __slots__ = ("_bytes", "_events", "_max_bytes", "_settled", "_start", "cursor", "floor")

    def __init__(self, max_bytes: int, cursor: int = 0) -> None:
        self._max_bytes = max_bytes
        self._events: list[StoredEvent] = []
        self._start = 0
        self._bytes = 0
        self._settled = cursor
        self.cursor = cursor
        self.floor = cursor

    def __len__(self) -> int:
        return len(self._events) - self._start

    @property
    def size(self) -> int:
        """Return how many bytes the events' lines have."""
        return self._bytes

    def extend(self, events: Sequence[StoredEvent]) -> None:
        """Add *events*, which must ascend; those that are not newer than what is here are passed over."""
        for event in events:
            if event.seq > self.cursor:
                self.cursor = event.seq
                self._events.append(event)
                self._bytes += len(event.line)
        self._evict()

    def after(self, cursor: int, limit: int) -> list[StoredEvent]:
        """Return up to *limit* events after *cursor*, oldest first; what has left the ring is not among them."""
        begin = bisect_right(self._events, cursor, lo=self._start, key=_seq)
        return self._events[begin : begin + limit]

    def settle(self) -> None:
        """Keep no more than the lines of what everybody has looked at."""
        for event in self.after(self._settled, len(self)):
            event.forget_record()
        self._settled = self.cursor

    def newest_first(self) -> Iterator[StoredEvent]:
        """Yield the events, the newest first."""
        for position in range(len(self._events) - 1, self._start - 1, -1):
            yield self._events[position]

    def _evict(self) -> None:
        events, start = self._events, self._start
        while self._bytes > self._max_bytes and start < len(events) - 1:
            self._bytes -= len(events[start].line)
            self.floor = events[start].seq
            start += 1
        self._start = start
        # Deleting moves all that follows: done rarely, for many at once. Until then the old ones are only unseen.
        if start >= _COMPACT_AT or start * 2 > len(events):
            del events[:start]
            self._start = 0


def _seq(event: StoredEvent) -> int:
    return event.seq
