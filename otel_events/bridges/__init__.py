"""Doors through which existing programs and OpenTelemetry itself come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from otel_events.bridges.event_handler import EventHandler
    from otel_events.bridges.exporters import DurableLogRecordExporter, DurableSpanExporter
    from otel_events.bridges.log_processor import DurableLogRecordProcessor
    from otel_events.bridges.loguru_messages import loguru_sink
    from otel_events.bridges.span_processor import DurableSpanProcessor
    from otel_events.bridges.structlog_processors import EventRenderer, EventTee, add_bound_attributes

__all__ = [
    "DurableLogRecordExporter",
    "DurableLogRecordProcessor",
    "DurableSpanExporter",
    "DurableSpanProcessor",
    "EventHandler",
    "EventRenderer",
    "EventTee",
    "add_bound_attributes",
    "loguru_sink",
]

# Looked up when asked for: each needs another part of the SDK, and a log handler needs none.
_MODULES = {
    "DurableLogRecordExporter": "otel_events.bridges.exporters",
    "DurableLogRecordProcessor": "otel_events.bridges.log_processor",
    "DurableSpanExporter": "otel_events.bridges.exporters",
    "DurableSpanProcessor": "otel_events.bridges.span_processor",
    "EventHandler": "otel_events.bridges.event_handler",
    "EventRenderer": "otel_events.bridges.structlog_processors",
    "EventTee": "otel_events.bridges.structlog_processors",
    "add_bound_attributes": "otel_events.bridges.structlog_processors",
    "loguru_sink": "otel_events.bridges.loguru_messages",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
