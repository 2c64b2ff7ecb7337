"""Errors that say the same, as one group each: how often, from when to when, and whether they become more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.event import Severity
from otel_events.pipeline.fingerprint import fingerprint
from otel_events.pipeline.summary import COUNT

if TYPE_CHECKING:
    from otel_events.reading.record import Record

_ERROR = int(Severity.ERROR)
_MAX_GROUPS = 10_000
_FINEST = 1_000_000_000  # nanoseconds of the narrowest slot of time
_SLOTS = 512
OTHERS = "(others)"


def is_error(record: Record) -> bool:
    """Tell whether *record* says that something failed: by its severity, its name, or an exception."""
    if record.kind == "span":
        return False  # an event says the same
    return record.severity >= _ERROR or record.name.endswith(".failed") or "exception.type" in record.attributes


def weight_of(record: Record) -> int:
    """Return how many events *record* stands for: the summary of a storm, for many."""
    count = record.attributes.get(COUNT, 1)
    return count if type(count) is int and count > 0 else 1


class ErrorGroup:
    """Errors of one fingerprint.

    Attributes:
        fingerprint: what is the same about them.
        example: the latest of them.
        count: how many.
        first: when the first of them happened, nanoseconds since the Unix epoch.
        last: when the last of them happened.
    """

    __slots__ = ("_slots", "_width", "count", "example", "fingerprint", "first", "last")

    def __init__(self, key: str, record: Record) -> None:
        self.fingerprint = key
        self.example = record
        self.count = 0
        self.first = self.last = record.timestamp
        self._slots: dict[int, int] = {}
        self._width = _FINEST

    def add(self, record: Record) -> None:
        """Count *record*, and all that it stands for."""
        weight = weight_of(record)
        self.count += weight
        if record.timestamp >= self.last:
            self.last, self.example = record.timestamp, record
        self.first = min(self.first, record.timestamp)
        slot = record.timestamp // self._width
        self._slots[slot] = self._slots.get(slot, 0) + weight
        if len(self._slots) > _SLOTS:
            self._widen()

    def trend(self, first: int, last: int, parts: int) -> list[int]:
        """Return how many there were in each of *parts* equal parts of the time from *first* to *last*."""
        counts = [0] * parts
        width = max(1, last - first + 1)
        for slot, count in self._slots.items():
            middle = slot * self._width + self._width // 2
            counts[min(parts - 1, max(0, (middle - first) * parts // width))] += count
        return counts

    def _widen(self) -> None:
        self._width *= 2
        wider: dict[int, int] = {}
        for slot, count in self._slots.items():
            wider[slot // 2] = wider.get(slot // 2, 0) + count
        self._slots = wider


class ErrorGroups:
    """All groups, by fingerprint."""

    def __init__(self) -> None:
        self.groups: dict[str, ErrorGroup] = {}
        self.first = self.last = 0

    def add(self, record: Record) -> None:
        """Count *record* in its group, if it is an error."""
        if not is_error(record):
            return
        key = fingerprint(record.event())
        if key not in self.groups and len(self.groups) >= _MAX_GROUPS:
            key = OTHERS
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = ErrorGroup(key, record)
        group.add(record)
        self.first = min(self.first or record.timestamp, record.timestamp)
        self.last = max(self.last, record.timestamp)

    def largest(self) -> list[ErrorGroup]:
        """Return the groups, those with most errors first."""
        return sorted(self.groups.values(), key=lambda group: (-group.count, -group.last))
