"""How much comes in, and how late."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_events.server.store.stored import Arrival

_SECONDS = 10
_MAX_DELAYS = 2_000
_OF_EACH = 20  # events of one batch whose delay is noted


class Figures:
    """Counts of the last seconds. May be asked by any thread.

    Attributes:
        received: events that were stored since the start, duplicates among them.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.received = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: deque[tuple[float, int]] = deque()
        self._delays: deque[tuple[float, float]] = deque(maxlen=_MAX_DELAYS)

    def note(self, arrivals: Sequence[Arrival]) -> None:
        """Take note of what was just stored."""
        now = self._clock()
        with self._lock:
            self.received += len(arrivals)
            self._counts.append((now, len(arrivals)))
            while self._counts and self._counts[0][0] < now - _SECONDS:
                self._counts.popleft()
            step = max(1, len(arrivals) // _OF_EACH)
            self._delays.extend((now, now - each.event.timestamp / 1e9) for each in arrivals[::step])

    def ingest(self) -> dict[str, Any]:
        """Return events a second, and delays between an event and its being stored, of the last seconds."""
        since = self._clock() - _SECONDS
        with self._lock:
            total = sum(count for at, count in self._counts if at >= since)
            delays = sorted(delay for at, delay in self._delays if at >= since)
        return {
            "rate": total / _SECONDS,
            "delay_p50": delays[len(delays) // 2] if delays else None,
            "delay_p99": delays[len(delays) * 99 // 100] if delays else None,
        }
