"""How many calls over gRPC there are, and which goes when there are too many."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

from otel_events.server.ingest.refusals import busy

if TYPE_CHECKING:
    from collections.abc import Callable

_UNDER_WAY = 1.0  # seconds in which what a client sends may be on its way, however many others there are


class Call(Protocol):
    """What can be told to go."""

    def cancel(self) -> None:
        """End it; its client is told that it was cancelled, after which senders send again."""


class Calls:
    """Count calls and keep their number within a limit, from any thread.

    Each has a thread, which waits for what its client sends. Where one more would be too many, the one that has been waiting
    longest goes; so whoever only begins calls keeps nobody else out. If none has waited for long the new one is refused.

    Args:
        most: calls at once.
        count: is told the reason of every refusal.
        clock: gives seconds.
    """

    def __init__(self, most: int, count: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._count = count
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[Call, float] = {}  # since when, the longest first
        self._working: set[Call] = set()

    def enter(self, call: Call) -> None:
        """Take *call* in, whose client has sent nothing yet; or raise RefusedError: there is no room even if others go."""
        oldest, now = None, self._clock()
        with self._lock:
            if len(self._waiting) + len(self._working) >= self._most:
                oldest, since = next(iter(self._waiting.items()), (None, now))
                if oldest is None or now - since < _UNDER_WAY:
                    raise busy()
                del self._waiting[oldest]
            self._waiting[call] = now
        if oldest is not None:
            self._count("silent_call")
            oldest.cancel()

    def work(self, call: Call) -> None:
        """Note that all is there that the client of *call* sends; or raise RefusedError: it had to go."""
        with self._lock:
            if call not in self._waiting:
                raise busy()
            del self._waiting[call]
            self._working.add(call)

    def leave(self, call: Call) -> None:
        """Forget *call*."""
        with self._lock:
            self._waiting.pop(call, None)
            self._working.discard(call)
