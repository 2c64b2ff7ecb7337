"""A spool in memory: it outlives an outage of the Collector, not the process."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from otel_events.spool.queue import Batch, Pending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.accounting import Accounts
    from otel_events.spool.queue import Encoding

DEFAULT_MAX_BYTES = 64 * 1024 * 1024


class MemorySpool:
    """Batches in memory, bounded by their bytes: over the cap the oldest that is not being sent is dropped first.

    Counts `spool_full`, `shutdown` and the causes of quarantine as dropped.
    """

    outlives_process = False
    rejected_file = None

    def __init__(self, *, accounts: Accounts, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._accounts = accounts
        self._max_bytes = max_bytes
        self._queue: deque[Batch] = deque()
        self._held: dict[int, Batch] = {}
        self._bytes = 0
        self._records = 0
        self._last_mark = 0
        self._last_id = 0
        self._lost = 0
        self._woken = False
        self._closed = False
        self._changed = threading.Condition()  # re-entrant: a signal handler may shut down in the middle of a flush

    def append(self, body: bytes, records: int, encoding: Encoding = None) -> int:
        """Take a batch; return how many records had to be dropped for it, its own included."""
        with self._changed:
            lost_before = self._lost
            self._last_mark += 1
            if self._closed:
                self._lose(records, "shutdown")
            elif len(body) > self._max_bytes:
                self._lose(records, "spool_full")
            else:
                self._queue.append(self._make(self._last_mark, body, records, encoding))
                self._drop_oldest()
                self._changed.notify()
            return self._lost - lost_before

    def take(self, timeout: float | None = None) -> Batch | None:
        """Return the oldest batch and hold it; None after *timeout* seconds, or if woken, with nothing to take."""
        until = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not self._queue and not self._woken:
                remaining = None if until is None else until - time.monotonic()
                if remaining is not None and remaining <= 0:
                    return None
                self._changed.wait(remaining)
            self._woken = False
            if not self._queue:
                return None
            batch = self._queue.popleft()
            self._held[batch.id] = batch
            return batch

    def release(self, batch: Batch) -> bool:
        """Let go of a held *batch*: it was delivered."""
        with self._changed:
            return self._let_go(batch)

    def put_back(self, batch: Batch) -> bool:
        """Make a held *batch* the next to be taken again."""
        with self._changed:
            if self._held.pop(batch.id, None) is None:
                return False
            self._queue.appendleft(batch)
            self._drop_oldest()
            self._changed.notify()
            return True

    def split(self, batch: Batch, parts: Sequence[tuple[bytes, int]]) -> bool:
        """Put *parts* (body, records), compressed as *batch* is, in the place of a held *batch*."""
        with self._changed:
            if not self._let_go(batch):
                return False
            made = [self._make(batch.mark, body, records, batch.encoding) for body, records in parts]
            self._queue.extendleft(reversed(made))
            self._changed.notify()
            return True

    def quarantine(self, batch: Batch, cause: str, reason: str) -> bool:  # noqa: ARG002 - memory keeps no file to write it to
        """Drop a held *batch*, counting its records under *cause*."""
        with self._changed:
            if not self._let_go(batch):
                return False
            self._lose(batch.records, cause)
            return True

    def mark(self) -> int:
        """Return the mark of the latest append."""
        with self._changed:
            return self._last_mark

    def is_settled(self, mark: int) -> bool:
        """Return whether nothing that was appended up to *mark* is waiting or held."""
        with self._changed:
            oldest = self._queue[0].mark if self._queue else mark + 1
            return oldest > mark and all(batch.mark > mark for batch in self._held.values())

    def lost(self) -> int:
        """Return how many records were dropped or quarantined so far."""
        with self._changed:
            return self._lost

    def pending(self) -> Pending:
        """Return what waits or is held."""
        with self._changed:
            return Pending(len(self._queue) + len(self._held), self._records, self._bytes)

    def wake(self) -> None:
        """Make `take`, the one that waits or else the next one, return without waiting."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def close(self) -> bool:
        """Stop taking appends; what waits or is held counts as lost at shutdown, though its last sending may have arrived."""
        with self._changed:
            self._closed = True
            lost = self._records
            if lost:
                self._lose(lost, "shutdown")
            self._queue.clear()
            self._held.clear()
            self._bytes = self._records = 0
            self._woken = True
            self._changed.notify_all()
            return lost == 0

    def _make(self, mark: int, body: bytes, records: int, encoding: Encoding) -> Batch:
        self._last_id += 1
        self._bytes += len(body)
        self._records += records
        return Batch(self._last_id, mark, body, records, encoding)

    def _let_go(self, batch: Batch) -> bool:
        if self._held.pop(batch.id, None) is None:
            return False
        self._forget(batch)
        return True

    def _forget(self, batch: Batch) -> None:
        self._bytes -= len(batch.body)
        self._records -= batch.records

    def _drop_oldest(self) -> None:
        while self._bytes > self._max_bytes and self._queue:
            batch = self._queue.popleft()
            self._forget(batch)
            self._lose(batch.records, "spool_full")

    def _lose(self, records: int, reason: str) -> None:
        self._lost += records
        self._accounts.dropped.add(reason, records)
