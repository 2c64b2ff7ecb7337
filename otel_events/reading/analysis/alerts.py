"""Alerts: which are open. One rule for everybody who shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_events.reading.record import Record

# What opens an alert, and what resolves it: of `heartbeat.missed` that is `heartbeat.missed.resolved`, or `.resolved` in place
# of the last word.
OPENING = ("alert.triggered", "threshold.exceeded", "*.missed", "*.stalled")
RESOLVING = ("alert.resolved", "*.resolved")
_NAMES = frozenset({"alert.triggered", "threshold.exceeded"})
_ENDINGS = (".missed", ".stalled")
_RESOLVED = ".resolved"
# What tells one alert from another of its kind: the first of these that its event has.
_SUBJECTS = {
    "task": ("task_id",),
    "cycle": ("subject", "component", "session_id", "service"),
    "session": ("session_id",),
}
_OTHERS = ("subject", "component", "name", "alert", "metric", "service")
_MOST = 10_000


@dataclass(slots=True)
class Alert:
    """One that is open.

    Attributes:
        subject: what it is about.
        first: the event that opened it.
        last: the latest event that says the same.
        count: of these events.
    """

    subject: str
    first: Record
    last: Record
    count: int = 1


class Alerts:
    """Those that are open, after events in the order of time.

    Attributes:
        open: by what an alert and its end have in common.
    """

    def __init__(self) -> None:
        self.open: dict[tuple[str, str, str], Alert] = {}

    def add(self, record: Record) -> Alert | None:
        """Take note of *record*; return the alert that it resolves, None if it resolves none."""
        name = record.name
        if name.endswith(_RESOLVED):
            return self.open.pop(_key(record), None)
        if name not in _NAMES and not name.endswith(_ENDINGS):
            return None
        key = _key(record)
        before = self.open.pop(key, None)
        if before is not None:
            before.last, before.count = record, before.count + 1
        self.open[key] = before or Alert(key[1], record, record)
        if len(self.open) > _MOST:
            del self.open[next(iter(self.open))]
        return None


def _key(record: Record) -> tuple[str, str, str]:
    """Return kind, subject, and the rule that was broken, where there is one."""
    stem = record.name.removesuffix(_RESOLVED)
    family = stem.rpartition(".")[0] or stem
    subject = next(filter(None, map(record.text, _SUBJECTS.get(family, _OTHERS))), "")
    return family, subject, record.text("rule")
