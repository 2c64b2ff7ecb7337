"""The table of minutes: how many events there were of each service and persona."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.server.store.own import is_own

if TYPE_CHECKING:
    import sqlite3

    from otel_events.server.store.entry import Entry

MINUTE = 60_000_000_000  # nanoseconds
_ERROR = 17
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

    def note(self, entry: Entry, time: int, service: int | None, persona: int | None) -> None:
        """Count *entry*."""
        if is_own(entry.record.name):
            return
        place = (time // MINUTE, service or NOBODY, persona or NOBODY)
        sums = self._sums.get(place)
        if sums is None:
            sums = self._sums[place] = [0, 0, time, time, entry.seq, entry.seq]
        sums[0] += 1
        if entry.record.severity >= _ERROR:
            sums[1] += 1
        if time < sums[2]:
            sums[2] = time
        elif time > sums[3]:
            sums[3] = time
        sums[5] = entry.seq

    def write(self) -> None:
        """Add what was counted to the table."""
        sums, self._sums = self._sums, {}
        self._connection.executemany(_UPSERT, [(*place, *counted) for place, counted in sums.items()])

    def forget(self) -> None:
        """Forget what was noted in a transaction that was taken back."""
        self._sums.clear()
