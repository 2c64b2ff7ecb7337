"""A spool on disk: what was appended outlives the process."""

from __future__ import annotations

import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from otel_events.spool.adoption import Adoption
from otel_events.spool.caps import Caps
from otel_events.spool.losses import Losses
from otel_events.spool.own import OwnSegments
from otel_events.spool.queue import Batch, Pending
from otel_events.spool.rejected import RejectedFiles
from otel_events.spool.segment import HEADER_BYTES, MAX_BODY_BYTES, RECORD_OVERHEAD
from otel_events.spool.segment_file import DiskCalls
from otel_events.spool.stock import Stock
from otel_events.spool.stored import Entry

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from otel_events.accounting import Accounts
    from otel_events.notices import Notices
    from otel_events.spool.adoption import Adopted
    from otel_events.spool.queue import Encoding

DEFAULT_MAX_BYTES = 512 << 20
DEFAULT_MAX_AGE = 7 * 86_400.0
_MEMORY_BYTES = 64 << 20
_LOOK_SECONDS = 10.0  # between two looks for dead writers, by a spool that is in use; an idle one does not look
_READ_AGAIN_SECONDS = 5.0


class DiskSpool:
    """Batches in append-only files, bounded by size and age; in memory, bounded too, while the disk cannot be written.

    An append is in the operating system's hands when it returns: a kill loses nothing of it, a power failure may. What
    writers that have died left in the directory is taken over. Nothing is touched before the first append or take. After
    a fork the child makes a spool of its own; the parent's does nothing there.

    Counts as dropped: `spool_full`, `spool_expired`, `spool_damaged`, `spool_torn`, `spool_vanished`, the causes of quarantine, and
    `shutdown` for what was in memory alone at the end.

    Args:
        directory: of this service, destination and signal, for all its processes.
        root: the directory from which on no part of *directory* may be a symbolic link or another user's.
        service: named in a file beside the segments, for people. *signal* and *destination* likewise.
        signal: `logs` or `traces`.
        destination: the address, without credentials.
        writer_id: of this process.
        accounts: where losses are counted.
        notices: where they are told, and that the disk cannot be written.
        max_bytes: of all segments in the directory; beyond it the oldest is dropped.
        max_age: seconds after which what was not delivered is dropped.
        order: whether the `oldest` batch is sent first, or the `newest`.
        on_dropped: called with number and reason when caps or damage have cost records; without the lock.
        memory_bytes: the bound while the disk cannot be written.
        calls: how the disk is called.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        root: str | os.PathLike[str] | None = None,
        service: str = "",
        signal: str,
        destination: str,
        writer_id: str,
        accounts: Accounts,
        notices: Notices,
        max_bytes: int = DEFAULT_MAX_BYTES,
        max_age: float = DEFAULT_MAX_AGE,
        order: Literal["oldest", "newest"] = "oldest",
        on_dropped: Callable[[int, str], None] = lambda _records, _reason: None,
        memory_bytes: int = _MEMORY_BYTES,
        calls: DiskCalls | None = None,
    ) -> None:
        self.directory = Path(directory).absolute()
        calls = calls or DiskCalls()
        about = {"service": service, "signal": signal, "destination": destination}
        own = OwnSegments(self.directory, Path(root or directory).absolute(), writer_id, about, calls)
        caps = Caps(max_bytes, max_age, memory_bytes)
        self._largest = min(max_bytes - HEADER_BYTES - RECORD_OVERHEAD, MAX_BODY_BYTES)
        self._is_newest_first = order == "newest"
        self._losses = Losses(accounts, notices, str(self.directory), on_dropped)
        self._adoption = Adoption(self.directory, own.token, self._losses, calls)
        self._rejected = RejectedFiles(self.directory, own.token)
        self._rejected_file: str | None = None
        # What follows changes under this condition alone. Its lock is re-entrant (the default): a signal handler may
        # shut down in the middle of a flush.
        self._changed = threading.Condition()
        self._turn = _Turn(self._changed, self._losses)
        self._caps = caps
        self._stock = Stock(own, caps, self._losses, calls, self._adoption)
        self._out: dict[int, Entry] = {}  # by the id of the batch that is held, or is in front
        self._front: deque[Batch] = deque()
        self._last_mark = 0
        self._last_id = 0
        self._look_at = 0.0
        self._is_more_to_adopt = False
        self._woken = False
        self._closed = False

    @property
    def outlives_process(self) -> bool:
        """Whether all that waits or is held is on disk."""
        with self._changed:
            return self._stock.is_all_on_disk

    @property
    def rejected_file(self) -> str | None:
        """Where the batch is kept that was given up last; None if it could not be kept."""
        return self._rejected_file

    @property
    def adopted(self) -> int:
        """How many records were taken over from other writers: they count as delivered, dropped or pending here."""
        with self._changed:
            return self._losses.adopted

    # -- in --------------------------------------------------------------------------------------------------------

    def append(self, body: bytes, records: int, encoding: Encoding = None) -> int:
        """Take a batch; return how many records had to be dropped for it, its own included."""
        with self._turn:
            lost_before = self._losses.total
            self._last_mark += 1
            if self._closed:
                self._losses.lose(records, "shutdown")
            elif len(body) > self._largest:
                self._losses.drop(records, "spool_full")
            else:
                self._stock.store(Entry(self._last_mark, records, len(body), encoding, body))
                self._changed.notify()
            return self._losses.total - lost_before

    # -- out -------------------------------------------------------------------------------------------------------

    def take(self, timeout: float | None = None) -> Batch | None:
        """Return the next batch and hold it; None after *timeout* seconds, or if woken, with nothing to take."""
        self._adopt_if_due()
        until = None if timeout is None else time.monotonic() + timeout
        with self._turn:
            while (batch := self._next()) is None and not self._woken:
                remaining = None if until is None else until - time.monotonic()
                if remaining is not None and remaining <= 0:
                    return None
                if self._stock.is_reading_late:
                    remaining = min(remaining or _READ_AGAIN_SECONDS, _READ_AGAIN_SECONDS)
                self._changed.wait(remaining)
            self._woken = False
            return batch

    def release(self, batch: Batch) -> bool:
        """Let go of a held *batch*: it was delivered."""
        with self._turn:
            return self._settle(batch)

    def put_back(self, batch: Batch) -> bool:
        """Make a held *batch* the next to be taken again."""
        with self._turn:
            if self._entry_of(batch) is None:
                return False
            self._front.appendleft(batch)
            self._stock.return_to_disk()  # so that it need not wait for the next append
            self._changed.notify()
            return True

    def split(self, batch: Batch, parts: Sequence[tuple[bytes, int]]) -> bool:
        """Put *parts* (body, records), compressed as *batch* is, in its place; the whole stays on disk until all are gone."""
        with self._turn:
            entry = self._entry_of(batch)
            if entry is None:
                return False
            del self._out[batch.id]
            entry.pieces += len(parts) - 1
            made = [self._make(entry, body, records) for body, records in parts]
            self._front.extendleft(reversed(made))
            self._changed.notify()
            return True

    def quarantine(self, batch: Batch, cause: str, reason: str, *, must_be_kept: bool = False) -> bool:
        """Move a held *batch* to a file, the `rejected_file`; its records count as dropped for *cause*.

        Args:
            batch: that was taken.
            cause: what it counts as.
            reason: in the receiver's words.
            must_be_kept: if no file can be written, leave the batch where it is, and return False.
        """
        with self._turn:
            if self._entry_of(batch) is None:
                return False
        self._rejected_file = None
        try:
            self._rejected_file = str(self._rejected.keep(batch, cause, reason))
        except OSError as error:
            self._losses.note("spool_quarantine_failed", f"what was refused cannot be kept: {error.strerror or error}")
            if must_be_kept:
                return False
        with self._turn:
            if not self._settle(batch):
                return False
            self._losses.lose(batch.records, cause)
            return True

    def look_around(self) -> None:
        """Have the next `take`, the one that waits too, look at once for what others have left."""
        self._look_at = 0.0
        self.wake()

    # -- asked by any thread -----------------------------------------------------------------------------------------

    def mark(self) -> int:
        """Return the mark of the latest append."""
        with self._changed:
            return self._last_mark

    def is_settled(self, mark: int) -> bool:
        """Return whether nothing that was appended up to *mark* is waiting or held; other writers' batches do not count."""
        with self._changed:
            return self._stock.is_settled(mark)

    def lost(self) -> int:
        """Return how many records were dropped or quarantined so far."""
        with self._changed:
            return self._losses.total

    def pending(self) -> Pending:
        """Return what waits or is held, other writers' batches included; once closed, what is left on disk, in 0 batches."""
        with self._changed:
            left = self._stock.pending()
            return Pending(0, left.records, left.bytes) if self._closed else left

    def wake(self) -> None:
        """Make `take`, the one that waits or else the next one, return without waiting."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def close(self) -> bool:
        """Stop taking appends and let go of everything; what is on disk stays there. False if something was in memory alone."""
        with self._turn:
            lost_before = self._losses.total
            if not self._closed:
                self._closed = True
                self._stock.close()
                self._out.clear()
                self._front.clear()
            self._woken = True
            self._changed.notify_all()
            return self._losses.total == lost_before

    # -- within ------------------------------------------------------------------------------------------------------

    def _next(self) -> Batch | None:
        if self._closed:
            return None
        while self._front:
            batch = self._front.popleft()
            if self._entry_of(batch) is not None:
                return batch
        taken = self._stock.take(newest=self._is_newest_first)
        if taken is None:
            return None
        entry, body = taken
        entry.pieces = 1
        return self._make(entry, body, entry.records)

    def _make(self, entry: Entry, body: bytes, records: int) -> Batch:
        self._last_id += 1
        self._out[self._last_id] = entry
        return Batch(self._last_id, entry.mark, body, records, entry.encoding)

    def _entry_of(self, batch: Batch) -> Entry | None:
        """Return the entry that *batch* is, or is a part of; None if the spool has let go of it."""
        entry = self._out.get(batch.id)
        if entry is not None and entry.segment is None:
            del self._out[batch.id]
            return None
        return entry

    def _settle(self, batch: Batch) -> bool:
        entry = self._entry_of(batch)
        if entry is None:
            return False
        del self._out[batch.id]
        self._stock.settle_part(entry, batch.records)
        return True

    def _adopt_if_due(self) -> None:
        """Look for dead writers now and then. Reads files, and so holds up no append."""
        now = time.monotonic()
        with self._changed:
            is_next_due = self._is_more_to_adopt and not self._stock.claims
            if self._closed or (now < self._look_at and not is_next_due):
                return
            self._look_at = now + _LOOK_SECONDS
            present = len(self._stock.claims)
        try:
            adopted = self._adoption.look(present, now - self._caps.last_seconds)
        except OSError:  # no such directory yet, or none of ours: an append says what is wrong with it
            return
        self._take_over(adopted)

    def _take_over(self, adopted: Adopted) -> None:
        with self._turn:
            self._is_more_to_adopt = adopted.is_more
            self._stock.claims += adopted.claims
            self._losses.adopted += sum(segment.records for segment in adopted.segments)
            self._losses.inherit(adopted.lost)
            self._stock.insert(adopted.segments)
            self._stock.drop_expired()
            if self._closed:  # meanwhile: what was taken over is let go of as well
                self._stock.close()


class _Turn:
    """The lock of a spool, held for as long as something changes; then what there is to tell is told, without it."""

    __slots__ = ("_lock", "_losses")

    def __init__(self, lock: threading.Condition, losses: Losses) -> None:
        self._lock = lock
        self._losses = losses

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        self._losses.tell()
