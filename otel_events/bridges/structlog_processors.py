"""Processors with which structlog's entries go the way of events."""

from __future__ import annotations

import logging
import threading
from time import time_ns
from typing import TYPE_CHECKING, Any

import structlog
from opentelemetry import trace
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, get_current

from otel_events import runtime
from otel_events.bridges import structlog_entry
from otel_events.bridges.log_entry import is_our_logger, is_our_thread, scope_of
from otel_events.bridges.log_levels import severity_of, severity_of_word
from otel_events.bridges.traceback_text import MAX_LINES
from otel_events.context import bound_attributes
from otel_events.emit import capture_log_record
from otel_events.errors import StrictModeError
from otel_events.event import Severity
from otel_events.exception_snapshot import capture_exception
from otel_events.interrupts import is_interrupt

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

__all__ = ["EventRenderer", "EventTee", "add_bound_attributes"]

_UNNAMED = "structlog"  # the scope of loggers that have no name


class EventTee:
    """A processor that captures each entry and lets it go on, to the console say.

    Put it before what turns exceptions into text. It never raises, and never changes an entry.

    Args:
        level: entries below it go on and are not captured.
    """

    def __init__(self, level: int | str = logging.NOTSET) -> None:
        self._least = _least_severity(level)

    def __call__(self, logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
        """Capture *event_dict*; return it as it is."""
        try:
            self._capture(logger, method_name, event_dict)
        except StrictModeError:
            raise
        except Exception as error:
            if is_interrupt(error):
                raise
            runtime.capture.accounts.dropped.add("emit_failed")
        return event_dict

    def _capture(self, logger: WrappedLogger, method_name: str, event_dict: EventDict) -> None:
        severity = _severity(method_name, event_dict)
        name = _logger_name(logger, event_dict)
        if severity[0] < self._least or is_our_logger(name) or is_our_thread(threading.current_thread().name):
            return
        context = get_current()
        if context.get(_SUPPRESS_INSTRUMENTATION_KEY):
            runtime.capture.accounts.dropped.add("suppressed")
            return
        attributes: dict[str, Any] = {}
        entry = _without_span(_with_contextvars(event_dict))
        event, message, exc_info = structlog_entry.take_apart(entry, attributes)
        capture_log_record(
            event,
            message,
            severity,
            timestamp=time_ns(),
            exception=None if exc_info is None else capture_exception(exc_info, max_lines=MAX_LINES),
            attributes=attributes,
            context=context,
            scope=scope_of(name),
        )


class EventRenderer(EventTee):
    """A processor that captures each entry and ends the chain: the last one, where a renderer stands.

    Args:
        level: entries below it end here and are not captured.
    """

    def __call__(self, logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
        """Capture *event_dict*, and raise what tells structlog to do nothing more with it."""
        super().__call__(logger, method_name, event_dict)
        raise structlog.DropEvent


def add_bound_attributes(_logger: WrappedLogger, _method_name: str, event_dict: EventDict) -> EventDict:
    """Put what `context`, `task` and `bind` have bound on an entry, and the ids of the current span; for the console.

    What the entry has itself stays.
    """
    for key, value in bound_attributes().items():
        event_dict.setdefault(key, value)
    for key, value in _span_ids().items():
        event_dict.setdefault(key, value)
    return event_dict


def _least_severity(level: int | str) -> int:
    if isinstance(level, str):
        severity = severity_of_word(level)
        if severity is None:
            raise ValueError(f"level={level!r} must be a word such as 'info' or 'error', or a number of logging's")
        return int(severity)
    return severity_of(level)[0]


def _severity(method_name: str, event_dict: EventDict) -> tuple[int, str]:
    severity = severity_of_word(event_dict.get("level")) or severity_of_word(method_name) or Severity.INFO
    return int(severity), severity.name


def _logger_name(logger: WrappedLogger, event_dict: EventDict) -> str:
    for name in (event_dict.get("logger"), getattr(logger, "name", None)):
        if type(name) is str and name:
            return name
    return _UNNAMED


def _with_contextvars(event_dict: EventDict) -> EventDict:
    """Return *event_dict* with what is bound in structlog's contextvars, if no processor has seen to that."""
    if structlog.contextvars.merge_contextvars in structlog.get_config()["processors"]:
        return event_dict
    return {**structlog.contextvars.get_contextvars(), **event_dict}


def _without_span(entry: EventDict) -> EventDict:
    """Return *entry* without the ids that `add_bound_attributes` may have put on it: the record has them anyway."""
    if "trace_id" not in entry and "span_id" not in entry:
        return entry
    ids = _span_ids()
    return {key: value for key, value in entry.items() if key not in ids or ids[key] != value}


def _span_ids() -> dict[str, str]:
    span = trace.get_current_span().get_span_context()
    if not span.is_valid:
        return {}
    return {"trace_id": trace.format_trace_id(span.trace_id), "span_id": trace.format_span_id(span.span_id)}
