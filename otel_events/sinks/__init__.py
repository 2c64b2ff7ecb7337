"""Where finished batches go: one file a sink. Who names a sink of messages in code takes `Redis`, `Nats` or `Webhook` from here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_events.sinks.nats import Nats
    from otel_events.sinks.redis import Redis
    from otel_events.sinks.webhook import Webhook

__all__ = ["Nats", "Redis", "Webhook"]


def __getattr__(name: str) -> object:
    # Imported when asked for: most programs have none of them.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"otel_events.sinks.{name.lower()}"), name)
