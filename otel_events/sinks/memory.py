"""Events kept in memory: for tests, and for programs that show their own."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.event import Event


class MemorySink:
    """Keep the newest events.

    Attributes:
        events: what was written, oldest first.
    """

    name = "memory"

    def __init__(self, max_events: int | None = 10_000) -> None:
        self.events: deque[Event] = deque(maxlen=max_events)

    def write(self, events: Sequence[Event]) -> None:
        """Keep *events*, forgetting the oldest beyond the bound."""
        self.events.extend(events)

    def flush(self, _deadline: float) -> bool:
        """Return True: what is written is where it belongs."""
        return True

    def close(self, _deadline: float) -> bool:
        """Return True; the events stay to be looked at."""
        return True
