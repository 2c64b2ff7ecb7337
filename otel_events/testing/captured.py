"""One event as a test sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from otel_events.event import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.event import Event, Value

_CLOSINGS = ("task.completed", "task.failed", "task.cancelled")


@dataclass(frozen=True, slots=True)
class CapturedEvent:
    """One event, as every sink would have got it.

    Attributes:
        name: the event name, canonical.
        message: the display string, or None.
        severity: a member of `Severity`.
        attributes: the event's own, then those that scopes and `bind` put on it.
        trace_id: of the span it happened in, 32 hexadecimal digits; empty where there was none.
        span_id: of the span it happened in, 16 hexadecimal digits; empty where there was none.
        timestamp: when it happened, nanoseconds since the Unix epoch.
        uid: its `log.record.uid`.
        scope: the name of the emitter's instrumentation scope.
        has_own_timestamp: the program said when it happened.
    """

    name: str
    message: Value
    severity: Severity
    attributes: Mapping[str, Value]
    trace_id: str = ""
    span_id: str = ""
    timestamp: int = 0
    uid: str = ""
    scope: str = "otel_events"
    has_own_timestamp: bool = field(default=False, repr=False)

    @property
    def is_closing(self) -> bool:
        """It closes a task, a phase, a cycle or a session."""
        return self.name in _CLOSINGS or self.name.endswith(".end")

    def __str__(self) -> str:
        words = [self.name, *(f"{key}={value!r}" for key, value in self.attributes.items())]
        if self.severity is not Severity.INFO:
            words.insert(1, self.severity.name)
        return " ".join(words)


def describe(event: Event) -> CapturedEvent:
    """Return *event* as a test sees it."""
    return CapturedEvent(
        name=event.name,
        message=event.body,
        severity=Severity(event.severity),
        attributes=event.all_attributes(),
        trace_id=f"{event.trace_id:032x}" if event.trace_id else "",
        span_id=f"{event.span_id:016x}" if event.span_id else "",
        timestamp=event.timestamp,
        uid=event.uid,
        scope=event.scope.name,
        has_own_timestamp=event.timestamp != event.observed_timestamp,
    )
