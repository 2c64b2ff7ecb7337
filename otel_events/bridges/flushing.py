"""What the SDK's `force_flush` means for what hands things to our pipeline."""

from __future__ import annotations

import threading

from otel_events import runtime
from otel_events.bridges.log_entry import is_our_thread


def force_flush(timeout_millis: float) -> bool:
    """Return True only if all that was handed over before is safe within *timeout_millis*."""
    if is_our_thread(threading.current_thread().name):
        # Our own flush asks a provider that is one of its sinks, which asks us. It waits for all of it already.
        return True
    return runtime.flush(timeout_millis / 1000)
