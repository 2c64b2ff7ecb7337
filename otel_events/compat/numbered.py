"""Emit an event, and learn its uid: what is published beside it carries the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY

from otel_events import runtime
from otel_events.binding import get_context
from otel_events.emit import capture_log_record
from otel_events.event import parse_severity
from otel_events.interrupts import is_interrupt
from otel_events.pipeline.normalize import uid_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.context import Context

    from otel_events.event import InstrumentationScope


def emit_numbered(
    name: str,
    attributes: Mapping[str, Any],
    timestamp: int,
    scope: InstrumentationScope,
    *,
    context: Context | None = None,
    message: str | None = None,
    severity: int | str | None = None,
) -> str:
    """Emit, as `emit` does; return the event's uid, empty if there is none. Never raises.

    Args:
        name: of the event.
        attributes: its own.
        timestamp: when it happened, nanoseconds since the epoch.
        scope: who emits.
        context: in which it happens; None for the present one.
        message: for people; else the definition's.
        severity: else the definition's.
    """
    around, capture = get_context() if context is None else context, runtime.capture
    if around.get(_SUPPRESS_INSTRUMENTATION_KEY):
        capture.accounts.dropped.add("suppressed")
        return ""
    grade = parse_severity(severity)
    try:
        number = capture_log_record(
            name,
            message,
            None if grade is None else (int(grade), grade.name),
            timestamp=timestamp,
            exception=None,
            attributes=attributes,  # type: ignore[arg-type]
            context=around,
            scope=scope,
        )
    except Exception as error:  # as in `emit`: the program goes on, and so does what is published
        if is_interrupt(error):
            raise
        capture.accounts.dropped.add("emit_failed")
        return ""
    return uid_of(capture.writer, number)
