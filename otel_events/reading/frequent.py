"""Which types displays roll up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.catalog import current

if TYPE_CHECKING:
    from otel_events.reading.record import Record

_WARN = 13
_SECOND = 1_000_000_000
_READABLE = 20  # of one type within a second
_MOST_NAMES = 1_000


class Frequent:
    """Tells of types whether displays roll them up; the catalogue says so, once for each name."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def __call__(self, record: Record) -> bool:
        """Return whether *record* is one of many that say little each. What warns is none."""
        known = self._known.get(record.name)
        if known is None:
            definition = current().find(record.name)
            known = self._known[record.name] = definition is not None and definition.rolled_up_in_displays
        return known and record.severity < _WARN


class Rush:
    """Tells of types whether more come within a second than anybody reads; they say so themselves, by coming."""

    def __init__(self) -> None:
        # By name: the second, how many came in it, and whether there were too many in the one before.
        self._seen: dict[str, tuple[int, int, bool]] = {}

    def __call__(self, record: Record) -> bool:
        """Count *record* and return whether it is one of too many. What warns is none."""
        if record.severity >= _WARN:
            return False
        now = record.timestamp // _SECOND
        second, count, goes_on = self._seen.get(record.name, (now, 0, False))
        if now != second:
            goes_on = count > _READABLE and now == second + 1
            count = 0
        if len(self._seen) >= _MOST_NAMES:
            self._seen.clear()
        self._seen[record.name] = now, count + 1, goes_on
        return goes_on or count >= _READABLE
