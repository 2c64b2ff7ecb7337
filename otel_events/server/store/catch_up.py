"""What stands in the ledger and not yet in the index is taken into it, whoever wrote it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from otel_events.server.store.followed import Followed, KnownFile
from otel_events.server.store.index import Index
from otel_events.server.store.scan import NEXT_SEQ, Scanner
from otel_events.server.store.span_index import SpanIndex

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from otel_events.server.store.entry import Entry
    from otel_events.server.store.scan import Scanned

_MARK = f'"{NEXT_SEQ}":'.encode()


class CatchUp:
    """Keeps an index up with the files. To be used under one lock.

    Args:
        connection: to the index.
        events_path: of the ledger.
        spans_path: of the spans beside it.

    Attributes:
        index: what is written to.
        events: the ledger's files.
        spans: the files of spans.
        next_seq: the number of the event that comes next.
        scanner: counts what was passed over.
    """

    def __init__(self, connection: sqlite3.Connection, events_path: Path, spans_path: Path) -> None:
        self._connection = connection
        self.index = Index(connection)
        self.span_index = SpanIndex(connection)
        self.events = Followed(events_path, "events", connection)
        self.spans = Followed(spans_path, "spans", connection)
        self.scanner = Scanner()
        row = connection.execute("SELECT value FROM state WHERE key = ?", (NEXT_SEQ,)).fetchone()
        self.next_seq: int = row[0] if row else self._first_number()

    def run(self, advance: Callable[[int], None] | None = None) -> list[Entry]:
        """Take in what is new; return it, unless *advance* is told, now and then, how many bytes were read."""
        found: list[Entry] = []
        for file in self.events.with_news():
            for offset, lines, end in self.events.read(file):
                taken = self._take(file, offset, lines, end)
                if advance is None:
                    found += taken
                else:
                    advance(end - offset)
        for file in self.spans.with_news():
            for offset, lines, end in self.spans.read(file):
                with self._transaction(file):
                    self.span_index.add(file.id, lines)
                    file.position = end
                    self.spans.save(file)
                if advance is not None:
                    advance(end - offset)
        return found

    def size(self) -> int:
        """Return how many bytes there are to take in."""
        followed = (self.events, self.spans)
        there = [file for each in followed for file in each.look_around()[0]]
        return sum(max(0, file.path.stat().st_size - file.position) for file in there)

    def events_in_tail(self) -> int:
        """Return how many events stand in what is behind the last newline, and will count once there is one."""
        for file in self.events.with_news():
            data = file.path.read_bytes()[file.position :] if file.path.exists() else b""
            if data and b"\n" not in data:
                return len(Scanner().scan([data], 0, 1).entries)
        return 0

    def _take(self, file: KnownFile, offset: int, lines: Sequence[bytes], end: int) -> list[Entry]:
        before = self.next_seq
        scanned = self.scanner.scan(lines, offset, before)
        try:
            with self._transaction(file):
                return self._write(file, scanned, end)
        except BaseException:
            self.next_seq = before
            raise

    def _write(self, file: KnownFile, scanned: Scanned, end: int) -> list[Entry]:
        for said in scanned.introductions:
            self.index.writers.introduce(said.writer, said.service, said.resource)
        taken = self.index.add(file.id, scanned.entries)
        if scanned.entries:
            file.first_seq = file.first_seq or scanned.entries[0].seq
            file.last_seq = scanned.entries[-1].seq
        file.position = end
        self.events.save(file)
        self.next_seq = scanned.next_seq
        self._connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (NEXT_SEQ, self.next_seq))
        return taken

    @contextmanager
    def _transaction(self, file: KnownFile) -> Iterator[None]:
        before = (file.position, file.first_seq, file.last_seq)
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            file.position, file.first_seq, file.last_seq = before
            self.index.forget()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _first_number(self) -> int:
        """Return the number of the oldest event that is there, as the first header with a number tells; 1 without one."""
        files = self.events.look_around()[0]
        if not any(self._is_marked(file) for file in files):
            return 1
        scanner, counted = Scanner(), 0
        for file in files:
            for offset, lines, _ in self.events.read(file):
                scanned = scanner.scan(lines, offset, counted)
                if scanned.markers:
                    marked, before = scanned.markers[0]
                    return max(1, marked - before)
                counted = scanned.next_seq
        return 1

    def _is_marked(self, file: KnownFile) -> bool:
        return any(_MARK in line[:2_000] for _, lines, _ in self.events.read(file) for line in lines)
