"""The journal: events on disk from the moment `emit` returns until the sinks have them."""

from __future__ import annotations

import math
import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from otel_events.files import sync_file
from otel_events.interrupts import is_interrupt
from otel_events.notices import kind_and_place
from otel_events.pipeline.plain_drafts import PlainDrafts
from otel_events.pipeline.stage import run_stages
from otel_events.spool.journal_record import pack_common, pack_draft, pack_event, pack_writer
from otel_events.spool.own import OwnSegments
from otel_events.spool.segment import encode_batch, encode_settled
from otel_events.spool.segment_file import DiskCalls, SegmentFile
from otel_events.stats import SpoolState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from otel_events.accounting import Accounts
    from otel_events.event import Event, Value
    from otel_events.notices import Notices
    from otel_events.pipeline.plain_drafts import Kind
    from otel_events.pipeline.stage import Stage

_SEGMENT_BYTES = 1 << 20  # small: a segment goes when all of it is settled
_RETRY_SECONDS = 5.0
DESTINATION = "the sinks of this process"


class Journal:
    """Guards each event and appends it to a file, on the thread that emits; what the sinks have is settled later.

    An event that cannot be written goes on in memory; that is counted and told. So does one that is emitted in the middle of
    another, by a hook or a signal handler.

    Args:
        directory: of this service, for all its processes.
        root: the directory from which on no part of *directory* may be a symbolic link or another user's.
        writer_id: of this process.
        normalize: makes events of drafts.
        guards: the stages that an event passes before it may touch a disk.
        make_resource: who emits.
        is_synced: ask the disk after each event.
        accounts: where losses and problems are counted.
        notices: where they are told.
        max_bytes: of its files; beyond it the oldest goes, and with it the promise for what is in it.
    """

    def __init__(
        self,
        directory: Path,
        *,
        root: Path,
        service: str,
        writer_id: str,
        normalize: Callable[[Sequence[Any]], Sequence[Event]],
        guards: Sequence[Stage],
        make_resource: Callable[[], Mapping[str, Value]],
        is_synced: bool,
        accounts: Accounts,
        notices: Notices,
        max_bytes: int,
    ) -> None:
        self._directory = directory
        self._root = root
        self._service = service
        self._writer_id = writer_id
        self._normalize = normalize
        self._guards = tuple(guards)
        self._plain = PlainDrafts.behind(self._guards)
        self._make_resource = make_resource
        self._is_synced = is_synced
        self._max_bytes = max_bytes
        self._accounts = accounts
        self._notices = notices
        about = {"service": service, "signal": "journal", "destination": DESTINATION}
        self._own = OwnSegments(directory, root, writer_id, about, DiskCalls(write=self._write))
        self._inside: set[int] = set()  # the threads that are in the middle of an event
        # What follows changes under this lock alone. It is re-entrant, for a signal handler may come in between.
        self._lock = threading.RLock()
        self._to_settle: deque[tuple[_Segment, list[int], bytes]] = deque()
        self._segments: list[_Segment] = []  # the last is written to, unless that failed
        self._active: _Segment | None = None
        self._number = 1
        self._try_at = 0.0
        self._is_settling = False
        self._is_closed = False
        self._left = 0

    # -- on the threads that emit ------------------------------------------------------------------------------------

    def __call__(self, draft: Any) -> Any:
        """Return *draft*, as it is or as an event, with its place on disk; alone where it was not looked at, to be guarded later.

        A plain one stays a draft, which is guarded once more, with many others, before sinks are given it.
        """
        me = threading.get_ident()
        if me in self._inside:
            self._accounts.problems.add("journal_reentrant")
            return draft
        try:
            self._inside.add(me)
            if (kind := self._kind_of(draft)) is not None:
                return (draft, *self._append(draft, kind))
            events = self.guard([draft])
            if not events:  # dropped and counted
                return (None, None, 0)
            return (events[0], *self._append(events[0]))
        finally:
            self._inside.discard(me)

    def guard(self, drafts: Sequence[Any]) -> Sequence[Event]:
        """Return the events of *drafts*, as they may touch a disk."""
        try:
            events = self._normalize(drafts)
        except Exception as error:
            if is_interrupt(error):
                raise
            self._accounts.dropped.add("pipeline_failed", len(drafts))
            self._notices.warn("pipeline_failed", f"events were lost in the pipeline: {kind_and_place(error)}")
            return []
        return run_stages(self._guards, events, self._accounts, self._notices)

    def _kind_of(self, draft: Any) -> Kind | None:
        try:
            return None if self._plain is None else self._plain.kind_of(draft)
        except Exception as error:
            if is_interrupt(error):
                raise
            return None  # the long way meets it again, and counts it

    def _append(self, said: Any, kind: Kind | None = None) -> tuple[_Segment | None, int]:
        """Append an event, or a draft of *kind*; return where it is."""
        try:
            body = pack_event(said, self._writer_id) if kind is None else self._pack(said, kind)
            with self._lock:
                if self._try_at and time.monotonic() < self._try_at:
                    self._accounts.problems.add("journal_failed")
                    return None, 0
                segment = self._active
                if segment is None or segment.file.size > _SEGMENT_BYTES:
                    segment = self._begin()
                number = self._number
                self._number += 1
                segment.file.write(encode_batch(number, 1, None, body)[0])  # `append`, less what only readers need
                segment.waiting.add(number)
                if self._to_settle:
                    self._settle_all()
                return segment, number
        except Exception as error:
            if is_interrupt(error):
                self._active = None  # how far it came with the file is not known
                raise
            self._leave(error)
            return None, 0

    def _pack(self, draft: Any, kind: Kind) -> bytes:
        if kind.record is None:
            kind.record = pack_common(kind.common, self._writer_id)
        return pack_draft(kind.record, draft[0], draft[1], draft[3], draft[5] or draft[4] or {})

    def _begin(self) -> _Segment:
        self._end_active()
        self._make_room()
        file = self._own.begin(self._number)
        if weakness := self._own.find_weakness():
            self._accounts.problems.add("spool_root_open")
            self._notices.warn("spool_root_open", weakness)
        segment = self._active = _Segment(self, file)
        self._segments.append(segment)
        file.append(self._number, 0, None, pack_writer(self._writer_id, self._make_resource()))
        self._number += 1
        return segment

    def _end_active(self) -> None:
        active, self._active = self._active, None
        if active is None:
            return
        if active.waiting:
            active.file.close()
        else:
            self._delete(active)

    def _make_room(self) -> None:
        while self._segments and sum(segment.file.size for segment in self._segments) > self._max_bytes:
            oldest = self._segments[0]
            self._accounts.problems.add("journal_full", len(oldest.waiting))
            self._notices.warn(
                "journal_full",
                f"journal {self._directory}: it has reached its limit of {self._max_bytes >> 20} MiB: events that the"
                " sinks cannot put on a disk do not survive this process; see to these, or raise spool_max_bytes",
            )
            self._delete(oldest)

    def _leave(self, error: Exception) -> None:
        self._accounts.problems.add("journal_failed")
        if isinstance(error, OSError):
            self._active = None
            self._try_at = time.monotonic() + _RETRY_SECONDS
        reason = (error.strerror if isinstance(error, OSError) else None) or repr(error)
        self._notices.warn(
            "journal_failed",
            f"journal {self._directory}: cannot be written ({reason}): events go on, and do not survive this process;"
            " see to its disk, or set OTEL_EVENTS_SPOOL_DIR to another directory",
        )

    def _write(self, fd: int, data: bytes) -> int:
        written = os.write(fd, data)
        if self._is_synced and not self._is_settling:
            sync_file(fd)
        return written

    # -- on the pipeline's thread ------------------------------------------------------------------------------------

    def settle(self, segment: _Segment, numbers: list[int]) -> None:
        """Note that the sinks have the events *numbers* of *segment*."""
        self._to_settle.append((segment, numbers, b"".join(encode_settled(*run) for run in _runs(numbers))))
        # A thread that emits without a pause has the lock whenever we ask: then its next event does it.
        if self._lock.acquire(blocking=False):
            try:
                self._settle_all()
                if self._active is not None and not self._active.is_usable():
                    self._active = None
            finally:
                self._lock.release()

    def _settle_all(self) -> None:
        while self._to_settle:
            self._settle(*self._to_settle.popleft())

    def _settle(self, segment: _Segment, numbers: list[int], record: bytes) -> None:
        segment.waiting.difference_update(numbers)
        if segment not in self._segments:  # it was given up for want of room
            return
        if segment is self._active and segment.file.size > _SEGMENT_BYTES:
            self._end_active()
        elif segment is not self._active and not segment.waiting:
            self._delete(segment)
        if segment not in self._segments:
            return
        self._is_settling = True
        try:
            segment.note(record)
        except OSError:  # costs a duplicate at worst
            self._accounts.problems.add("journal_settle_failed")
        finally:
            self._is_settling = False

    def _delete(self, segment: _Segment) -> None:
        self._segments.remove(segment)
        try:
            segment.file.delete()
        except OSError:
            self._accounts.problems.add("journal_delete_failed")

    def leave(self, count: int) -> None:
        """Leave *count* events, which are not settled, to the next process."""
        self._left += count

    def close(self) -> None:
        """Let go of everything; what is not settled stays."""
        with self._lock:
            self._settle_all()
            self._active, self._is_closed, self._try_at = None, True, math.inf
            for segment in list(self._segments):
                if segment.waiting:
                    segment.file.close()
                else:
                    self._delete(segment)
            self._own.end(is_empty=not self._segments)

    def state(self) -> SpoolState:
        """Return what is left to others."""
        return SpoolState(
            signal="logs",
            destination=DESTINATION,
            directory=str(self._directory),
            records=self._left,
            bytes=sum(segment.file.size for segment in list(self._segments)),
            adopted=0,
            is_on_disk=self._is_closed or time.monotonic() >= self._try_at,
        )


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield first and length of each run of consecutive *numbers*."""
    first = count = 0
    for number in numbers:
        if number == first + count:
            count += 1
            continue
        if count:
            yield first, count
        first, count = number, 1
    if count:
        yield first, count


class _Segment:
    """A file of the journal, and the numbers of the events in it that are not settled."""

    __slots__ = ("file", "journal", "waiting")

    def __init__(self, journal: Journal, file: SegmentFile) -> None:
        self.journal = journal
        self.file = file
        self.waiting: set[int] = set()

    def note(self, record: bytes) -> None:
        """Append what says that something is settled, to a file that may not be written to any more; or raise OSError."""
        if self is self.journal._active:
            self.file.write(record)
            return
        file = SegmentFile.open(self.file.path, DiskCalls())
        try:
            file.write(record)
        finally:
            file.close()

    def is_usable(self) -> bool:
        try:
            return self.file.is_in_place()
        except OSError:
            return False
