"""The sink through which programs that use loguru tell what they log as events tell."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, get_current

from otel_events import runtime
from otel_events.bridges.log_entry import is_our_logger, is_our_thread, scope_of, take_name
from otel_events.bridges.log_levels import severity_of
from otel_events.bridges.traceback_text import MAX_LINES
from otel_events.emit import capture_log_record
from otel_events.errors import StrictModeError
from otel_events.exception_snapshot import capture_exception

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["loguru_sink"]


def loguru_sink(message: Any) -> None:
    """Capture one message of loguru's: `logger.add(loguru_sink, level="ERROR", format="{message}")`. Never raises.

    `logger.bind(event="evidence.added")` names the event; the rest of what is bound are attributes.
    """
    try:
        _capture(message.record)
    except StrictModeError:
        raise
    except Exception:
        runtime.capture.accounts.dropped.add("emit_failed")


def _capture(record: Mapping[str, Any]) -> None:
    logger = str(record["name"] or "loguru")
    context = get_current()
    if is_our_logger(logger) or is_our_thread(threading.current_thread().name):
        return
    if context.get(_SUPPRESS_INSTRUMENTATION_KEY):
        runtime.capture.accounts.dropped.add("suppressed")
        return
    attributes = dict(record["extra"])
    name = take_name(attributes)
    attributes["code.function.name"] = record["function"]
    attributes["code.file.path"] = record["file"].path
    attributes["code.line.number"] = record["line"]
    exception = record["exception"]
    capture_log_record(
        name,
        record["message"],
        severity_of(record["level"].no, record["level"].name),
        timestamp=int(record["time"].timestamp() * 1e9),
        exception=capture_exception(exception.value, max_lines=MAX_LINES) if exception is not None else None,
        attributes=attributes,
        context=context,
        scope=scope_of(logger),
    )
