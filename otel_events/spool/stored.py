"""Batches that were appended one after the other and are kept in one place: a file, or memory while there is no disk."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from otel_events.spool.claim import Claim
    from otel_events.spool.queue import Encoding
    from otel_events.spool.segment import Found, Scan
    from otel_events.spool.segment_file import SegmentFile


_CACHE_BYTES = 4 << 20  # of bodies that lie in a file as well


class Entry:
    """A batch in a spool, until it is settled.

    Attributes:
        mark: its place in the order of appends; 0 for what another process appended.
        records: how many log records or spans it holds.
        size: the length of its body.
        encoding: how the body is compressed.
        body: None if it is to be read from the file; of one that is out the same bytes that are out.
        found: where it is in the file; None in memory.
        segment: where it is kept; None once the spool has let go of it.
        left: its records that are not settled; less than `records` between the parts of a split batch.
        pieces: in how many pieces it is out: 1 as a rule, 0 while it waits.
    """

    __slots__ = ("body", "encoding", "found", "left", "mark", "pieces", "records", "segment", "size")

    def __init__(self, mark: int, records: int, size: int, encoding: Encoding, body: bytes | None) -> None:
        self.mark = mark
        self.records = records
        self.size = size
        self.encoding = encoding
        self.body = body
        self.found: Found | None = None
        self.segment: Segment | None = None
        self.left = records
        self.pieces = 0


class Segment:
    """The entries of one file, or of a time without disk. Of a file that is not being read the sums alone are known.

    Attributes:
        file: None in memory, and while the file is closed.
        path: None in memory.
        claim: the dead writer's whose segment it was; None for our own.
        first_mark: not above the mark of any entry in it.
        batches: how many are not settled; `records` and `bytes` are what these hold.
        began: when it was begun, on the monotonic clock.
        is_damaged: some of it cannot be read: the file is kept for people to look at.
        waiting: the entries that are not out, in order; None while they are not loaded.
        not_before: do not try to read it before, on the monotonic clock.
    """

    def __init__(self, path: Path | None, began: float, first_mark: int, claim: Claim | None = None) -> None:
        self.file: SegmentFile | None = None
        self.path = path
        self.claim = claim
        self.first_mark = first_mark
        self.began = began
        self.is_damaged = False
        self.batches = self.records = self.bytes = self.file_bytes = 0
        self.waiting: deque[Entry] | None = deque()
        self.not_before = 0.0
        self._cached = 0
        self._entries: OrderedDict[Entry, None] = OrderedDict()
        self._unrecorded: set[int] = set()

    @property
    def size(self) -> int:
        """The bytes that it takes on disk."""
        return self.file_bytes if self.file is None else self.file.size

    @property
    def is_out(self) -> bool:
        """Whether some of its entries are not settled, and do not wait."""
        return self.waiting is not None and len(self.waiting) < self.batches

    def oldest_mark(self) -> int:
        """Return the mark of the oldest entry, or a lower one."""
        oldest = next(iter(self._entries), None)
        return self.first_mark if oldest is None else oldest.mark

    def add(self, entry: Entry) -> None:
        """Take a new *entry*; of the body of one that waits no more is kept beside the file than there is room for."""
        assert self.waiting is not None
        if entry.pieces == 0:
            self.waiting.append(entry)
            if self.file is not None and entry.body is not None:
                if self._cached + entry.size > _CACHE_BYTES:
                    entry.body = None
                else:
                    self._cached += entry.size
        entry.segment = self
        self._entries[entry] = None
        self.batches += 1
        self.records += entry.left
        self.bytes += entry.size

    def take(self, *, newest: bool) -> tuple[Entry, bytes | None]:
        """Return the oldest or newest entry that waits, with its body; None for one that is damaged."""
        assert self.waiting
        entry = self.waiting.pop() if newest else self.waiting.popleft()
        entry.body = self._read(entry)
        return entry, entry.body

    def entries(self) -> list[Entry]:
        """Return what is not settled, oldest first, of a segment that is loaded."""
        return list(self._entries)

    def remove(self, entry: Entry) -> None:
        """Forget *entry*, which does not wait any more: it is settled, or kept elsewhere."""
        del self._entries[entry]
        entry.segment = None
        self.batches -= 1
        self.records -= entry.left
        self.bytes -= entry.size

    def note_settled(self, entry: Entry) -> bool:
        """Note in the file that *entry* is settled; False if that failed."""
        if self.file is None or entry.found is None:
            return True
        try:
            self.file.settle(entry.found.number, entry.records)
        except OSError:
            self._unrecorded.add(entry.found.number)
            return False
        return True

    def load(self, file: SegmentFile, found: Scan) -> int:
        """Know every entry again, as *found* in *file*; return how many records are missing that should be there."""
        expected = self.records
        self.file = file
        self.waiting = deque()
        self.batches = self.records = self.bytes = 0
        self.is_damaged |= found.is_damaged
        for batch in found.waiting:
            if batch.number not in self._unrecorded:
                entry = Entry(self.first_mark, batch.records, batch.length, batch.encoding, None)
                entry.found = batch
                self.add(entry)
        return max(0, expected - self.records)

    def unload(self) -> None:
        """Know the sums alone. Nothing must be out."""
        assert self.file is not None
        self.file_bytes = self.file.size
        self.file.close()
        self.file = None
        self.waiting = None
        self._entries.clear()
        self._cached = 0

    def move_to_memory(self) -> int:
        """Keep in memory what the file, deleted by somebody while it is open, still gives; return the records it does not."""
        assert self.file is not None
        assert self.waiting is not None
        before = self.records
        for entry in list(self.waiting):
            entry.body = self._read(entry)
            entry.found = None
            if entry.body is None:
                self.waiting.remove(entry)
                self.remove(entry)
        for entry in self._entries:
            entry.found = None
        self.file.close()
        self.file = self.path = None
        return before - self.records

    def let_go(self) -> None:
        """Make every entry one that the spool has let go of."""
        for entry in self._entries:
            entry.segment = None
        self._entries.clear()
        self.waiting = deque()
        self.batches = self.records = self.bytes = 0

    def _read(self, entry: Entry) -> bytes | None:
        if entry.body is not None:
            if self.file is not None:
                self._cached -= entry.size
            return entry.body
        assert self.file is not None
        assert entry.found is not None
        try:
            body = self.file.read(entry.found)
        except OSError:  # a bad block
            body = None
        self.is_damaged |= body is None
        return body
