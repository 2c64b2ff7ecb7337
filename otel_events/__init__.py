"""OpenTelemetry events in your domain's own words: what happened becomes a log record and a span event."""

from __future__ import annotations

import atexit as _atexit
import os as _os
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from otel_events import quiet_start as _quiet_start  # noqa: F401  # first of all: what it does, it does now
from otel_events import runtime as _runtime
from otel_events.bridges.event_handler import EventHandler
from otel_events.bridges.setup import setup_logging, setup_structlog
from otel_events.bridges.unhandled import capture_unhandled
from otel_events.configure import configure, flush, shutdown, stats
from otel_events.configure import end as _end
from otel_events.configure import fill_catalogue_slots as _fill_catalogue_slots
from otel_events.configure import private_tracer_provider as _private_tracer_provider
from otel_events.configure import start_in_background as _start_in_background
from otel_events.context import bind, bound_attributes, carry, context
from otel_events.definition import define
from otel_events.emit import Emitter, emit, get_emitter
from otel_events.errors import ConfigurationError, DefinitionError, OtelEventsError, StrictModeError
from otel_events.event import Severity
from otel_events.heartbeat import Heartbeat, heartbeat
from otel_events.propagation import adopt_environment as _adopt_environment
from otel_events.propagation import extract, inject
from otel_events.span_events import copy_to_span as _copy_to_span
from otel_events.stats import Stats
from otel_events.task import Task, cycle, phase, session, task
from otel_events.version import VERSION as __version__  # noqa: N811  # the name that tools look for

if _TYPE_CHECKING:
    from otel_events.watching import watch

__all__ = [
    "ConfigurationError",
    "DefinitionError",
    "Emitter",
    "EventHandler",
    "Heartbeat",
    "OtelEventsError",
    "Severity",
    "Stats",
    "StrictModeError",
    "Task",
    "__version__",
    "bind",
    "bound_attributes",
    "capture_unhandled",
    "carry",
    "configure",
    "context",
    "cycle",
    "define",
    "emit",
    "extract",
    "flush",
    "get_emitter",
    "heartbeat",
    "inject",
    "phase",
    "session",
    "setup_logging",
    "setup_structlog",
    "shutdown",
    "stats",
    "task",
    "watch",
]


def __getattr__(name: str) -> _Any:
    """Import what few programs use when it is asked for."""
    if name == "watch":
        from otel_events.watching import watch

        return watch
    raise AttributeError(f"module 'otel_events' has no attribute '{name}'")


_runtime.starter = _start_in_background
_runtime.flush = flush
_runtime.copy_to_span = _copy_to_span
_runtime.private_tracer_provider = _private_tracer_provider
_fill_catalogue_slots()
_adopt_environment(_os.environ)
_atexit.register(_end)
