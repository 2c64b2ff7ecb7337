"""How often a client may ask for something."""

from __future__ import annotations

import time


class Allowance:
    """So many messages within so many seconds; people change filters more slowly than that.

    Args:
        count: of messages.
        seconds: within which.
    """

    def __init__(self, count: int = 20, seconds: float = 10.0) -> None:
        self._count = count
        self._seconds = seconds
        self._left = count
        self._since = time.monotonic()

    def is_exceeded(self) -> bool:
        """Count a message, and tell whether it is one too many."""
        now = time.monotonic()
        if now - self._since > self._seconds:
            self._left, self._since = self._count, now
        self._left -= 1
        return self._left < 0
