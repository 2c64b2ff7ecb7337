"""The table of faults: errors by what is the same about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.pipeline.fingerprint import fingerprint
from otel_events.reading.analysis.error_groups import is_error, weight_of
from otel_events.server.store.words import Words

if TYPE_CHECKING:
    import sqlite3

    from otel_events.server.store.stretch import Stretch

WORD = "fault"  # the kind of words that fingerprints are


class Faults:
    """Gathers the errors of a batch, and writes them once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._fingerprints = Words(connection, WORD)
        self._rows: list[tuple[int, int, int | None, int, int]] = []

    def note(self, stretch: Stretch, service: int | None) -> None:
        """Take note of *stretch* if it is an error."""
        entry = stretch.entries[0]  # an error stands alone
        record = entry.record
        if is_error(record):
            number = self._fingerprints.number(fingerprint(record.event()))
            self._rows.append((entry.seq, number, service, stretch.times[0], min(weight_of(record), 1 << 40)))

    def write(self) -> None:
        """Bring the table up to what was noted."""
        rows, self._rows = self._rows, []
        if rows:
            self._connection.executemany("INSERT OR IGNORE INTO faults VALUES (?, ?, ?, ?, ?)", rows)

    def forget(self) -> None:
        """Forget what was noted in a transaction that was taken back."""
        self._rows.clear()
        self._fingerprints.forget()
