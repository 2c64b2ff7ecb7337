"""The index as a file: opened, made anew where it is missing, old or broken, and brought up to the ledger."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

from otel_events.server.store import schema
from otel_events.server.store.catch_up import CatchUp

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.server.store.place import Place

    Progress = Callable[[int, int], None]


class IndexFile:
    """Opens the index for one writer and any number of readers.

    Attributes:
        catch_up: keeps it up with the ledger, while it is open.
        rebuilt: how often it was made anew since the server started, save for the first time of all.
        coming: while it is brought up to the ledger, how many bytes of how many were read.
    """

    catch_up: CatchUp

    def __init__(self, place: Place) -> None:
        self._place = place
        self._writing: sqlite3.Connection | None = None
        self._reading = threading.local()
        # A thread that ends takes its connection with it.
        self._readers: weakref.WeakSet[schema.ReadingConnection] = weakref.WeakSet()
        self._lock = threading.Lock()
        # Of the file: a reader's connection to an earlier one is of no use any more.
        self._generation = 0
        self._changes = self._folded = 0
        self.rebuilt = 0
        self.coming: tuple[int, int] | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        """Return the connection that writes."""
        assert self._writing is not None
        return self._writing

    def open(self, progress: Progress | None = None) -> None:
        """Open it and bring it up to the ledger.

        Args:
            progress: told, now and then, how many bytes of how many were read.
        """
        had_one = self._place.index.exists()
        self._writing = schema.open_for_writing(self._place.index)
        if self._writing is not None:
            with suppress(sqlite3.DatabaseError):  # broken inside: made anew, below
                self._bring_up(progress)
                return
        self.rebuilt += had_one
        self.rebuild(progress)

    def rebuild(self, progress: Progress | None = None) -> None:
        """Make it anew from the ledger, or raise sqlite3.Error: there is no room for it."""
        self.coming = (0, 0)
        try:
            self.close()
            self._place.clear()
            self._writing = schema.create(self._place.index)
            self._bring_up(progress)
        finally:
            self.coming = None

    def close(self) -> None:
        """Let go of it. Whoever is just reading gets an error."""
        self._generation += 1
        with self._lock:
            readers, self._readers = self._readers, weakref.WeakSet()
        writing, self._writing = self._writing, None
        for connection in (*readers, writing):
            if connection is not None:
                with suppress(sqlite3.Error):  # a broken one cannot even be closed in order
                    connection.close()

    def fold(self) -> None:
        """Write what stands in the log beside the index into the index, and empty the log, if nothing was written since the last call.

        It holds whole pages for every commit: of a few hundred events that came one by one it had thirty megabytes.
        """
        before, self._changes = self._changes, self.connection.total_changes
        if before == self._changes != self._folded:
            # A reader that is at work is not waited for: the lock of the store is held.
            self.connection.execute("PRAGMA busy_timeout = 0")
            try:
                (is_busy, *_) = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                self.connection.execute(f"PRAGMA busy_timeout = {schema.PATIENCE * 1000:.0f}")
            if not is_busy:
                self._folded = self._changes

    def is_in_place(self) -> bool:
        """Return whether it is there to be used: somebody may have deleted the file, or there was no room to make it anew."""
        return self._writing is not None and self._place.index.exists()

    def read(self) -> sqlite3.Connection:
        """Return the calling thread's connection, which can only read."""
        known: tuple[int, schema.ReadingConnection] | None = getattr(self._reading, "known", None)
        if known is None or known[0] != self._generation:
            known = self._reading.known = (self._generation, schema.open_for_reading(self._place.index))
            with self._lock:
                self._readers.add(known[1])
        return known[1]

    def _bring_up(self, progress: Progress | None) -> None:
        self.catch_up = CatchUp(self.connection, self._place.ledger, self._place.spans)
        total, done = self.catch_up.size(), 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            self.coming = (done, max(total, done))  # others go on writing
            if progress is not None:
                progress(*self.coming)

        try:
            self.coming = (done, total)
            self.catch_up.run(advance)
        finally:
            self.coming = None
