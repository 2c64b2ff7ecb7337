"""Us and our peers, each made only in the process that measures it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from benchmarks.subjects.subject import Subject

# name -> (module, class, what it is)
_KNOWN = {
    "otel_events": ("ours", "OtelEvents", "otel_events: `emit`"),
    "otel_sdk": ("otel_sdk", "OtelSdk", "OTel SDK: `Logger.emit`, batch processor, OTLP/HTTP"),
    "otel_handler": ("otel_handler", "OtelHandler", "OTel logging handler, batch processor, OTLP/HTTP"),
    "span_event": ("span_event", "SpanEvent", "OTel SDK: `span.add_event`, batch processor, OTLP/HTTP"),
    "logfire": ("logfire_peer", "Logfire", "logfire: `logfire.info`, OTLP/HTTP"),
    "structlog": ("structlog_peer", "Structlog", "structlog + orjson to a file"),
    "loguru": ("loguru_peer", "Loguru", "loguru: `serialize`, `enqueue`, to a file"),
    "queue_handler": ("queue_handler", "StdlibQueue", "stdlib `QueueHandler`, JSON to a file"),
    "naive": ("naive", "NaiveLedger", "lock, open, `json.dumps`, append"),
}

NAMES = tuple(_KNOWN)
OURS = "otel_events"
SDK = "otel_sdk"
PEERS = tuple(name for name in NAMES if name != OURS)


def describe(name: str) -> str:
    """Return what subject *name* is, for people."""
    return _KNOWN[name][2]


def load(name: str) -> type[Subject]:
    """Import and return the class of subject *name*."""
    module, kind, _ = _KNOWN[name]
    return cast("type[Subject]", getattr(import_module(f"benchmarks.subjects.{module}"), kind))
