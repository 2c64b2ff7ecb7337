"""The handler through which programs that use `logging` tell what they log as events tell."""

from __future__ import annotations

import logging
from _thread import get_ident
from time import time_ns
from typing import TYPE_CHECKING, Any, cast

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY

from otel_events import runtime
from otel_events.bridges import structlog_entry
from otel_events.bridges.log_entry import as_names, is_among, is_our_logger, is_our_thread, scope_of, take_name
from otel_events.bridges.log_levels import severity_of
from otel_events.bridges.record_context import context_of, stamp_records
from otel_events.bridges.told_errors import is_told
from otel_events.bridges.traceback_text import MAX_LINES, split_off_stacks, traceback_attributes
from otel_events.emit import capture_log_record
from otel_events.errors import StrictModeError
from otel_events.exception_snapshot import capture_exception
from otel_events.interrupts import is_interrupt
from otel_events.kinds import type_name
from otel_events.pipeline.stack import cut_stack
from otel_events.values import freeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from otel_events.event import InstrumentationScope

# What is on every record; the rest came in by `extra`, or from a record factory.
_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}
# Put there by OpenTelemetry's instrumentation and by structlog; the record says it better.
_KNOWN_BETTER = frozenset(
    {"otelTraceID", "otelSpanID", "otelTraceSampled", "otelServiceName", "_logger", "_name", "_from_structlog"}
)
_NO_EXTRA = _STANDARD | _KNOWN_BETTER
_MAX_KNOWN = 4096
_MAX_CREATED = 4e9  # seconds since the epoch; beyond it no clock was read

# The threads that are formatting a record just now: whatever they log meanwhile is not formatted.
_formatting: set[int] = set()


class EventHandler(logging.Handler):
    """Put log records on the way of events: plain log records, or events where `extra={"event": "name"}` names them.

    It never raises, waits or takes a lock, and leaves out what this package logs itself. A formatter set on it is not
    used: what formatters write out is in the record's fields.

    Args:
        level: records below it are left alone.
        include: loggers to take, with those below them; all if empty.
        exclude: loggers to leave alone, with those below them.
        attributes: put on each record that does not have them itself.
    """

    def __init__(
        self,
        level: int | str = logging.ERROR,
        *,
        include: str | Iterable[str] = (),
        exclude: str | Iterable[str] = (),
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(level)
        self._include = as_names(include)
        self._exclude = as_names(exclude)
        self._attributes = dict(attributes or {})
        self._scopes: dict[str, InstrumentationScope | None] = {}
        stamp_records()

    def handle(self, record: logging.LogRecord) -> Any:
        """Do as every handler does, but without its lock: a signal handler may log in the middle of anything."""
        accepted: Any = self.filter(record)  # since Python 3.12 maybe another record
        if accepted:
            self.emit(accepted if isinstance(accepted, logging.LogRecord) else record)
        return accepted

    def emit(self, record: logging.LogRecord) -> None:
        """Capture *record*; what goes wrong is counted."""
        try:
            self._capture(record)
        except StrictModeError:
            raise
        except Exception as error:
            if is_interrupt(error):
                raise
            runtime.capture.accounts.dropped.add("emit_failed")

    def flush(self) -> None:
        """Do nothing: the pipeline delivers by itself, and `otel_events.flush` waits for it."""

    def _capture(self, record: logging.LogRecord) -> None:
        logger = record.name
        scope = self._scopes[logger] if logger in self._scopes else self._look_up(logger)
        exc_info: Any = record.exc_info
        if scope is None or is_our_thread(record.threadName) or is_told(exc_info):
            return
        context = context_of(record)
        if context.get(_SUPPRESS_INSTRUMENTATION_KEY):
            runtime.capture.accounts.dropped.add("suppressed")
            return
        given, said = record.__dict__, cast("Any", record.msg)
        attributes = {**self._attributes, **{key: value for key, value in given.items() if key not in _NO_EXTRA}}
        if structlog_entry.is_entry(said, given):
            name, message, exc_info = structlog_entry.take_apart(said, attributes)
        else:
            name = take_name(attributes)
            message = _message(record, attributes)
        _add_code(record, attributes)
        exception = capture_exception(exc_info, max_lines=MAX_LINES) if exc_info else None
        if exception is None and (record.args is None or record.exc_text):
            message = _take_texts(record, message, attributes)
        if record.stack_info:
            attributes["code.stacktrace"] = cut_stack(str(record.stack_info), MAX_LINES)
        capture_log_record(
            name,
            message,
            severity_of(record.levelno, record.levelname),
            timestamp=_timestamp(record),
            exception=exception,
            attributes=attributes,
            context=context,
            scope=scope,
        )

    def _look_up(self, logger: Any) -> InstrumentationScope | None:
        """Return the scope of *logger*, None if it is to be left alone; and remember."""
        name = logger if type(logger) is str else str(freeze(logger))
        is_wanted = not self._include or is_among(name, self._include)
        scope = None
        if is_wanted and not is_our_logger(name) and not is_among(name, self._exclude):
            scope = scope_of(name)
        if len(self._scopes) < _MAX_KNOWN:
            self._scopes[logger] = scope
        return scope


def _message(record: logging.LogRecord, attributes: dict[str, Any]) -> str:
    """Return the formatted message; where that fails the unformatted one, and put the reason into *attributes*."""
    if not record.args and type(record.msg) is str:
        return record.msg
    thread = get_ident()
    if thread in _formatting:
        # The program's own code is being asked for its text, and logs: asking it once more might never end.
        _mark(attributes, "logged while another record was being formatted")
        return record.msg if type(record.msg) is str else f"<{type_name(type(record.msg))}>"
    _formatting.add(thread)
    try:
        return record.getMessage()
    except Exception as error:
        if is_interrupt(error):
            raise
        captured = capture_exception(error)  # which survives an error that cannot be printed either
        _mark(attributes, f"{captured.type}: {captured.message}" if captured is not None else "unknown")
        attributes["otel_events.log.arguments"] = freeze(record.args or None)
        return str(freeze(record.msg))
    finally:
        _formatting.discard(thread)


def _mark(attributes: dict[str, Any], reason: str) -> None:
    runtime.capture.accounts.problems.add("log_not_formatted")
    attributes["otel_events.log.format_error"] = reason


def _add_code(record: logging.LogRecord, attributes: dict[str, Any]) -> None:
    if record.funcName:
        attributes["code.function.name"] = record.funcName
    if record.pathname:
        attributes["code.file.path"] = record.pathname
    if record.lineno:
        attributes["code.line.number"] = record.lineno


def _take_texts(record: logging.LogRecord, message: str | None, attributes: dict[str, Any]) -> str | None:
    """Put a traceback that is there as text alone into *attributes*; return the message without it."""
    stacks: dict[str, Any] = {}
    if record.exc_text:
        stacks = traceback_attributes(str(record.exc_text))
    elif message is not None:
        message, stacks = split_off_stacks(message)
    attributes.update(stacks)
    return message


def _timestamp(record: logging.LogRecord) -> int:
    created = record.created
    return int(created * 1e9) if type(created) is float and 0 <= created < _MAX_CREATED else time_ns()
