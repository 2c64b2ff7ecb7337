"""Counts of what became of events, exact without a lock on the caller's thread."""

from __future__ import annotations

import threading
from collections import Counter, deque

_FOLD_AT = 4096  # entries; bounds memory when nobody reads the counts
_MAX_REASONS = 1024
OTHER = "other"  # the reasons beyond


class Tally:
    """Counts by reason.

    `add` may be called in a signal handler, in `__del__` or inside a log handler: it appends, and folds only when the
    lock is free, so it can neither block nor deadlock, and no count is lost to a race.
    """

    def __init__(self) -> None:
        self._pending: deque[tuple[str, int]] = deque()
        self._counts: Counter[str] = Counter()
        self._lock = threading.RLock()  # a signal handler may come in the middle of `counts`, and count
        self._is_folding = False

    def add(self, reason: str, count: int = 1) -> None:
        """Count *count* more for *reason*."""
        self._pending.append((reason, count))
        if len(self._pending) > _FOLD_AT and self._lock.acquire(blocking=False):
            try:
                self._fold()
            finally:
                self._lock.release()

    def has_any(self) -> bool:
        """Tell whether anything was ever counted; without a lock, so that it may be asked often."""
        return bool(self._pending or self._counts)

    def counts(self) -> dict[str, int]:
        """Return the counts so far, by reason."""
        with self._lock:
            self._fold()
            return dict(self._counts)

    def _fold(self) -> None:
        # A signal handler in the middle of it has the lock too, and would take away what this one is about to count.
        if self._is_folding:
            return
        self._is_folding = True
        try:
            pending = self._pending
            while pending:
                reason, count = pending.popleft()
                known = reason in self._counts or len(self._counts) < _MAX_REASONS
                self._counts[reason if known else OTHER] += count
        finally:
            self._is_folding = False


class Accounts:
    """What became of events: one tally for each thing that can be told of them.

    Attributes:
        dropped: events lost, by reason (`queue_full`, `after_shutdown`, `filtered`, `otlp_rejected`, ...).
        delivered: events safely handed over, by sink.
        summarised: events for which another one stands, by the stage that made it.
        redacted: what was taken out of events, by kind.
        problems: things that were not as they should be, though the event went on, by cause.
        cut: what limits took away, by kind.
        unknown_names: events that the catalogue does not know, by name.
    """

    def __init__(self) -> None:
        self.dropped = Tally()
        self.delivered = Tally()
        self.summarised = Tally()
        self.redacted = Tally()
        self.problems = Tally()
        self.cut = Tally()
        self.unknown_names = Tally()
