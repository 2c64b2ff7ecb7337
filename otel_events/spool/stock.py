"""The segments of a spool in their order: where a batch is stored, which is next, and what has to go."""

from __future__ import annotations

import errno
import time
from collections import Counter
from typing import TYPE_CHECKING

from otel_events.disk_cures import cure_of
from otel_events.spool.queue import Pending
from otel_events.spool.segment import HEADER_BYTES, RECORD_OVERHEAD, next_number
from otel_events.spool.segment_file import SegmentFile, set_aside
from otel_events.spool.stored import Segment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_events.spool.adoption import Adoption, OtherSegment
    from otel_events.spool.caps import Caps
    from otel_events.spool.claim import Claim
    from otel_events.spool.losses import Losses
    from otel_events.spool.own import OwnSegments
    from otel_events.spool.segment_file import DiskCalls
    from otel_events.spool.stored import Entry

_SEGMENT_BYTES = 8 << 20
_ELSEWHERE = "set OTEL_EVENTS_SPOOL_DIR to another directory"
_RETRY_SECONDS = 5.0


class Stock:
    """All segments, oldest first: of dead writers, our own, and in memory what came while there was no disk.

    The caller holds a lock.

    Attributes:
        claims: the dead writers that we took over.
    """

    def __init__(
        self,
        own: OwnSegments,
        caps: Caps,
        losses: Losses,
        calls: DiskCalls,
        adoption: Adoption,
    ) -> None:
        self.claims: list[Claim] = []
        self._own = own
        self._caps = caps
        self._losses = losses
        self._calls = calls
        self._adoption = adoption
        self._share = caps.max_bytes  # of the cap, while several writers live
        self._segments: list[Segment] = []
        self._active: Segment | None = None  # the one on disk that is written to
        self._number = 1
        self._disk_due = 0.0  # when to try the disk again, on the monotonic clock

    # -- in --------------------------------------------------------------------------------------------------------

    def store(self, entry: Entry) -> None:
        """Store *entry* on disk, else in memory, where the oldest is dropped if there is no room."""
        if time.monotonic() >= self._disk_due:
            try:
                self._move_to_disk()  # what is older goes first
                self._write(entry)
                return
            except OSError as error:
                self._leave_disk(error)
        memory = self._segments[-1] if self._segments else None
        if memory is None or memory.path is not None:
            memory = Segment(None, time.monotonic(), entry.mark)
            self._segments.append(memory)
        memory.add(entry)
        self._bound_memory()

    def return_to_disk(self) -> None:
        """Put on disk what is in memory, if it is time to try that."""
        if time.monotonic() >= self._disk_due and not self.is_all_on_disk:
            try:
                self._move_to_disk()
            except OSError as error:
                self._leave_disk(error)

    def insert(self, adopted: Iterable[Segment]) -> None:
        """Put what dead writers left in front."""
        self._segments[:0] = adopted
        for segment in self._find_finished():
            self._finish(segment)

    def _write(self, entry: Entry) -> None:
        """Append *entry* to the active segment, or to a new one if that is full; or raise OSError."""
        assert entry.body is not None
        active = self._active
        if active is None or self._is_full(active, entry):
            active = self._begin(entry)
        assert active.file is not None
        try:
            found = active.file.append(self._number, entry.records, entry.encoding, entry.body)
        except OSError:
            if active.size <= HEADER_BYTES:
                raise
            self._end_active()  # a bad block, a limit of file sizes: another file may do
            self._write(entry)
            return
        if not active.file.is_in_place():
            self._active = None
            lost = active.move_to_memory()
            self._losses.drop(lost, "spool_vanished", "somebody deleted the file that they were in")
            raise FileNotFoundError(errno.ENOENT, "somebody deleted the file that is being written")
        self._number = next_number(self._number, entry.records)
        if entry.segment is not None:
            if entry.pieces == 0:
                entry.segment.waiting.remove(entry)  # type: ignore[union-attr]  # in memory all are known
            entry.segment.remove(entry)
        entry.found = found
        active.add(entry)

    def _is_full(self, active: Segment, entry: Entry) -> bool:
        if active.size <= HEADER_BYTES:
            return False
        is_old = time.monotonic() - active.began > self._caps.segment_seconds
        return is_old or active.size + RECORD_OVERHEAD + entry.size > self._segment_bytes

    def _begin(self, entry: Entry) -> Segment:
        self._end_active()
        file = self._own.begin(self._number)
        if weakness := self._own.find_weakness():
            self._losses.note("spool_root_open", weakness)
        self._make_room(max(self._segment_bytes, HEADER_BYTES + RECORD_OVERHEAD + entry.size))
        active = Segment(file.path, time.monotonic(), entry.mark)
        active.file = file
        # What moves here from memory stays before the rest of it, which a disk that is full again leaves there.
        at = len(self._segments) if entry.segment is None else self._segments.index(entry.segment)
        self._segments.insert(at, active)
        self._active = active
        return active

    @property
    def _segment_bytes(self) -> int:
        # An eighth of the share at most, for that is what is dropped at once.
        return min(_SEGMENT_BYTES, self._share // 8)

    def _end_active(self) -> None:
        active, self._active = self._active, None
        if active is None:
            return
        if active.batches == 0:
            self._finish(active)
        elif active is not self._segments[0] and not active.is_out:
            active.unload()

    def _leave_disk(self, error: OSError) -> None:
        # What was deleted can be made again at once.
        self._disk_due = time.monotonic() + (0.0 if isinstance(error, FileNotFoundError) else _RETRY_SECONDS)
        self._end_active()
        self._losses.note(
            "spool_disk_failed",
            f"cannot be written ({error.strerror or error}): what waits to be sent is kept in memory meanwhile, "
            f"up to {self._caps.memory_bytes >> 20} MiB, and does not survive this process; {cure_of(error, _ELSEWHERE)}",
        )

    def _move_to_disk(self) -> None:
        for memory in [segment for segment in self._segments if segment.path is None]:
            for entry in memory.entries():
                if entry.body is not None:  # else it is out, and was too much to be kept beside its file, which is gone
                    self._write(entry)
            if memory.batches == 0:
                self._segments.remove(memory)

    # -- out -------------------------------------------------------------------------------------------------------

    def take(self, *, newest: bool) -> tuple[Entry, bytes] | None:
        """Return the next entry that waits, with its body; None if nothing waits that can be read."""
        for segment in list(reversed(self._segments) if newest else self._segments):
            while self._is_loaded(segment) and segment.waiting:
                entry, body = segment.take(newest=newest)
                if body is not None:
                    return entry, body
                self._losses.drop(entry.left, "spool_damaged", f"{segment.path} has been damaged")
                self.settle(entry)
        return None

    def settle_part(self, entry: Entry, records: int) -> None:
        """Let go of one piece of *entry* with so many *records*, and of all of it with the last."""
        assert entry.segment is not None
        entry.segment.records -= records
        entry.left -= records
        entry.pieces -= 1
        if entry.pieces == 0:
            self.settle(entry)

    def settle(self, entry: Entry) -> None:
        """Let go of *entry*; its segment goes with the last."""
        segment = entry.segment
        assert segment is not None
        segment.remove(entry)
        is_noted = segment.note_settled(entry)  # of the last one too: the file may be one that cannot be deleted
        if segment.batches == 0 and segment is not self._active:
            self._finish(segment)
        elif not is_noted:
            self._losses.note("spool_cursor_failed")

    def _is_loaded(self, segment: Segment) -> bool:
        if segment.waiting is not None:
            return True
        if time.monotonic() < segment.not_before:
            return False
        assert segment.path is not None
        try:
            file = SegmentFile.open(segment.path, self._calls)
            self._load(segment, file)
        except FileNotFoundError:
            self._losses.drop(segment.records, "spool_vanished", f"somebody deleted {segment.path}")
            segment.let_go()
            self._finish(segment)
            return False
        except OSError as error:  # too many open files, or a failing disk: it may pass
            segment.not_before = time.monotonic() + _RETRY_SECONDS
            self._losses.note("spool_unreadable", f"{segment.path} cannot be read: {error.strerror or error}")
            return False
        if segment.batches == 0:
            self._finish(segment)
        return True

    def _load(self, segment: Segment, file: SegmentFile) -> None:
        try:
            found = file.scan()
        except OSError:
            file.close()
            raise
        if not file.repair(found):
            self._losses.note("spool_cursor_failed")
        lost = segment.load(file, found)
        self._losses.drop(lost, "spool_damaged", f"{segment.path} has been damaged")

    def _finish(self, segment: Segment) -> None:
        """Forget *segment*, which holds nothing any more, and delete its file, or keep it aside if it is damaged."""
        self._segments.remove(segment)
        if segment.file is not None:
            segment.file.close()
        if segment.path is not None:
            self._clear_away(segment)
        if segment.claim is not None and segment.path is not None:
            segment.claim.paths.discard(segment.path)
            if not segment.claim.paths:
                self.claims.remove(segment.claim)
                self._adoption.forget(segment.claim)

    def _clear_away(self, segment: Segment) -> None:
        assert segment.path is not None
        try:
            if segment.is_damaged:
                self._losses.note("spool_damaged", f"a part of a file could not be read: see {set_aside(segment.path)}")
            else:
                self._calls.unlink(segment.path)
        except FileNotFoundError:
            return
        except OSError:
            if segment.claim is not None:
                segment.claim.is_left = True  # not to be taken over again
            self._losses.note("spool_delete_failed", f"{segment.path} is of no use any more, and cannot be deleted")

    # -- caps ------------------------------------------------------------------------------------------------------

    def drop_expired(self) -> None:
        """Drop the segments that are too old."""
        limit = time.monotonic() - self._caps.last_seconds
        for segment in [segment for segment in self._segments if segment.path is not None and segment.began < limit]:
            self._drop(segment, "spool_expired", f"older than {self._caps.max_age:.0f} s")

    def _make_room(self, needed: int) -> None:
        """Drop the oldest segments in the directory until *needed* bytes more are within the cap.

        Living writers' stay, and what is being taken over just now, for it is being read.
        """
        mine = {segment.path: segment for segment in self._segments if segment.path is not None}
        size = needed + sum(segment.size for segment in mine.values())
        spare = self._caps.max_bytes - size
        others = self._adoption.find_others(mine, spare)
        excess = sum(other.size for other in others) - spare
        if excess <= 0:
            return
        dead, living = self._adoption.part(others)
        self._share = self._caps.max_bytes // (1 + living)
        size += sum(other.size for other in dead)
        lost: Counter[str] = Counter()
        segments: list[Segment | OtherSegment] = [*mine.values(), *dead]
        for oldest in sorted(segments, key=lambda segment: segment.began):
            if excess <= 0 or size <= self._share:  # the rest is for the living to give
                break
            freed = oldest.size
            if isinstance(oldest, Segment):
                self._drop(oldest, "spool_full")
            elif not self._adoption.drop(oldest.token, oldest.path, "spool_full", lost):
                continue
            size -= freed
            excess -= freed
        self._losses.inherit(lost)

    def _drop(self, segment: Segment, reason: str, message: str = "") -> None:
        self._losses.drop(segment.records, reason, message)
        if segment is self._active:
            self._active = None
        segment.let_go()
        segment.is_damaged = False  # it is room that we need
        self._finish(segment)

    def _bound_memory(self) -> None:
        memory = [segment for segment in self._segments if segment.path is None]
        size = sum(segment.bytes for segment in memory)
        for segment in memory:
            while size > self._caps.memory_bytes and segment.waiting:
                entry, _ = segment.take(newest=False)
                size -= entry.size
                self._losses.drop(entry.left, "spool_full")
                segment.remove(entry)

    # -- all of it -------------------------------------------------------------------------------------------------

    @property
    def is_all_on_disk(self) -> bool:
        """Whether nothing is in memory alone."""
        return all(segment.path is not None or segment.batches == 0 for segment in self._segments)

    @property
    def is_reading_late(self) -> bool:
        """Whether something waits until reading is tried again."""
        return any(segment.waiting is None and segment.not_before for segment in self._segments)

    def pending(self) -> Pending:
        """Return what is not settled."""
        segments = self._segments
        return Pending(
            sum(s.batches for s in segments), sum(s.records for s in segments), sum(s.bytes for s in segments)
        )

    def is_settled(self, mark: int) -> bool:
        """Return whether nothing is left of what was appended here up to *mark*."""
        return not any(s.batches and 0 < s.oldest_mark() <= mark for s in self._segments)

    def close(self) -> None:
        """Let go of all files and locks; what is in memory, and cannot be put on disk now, is lost."""
        self._disk_due = 0.0
        self.return_to_disk()
        self._losses.lose(sum(s.records for s in self._segments if s.path is None), "shutdown")
        self._end_active()
        self._segments = [segment for segment in self._segments if segment.path is not None]
        for segment in self._segments:
            if segment.file is not None:
                segment.unload()
        for claim in self.claims:
            self._adoption.forget(claim)
        self.claims = []
        self._own.end(is_empty=all(segment.claim is not None for segment in self._segments))

    def _find_finished(self) -> list[Segment]:
        return [s for s in self._segments if s.path is not None and s.batches == 0 and s is not self._active]
