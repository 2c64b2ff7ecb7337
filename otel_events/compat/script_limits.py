"""How often the collector of script errors lets an error through, over all scripts."""

from __future__ import annotations

import random
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FINGERPRINT_SECONDS, SIGNAL_SECONDS = 10.0, 15.0
_JITTER = 0.1
_MOST = 10_000  # fingerprints that are known at a time


class ScriptLimits:
    """One error of a fingerprint in 10 seconds, and one of a signal type in 15, give or take a tenth by chance.

    Args:
        fingerprint_seconds: 0 for no such limit.
        signal_seconds: 0 for no such limit.
        clock: seconds.
        chance: a number from 0 to 1.
    """

    def __init__(
        self,
        fingerprint_seconds: float = FINGERPRINT_SECONDS,
        signal_seconds: float = SIGNAL_SECONDS,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._seconds = {"FingerprintRateLimit": fingerprint_seconds, "SignalRateLimit": signal_seconds}
        self._clock, self._chance = clock, chance
        self._until: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def refusal(self, fingerprint: str, signal: str) -> str | None:
        """Return why this error must wait, in the words of the log; None if it passes, and counts."""
        now = self._clock()
        keys = [("FingerprintRateLimit", fingerprint), ("SignalRateLimit", signal)]
        with self._lock:
            for limit, value in keys:
                left = self._until.get((limit, value), now) - now
                if left > 0:
                    return f"{limit} {value} cooling down, {left:.1f} s left"
            for limit, value in keys:
                self._start(limit, value, now)
        return None

    def _start(self, limit: str, value: str, now: float) -> None:
        seconds = self._seconds[limit] * (1 + _JITTER * (2 * self._chance() - 1))
        if seconds > 0 and value:
            self._until[limit, value] = now + seconds
            self._until.move_to_end((limit, value))
            while len(self._until) > _MOST:
                self._until.popitem(last=False)
