"""Counts, durations, failures and delays of records, in groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.event import Severity
from otel_events.reading.analysis.error_groups import weight_of
from otel_events.reading.analysis.pairs import Pairs
from otel_events.reading.analysis.quantiles import Quantiles
from otel_events.reading.analysis.writers import OWN, Writers

if TYPE_CHECKING:
    from otel_events.reading.record import Record

OTHERS = "(others)"
NONE = "(none)"
_MAX_GROUPS = 50_000
_FACTS = {"task": "task_id", "session": "session_id"}
_ERROR = int(Severity.ERROR)


class Group:
    """What is counted of the records with one value in common."""

    __slots__ = ("count", "durations", "failures", "first", "last")

    def __init__(self) -> None:
        self.count = self.failures = self.last = 0
        self.first = 1 << 63
        self.durations: Quantiles | None = None

    def add(self, record: Record, failures: int) -> None:
        """Count *record*, which stands for so many *failures*."""
        timestamp = record.timestamp
        self.count += 1
        self.failures += failures
        if timestamp > self.last:  # noqa: PLR1730  # a call of max costs as much as the rest
            self.last = timestamp
        if 0 < timestamp < self.first:
            self.first = timestamp
        duration = record.duration
        if duration is not None:
            if self.durations is None:
                self.durations = Quantiles()
            self.durations.add(duration)


class Statistics:
    """Everything that is counted in one reading.

    Args:
        by: `event`, `task`, `session`, or any attribute or fact whose values make the groups.
        counts_own: what writers say of themselves is counted with the rest; their gaps and ends are told in any case.
    """

    def __init__(self, by: str = "event", *, counts_own: bool = False) -> None:
        self._key = _FACTS.get(by, by)
        self._left_out = frozenset() if counts_own else OWN
        self.groups: dict[str, Group] = {}
        self.total = Group()
        self.spans = self.failures = 0
        self.names: set[str] = set()
        self.pairs = Pairs()
        self.writers = Writers()
        self.delays = Quantiles()
        self._undelayed = 0

    def add(self, record: Record) -> None:
        """Count *record*, once however often it comes."""
        name, is_span = record.name, record.kind == "span"
        if not self.writers.add(record) or name in self._left_out:
            return
        self.pairs.add(record)
        if not is_span:
            self.names.add(name)
        key = record.text(self._key) if self._key != "event" else f"{name} (span)" if is_span else name
        group = self.groups.get(key)
        if group is None:
            group = self._new_group(key)
        failures = weight_of(record) if record.severity >= _ERROR else 0
        if is_span and self._key != "event":
            failures = 0  # an event in the same group says it too
        group.add(record, failures)
        self.spans += is_span
        self.failures += 0 if is_span else failures
        if "observed" in record.facts and not name.startswith("otel_events."):
            self.delays.add((record.observed - record.timestamp) / 1e9)
        elif record.raw:
            self._undelayed += 1

    @property
    def has_heard_writers(self) -> bool:
        """Return whether any writer has numbered what was read."""
        return bool(self.writers.states(0))

    def finish(self) -> None:
        """Add up."""
        for group in self.groups.values():
            self.total.count += group.count
            self.total.first = min(self.total.first, group.first)
            self.total.last = max(self.total.last, group.last)
        if self._undelayed:
            self.delays.add(0.0, self._undelayed)
            self._undelayed = 0

    def _new_group(self, key: str) -> Group:
        # Whoever groups by something that never repeats gets the first ones, and one group of all others.
        if len(self.groups) >= _MAX_GROUPS:
            key = OTHERS
        return self.groups.setdefault(key, Group())
