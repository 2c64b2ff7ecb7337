"""What was found out: that something is missed, or is so no longer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from otel_events.event import CORRELATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.absence.rule import Rule
    from otel_events.event import Value
    from otel_events.reading.record import Record

ENDED = ""
STARTED_AGAIN = "it was started again"
NOT_EXPECTED = "it is no longer expected"
_KEPT = (*CORRELATION, "task_name")


@dataclass(frozen=True, slots=True)
class Seen:
    """The last that was seen of something.

    Attributes:
        time: when it happened, nanoseconds since the Unix epoch.
        attributes: what tells where it belongs.
        trace_id: as 32 hexadecimal digits, empty for none.
        span_id: as 16 hexadecimal digits, empty for none.
    """

    time: int
    attributes: Mapping[str, Value] = field(default_factory=dict)
    trace_id: str = ""
    span_id: str = ""

    @classmethod
    def of(cls, record: Record) -> Seen:
        """Return what is kept of *record*."""
        attributes = {key: value for key in _KEPT if (value := record.get(key)) is not None}
        return cls(record.timestamp, attributes, record.text("trace_id"), record.text("span_id"))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was expected is missed, or what was missed is there.

    Attributes:
        rule: what was expected.
        subject: of what: a component, a task's id, a value of the rule's attribute, else the name of the event.
        at: when it was found out, on the clock of the expectations.
        seen: the last that was seen of it before it was missed; None for nothing.
        until: if it is missed no more, when that happened which ended it, nanoseconds since the Unix epoch.
        is_resolved: it is missed no more.
        reason: why it is missed no more, if not because it came.
    """

    rule: Rule
    subject: str
    at: int
    seen: Seen | None
    until: int | None = None
    is_resolved: bool = False
    reason: str = ""
