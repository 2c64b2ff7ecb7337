"""Events at the rate at which they come, not in lumps as they were read."""

from __future__ import annotations

from collections import deque
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.tui.source import Arrival, Notice

_SPREAD = 0.3  # seconds over which what waits is shown
_LATEST = 0.7  # seconds after which nothing may wait


class Drip:
    """Hold events back for a moment, so that a list of them scrolls smoothly and is never a second behind."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, Arrival | Notice]] = deque()
        self._before = 0.0

    def put(self, items: Sequence[Arrival | Notice], now: float) -> None:
        """Add what came at the instant *now*, in seconds."""
        self._waiting.extend((now, item) for item in items)

    def due(self, now: float) -> list[Arrival | Notice]:
        """Return what is to be shown at the instant *now*."""
        passed, self._before = now - self._before, now
        waiting = self._waiting
        count = min(len(waiting), ceil(len(waiting) * passed / _SPREAD))
        due = [waiting.popleft()[1] for _ in range(count)]
        while waiting and now - waiting[0][0] > _LATEST:
            due.append(waiting.popleft()[1])
        return due

    def all(self) -> list[Arrival | Notice]:
        """Return all that waits."""
        waiting, self._waiting = self._waiting, deque()
        return [item for _, item in waiting]
