"""The pytest plugin: a fixture for what a test emits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.testing.events import CapturedEvents


@pytest.fixture
def captured_events() -> Iterator[CapturedEvents]:
    """Capture the events that the test emits; they go nowhere else. See `otel_events.testing.capture_events`."""
    from otel_events.testing import capture_events

    with capture_events() as events:
        yield events
