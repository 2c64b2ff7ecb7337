"""For the tests of programs that emit: what they emitted, and readable words where that is not what it should be."""

from __future__ import annotations

from otel_events.testing.capture import capture_events
from otel_events.testing.captured import CapturedEvent
from otel_events.testing.events import CapturedEvents

__all__ = ["CapturedEvent", "CapturedEvents", "capture_events"]
