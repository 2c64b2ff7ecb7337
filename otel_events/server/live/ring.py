"""The newest events in memory, in the order of their cursors."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from otel_events.server.store.stored import StoredEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COMPACT_AT = 4_096


class Ring:
    """Keep the newest events up to a number of bytes; the oldest go first.

    There are a hundred thousand of them and more. As objects they would all be walked through whenever Python looks for
    cycles, which stands still for it; so what everybody has looked at is kept as numbers and lines, which it passes over.

    Args:
        max_bytes: of the events' lines. One event alone may have more.
        cursor: of the newest event that is older than all that will come.

    Attributes:
        cursor: of the newest event.
        floor: every event after this cursor is here.
    """

    __slots__ = ("_bytes", "_fresh", "_lines", "_max_bytes", "_seqs", "_start", "cursor", "floor")

    def __init__(self, max_bytes: int, cursor: int = 0) -> None:
        self._max_bytes = max_bytes
        self._seqs: list[int] = []
        self._lines: list[bytes] = []
        self._fresh: list[StoredEvent] = []  # the last of them, with what was made of their lines
        self._start = 0
        self._bytes = 0
        self.cursor = cursor
        self.floor = cursor

    def __len__(self) -> int:
        return len(self._seqs) - self._start

    @property
    def size(self) -> int:
        """Return how many bytes the events' lines have."""
        return self._bytes

    def extend(self, events: Sequence[StoredEvent]) -> None:
        """Add *events*, which must ascend; those that are not newer than what is here are passed over."""
        for event in events:
            if event.seq > self.cursor:
                self.cursor = event.seq
                self._seqs.append(event.seq)
                self._lines.append(event.line)
                self._fresh.append(event)
                self._bytes += len(event.line)
        self._evict()

    def after(self, cursor: int, limit: int) -> list[StoredEvent]:
        """Return up to *limit* events after *cursor*, oldest first; what has left the ring is not among them."""
        seqs = self._seqs
        begin = bisect_right(seqs, cursor, lo=self._start)
        end = min(len(seqs), begin + limit)
        first_fresh = len(seqs) - len(self._fresh)
        old = [StoredEvent(seqs[at], self._lines[at]) for at in range(begin, min(end, first_fresh))]
        return old + self._fresh[max(0, begin - first_fresh) : max(0, end - first_fresh)]

    def settle(self) -> None:
        """Keep no more than the lines: everybody has looked at all that is here."""
        for event in self._fresh:
            event.forget_record()  # a frame may still have it
        self._fresh = []

    def newest_first(self) -> Iterator[StoredEvent]:
        """Yield the events, the newest first, as long as none is added."""
        for position in range(len(self._seqs) - 1, self._start - 1, -1):
            yield StoredEvent(self._seqs[position], self._lines[position])

    def lines(self) -> tuple[list[int], list[bytes]]:
        """Return the numbers and the lines of now, oldest first, for another thread to look through."""
        return self._seqs[self._start :], self._lines[self._start :]

    def _evict(self) -> None:
        lines, start = self._lines, self._start
        while self._bytes > self._max_bytes and start < len(lines) - 1:
            self._bytes -= len(lines[start])
            self.floor = self._seqs[start]
            start += 1
        self._start = start
        # Deleting moves all that follows: done rarely, for many at once. Until then the old ones are only unseen.
        if start >= _COMPACT_AT or start * 2 > len(lines):
            del self._seqs[:start], lines[:start]
            self._start = 0
