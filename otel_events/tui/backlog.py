"""What a source's thread has read and the screen has not taken yet."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    from otel_events.tui.source import Arrival, Notice

_MOST = 20_000
_PAUSE = 0.02


class Backlog:
    """A queue between one thread that puts and one that takes. It is bounded: whoever reads a file waits, and the file waits with it."""

    def __init__(self) -> None:
        self._waiting: deque[Arrival | Notice] = deque()

    def put(self, items: Sequence[Arrival | Notice], is_closing: Event) -> None:
        """Add *items*; wait while too many wait already."""
        for start in range(0, len(items), _MOST // 4):
            while len(self._waiting) > _MOST and not is_closing.wait(_PAUSE):
                pass
            self._waiting.extend(items[start : start + _MOST // 4])

    def take(self) -> list[Arrival | Notice]:
        """Return all that waits."""
        waiting = self._waiting
        return [waiting.popleft() for _ in range(len(waiting))]
