"""The table of minutes: how many events there were of each service and persona."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    from otel_events.server.store.stretch import Stretch

MINUTE = 60_000_000_000  # nanoseconds
_UPSERT = """
INSERT INTO minutes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (minute, service, persona) DO UPDATE SET
  count = count + excluded.count, errors = errors + excluded.errors, first_time = min(first_time, excluded.first_time),
  last_time = max(last_time, excluded.last_time), first_seq = min(first_seq, excluded.first_seq),
  last_seq = max(last_seq, excluded.last_seq)"""
NOBODY = 0  # stands for no service, no persona: a key must not be NULL


class Minutes:
    """Counts what is noted and writes the sums once for each batch."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sums: dict[tuple[int, int, int], list[int]] = {}

    def note(self, stretch: Stretch, service: int | None, persona: int | None) -> None:
        """Count the events of *stretch*."""
        start, times = 0, stretch.times
        while start < len(times):
            minute = times[start] // MINUTE
            end = bisect_left(times, (minute + 1) * MINUTE, start)  # they are in order
            place = (minute, service or NOBODY, persona or NOBODY)
            first, last = stretch.entries[start].seq, stretch.entries[end - 1].seq
            sums = self._sums.setdefault(place, [0, 0, times[start], times[end - 1], first, last])
            sums[0] += end - start
            sums[1] += stretch.errors
            sums[2:] = [min(sums[2], times[start]), max(sums[3], times[end - 1]), sums[4], last]
            start = end

    def write(self) -> None:
        """Add what was counted to the table."""
        sums, self._sums = self._sums, {}
        self._connection.executemany(_UPSERT, [(*place, *counted) for place, counted in sums.items()])

    def forget(self) -> None:
        """Forget what was noted in a transaction that was taken back."""
        self._sums.clear()
