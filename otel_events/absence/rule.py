"""One rule: what is expected of which events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_events import catalog
from otel_events.filter_language import Clause, Condition, FilterSettings
from otel_events.pipeline.evaluation import WILD
from otel_events.reading.analysis.pairs import part_of
from otel_events.reading.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.reading.record import Record

HEARTBEAT = "heartbeat"
_TASK_CLOSINGS = ("task.completed", "task.failed", "task.cancelled")
_SECOND = 1_000_000_000
_EVERY = FilterSettings()


@dataclass(frozen=True, slots=True)
class Rule:
    """What is expected: that such events come again, or that what they begin ends.

    Attributes:
        text: as it was written, with single spaces and without `expect`; tells it from every other rule.
        pattern: of the event's name.
        seconds: how long to wait.
        is_ending: what such an event begins must end; else another one must come.
        by: an attribute: each value of it is expected by itself. Empty for all together.
        only: a pattern of these values; empty for every one.
        where: which of the events are meant.
    """

    text: str
    pattern: str
    seconds: float
    is_ending: bool = False
    by: str = ""
    only: str = ""
    where: FilterSettings = _EVERY

    @property
    def within(self) -> int:
        """Return how long to wait, in nanoseconds."""
        return round(self.seconds * _SECOND)

    @property
    def sure_subject(self) -> str | None:
        """Return what is expected even if it was never seen; None if that depends on what is seen."""
        if self.is_ending:
            return None
        if not self.by:
            return self.pattern
        return self.only if self.only and not WILD.search(self.only) else None

    @property
    def family(self) -> str:
        """Return what the events open: `task`, `cycle`, ...; empty if the pattern leaves that open, or they open nothing."""
        part = None if WILD.search(self.pattern) else part_of(catalog.current().canonical(self.pattern))
        return part.family if part is not None and part.role == "opens" else ""

    def patterns(self) -> tuple[str, ...]:
        """Return patterns of the names of all events that matter to it."""
        if not self.is_ending:
            return (self.pattern,)
        if self.family == "task":
            return (self.pattern, *_TASK_CLOSINGS)
        stem = self.family or "*"
        return (self.pattern, f"{stem}.end", f"{stem}.stop", *(() if self.family else _TASK_CLOSINGS))

    def compile(self) -> Callable[[Record], bool]:
        """Return what tells whether a record is one of the events that are meant."""
        conditions = (Condition(self.by, "=", self.only),) if self.only else ()
        meant = Selection(FilterSettings((Clause(self.pattern, conditions),))).compile()
        where = Selection(self.where).compile()
        return lambda record: (meant is None or meant(record)) and (where is None or where(record))
