"""Capture of foreign log records: what happens on the thread of whoever emitted one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from otel_events import runtime
from otel_events.binding import current_in
from otel_events.bridges.log_entry import is_our_logger, is_our_thread
from otel_events.context import frozen
from otel_events.event import UID_ATTRIBUTE
from otel_events.interrupts import is_interrupt
from otel_events.pipeline.foreign import ForeignRecord
from otel_events.values import estimate

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from otel_events.sdk_logs import ReadableLogRecord, ReadWriteLogRecord

_LARGE = 1024  # characters or bytes; from here on a value weighs in the queue's bound


def capture_record(record: ReadWriteLogRecord | ReadableLogRecord, *, is_suppressed: bool = False) -> None:
    """Queue *record*, unless it tells of ourselves or has come this way before. Never raises, never waits.

    Args:
        record: stays as it is.
        is_suppressed: nothing is to be instrumented here; the record is dropped and counted.
    """
    try:
        scope = record.instrumentation_scope
        # What our own work gives cause to say would make more of it.
        if (scope is not None and is_our_logger(scope.name)) or is_our_thread(threading.current_thread().name):
            return
        capture = runtime.capture
        attributes = _copy(record.log_record.attributes)
        given = attributes.get(UID_ATTRIBUTE)
        uid = given if type(given) is str else ""
        if uid and uid.startswith(f"{capture.writer}-"):
            return  # from our pipeline, through a LoggerProvider, back to us
        if is_suppressed:
            capture.accounts.dropped.add("suppressed")
            return
        weight = _freeze(attributes)
        # Our numbers are for what has none: one drawn in vain would look like a loss.
        sequence = 0 if uid else next(capture.sequence)
        foreign, more = _foreign_record(record, attributes)
        capture.put((sequence, foreign), foreign.name, weight + more)
    except Exception as error:
        if is_interrupt(error):
            raise
        # Whatever a record holds, it may not break the program that logs.
        runtime.capture.accounts.dropped.add("emit_failed")


def _foreign_record(
    record: ReadWriteLogRecord | ReadableLogRecord, attributes: dict[str, Any]
) -> tuple[ForeignRecord, int]:
    """Return what is kept of *record*, and what its body weighs."""
    log = record.log_record
    # A batch processor has taken the Context away by now, and says nothing of it.
    context: Context | None = log.context or None
    binding = None
    if context is not None:
        context, binding = current_in(context)
    body = frozen(log.body)
    number: Any = log.severity_number  # by contract an Enum or None; programs give plain numbers too
    observed = log.observed_timestamp or 0
    foreign = ForeignRecord(
        name=log.event_name or "",
        timestamp=log.timestamp or observed,
        observed_timestamp=observed,
        severity=getattr(number, "value", number) or 0,
        severity_text=log.severity_text or "",
        body=body,
        attributes=attributes,
        dropped_attributes=record.dropped_attributes,
        trace_ids=(log.trace_id or 0, log.span_id or 0, log.trace_flags or 0),
        scope=record.instrumentation_scope,
        resource=record.resource,
        bound=None if binding is None else binding.merged,
        defaults=runtime.process_attributes,
        context=context,
    )
    return foreign, _weight(body)


def _copy(attributes: Any) -> dict[str, Any]:
    if not attributes:
        return {}
    # The SDK's own mapping is slow to walk, and copies itself quickly.
    copied = attributes.copy() if hasattr(attributes, "copy") else attributes
    return copied if type(copied) is dict else dict(copied)


def _freeze(attributes: dict[str, Any]) -> int:
    """Detach every value from what others may still change; return what they weigh beyond an ordinary draft."""
    weight = 0
    for key, value in attributes.items():
        kind = type(value)
        if kind is int or kind is float or kind is bool or (kind is str and len(value) <= _LARGE):
            continue
        kept = frozen(value)
        if kept is not value:
            attributes[key] = kept
        weight += _weight(kept)
    return weight


def _weight(value: Any) -> int:
    kind = type(value)
    if kind is str or kind is bytes:
        return len(value) if len(value) > _LARGE else 0
    return estimate(value) if kind is list or kind is dict else 0
