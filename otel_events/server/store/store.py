"""The store: what comes in is appended to the ledger, numbered, and found again."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from itertools import compress
from typing import TYPE_CHECKING

from otel_events.accounting import Accounts
from otel_events.ledger.write import LedgerError
from otel_events.notices import Notices
from otel_events.server.store.appending import Appending
from otel_events.server.store.errors import StoreUnavailableError, is_damage
from otel_events.server.store.finder import Finder
from otel_events.server.store.index_file import IndexFile
from otel_events.server.store.place import Place
from otel_events.server.store.retention import Retention
from otel_events.server.store.span_lines import span_lines
from otel_events.server.store.stored import StoredEvent
from otel_events.server.store.views import Views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from otel_events.file_lock import HeldLock
    from otel_events.filter_language import FilterSettings
    from otel_events.otlp.decode import ResourceSpans
    from otel_events.server.settings import ServerSettings
    from otel_events.server.store.entry import Entry
    from otel_events.server.store.stored import Arrival

    Listener = Callable[[Sequence[StoredEvent]], None]
    Progress = Callable[[int, int], None]

_POLL_SECONDS = 0.05
_SYNC_EVERY = 20  # polls
_FOLD_EVERY = 5
_MAINTAIN_EVERY = 200
_MAX_TOLD = 10_000  # at once, of what an index that was made anew has found


class Store:
    """Keeps events. Thread-safe, and blocking: async code calls it through a thread.

    The ledger is the truth, whoever writes to it; the index is made of it, and made again where it is missing or broken.

    Args:
        path: of the ledger.
        settings: of the server.
        is_default_path: nobody chose it: a symbolic link there is refused.

    Attributes:
        place: where all is.
        accounts: counts what went otherwise than it should.
        views: what can be asked beside events.
    """

    def __init__(self, path: Path, settings: ServerSettings, *, is_default_path: bool = False) -> None:
        self.place = Place(path)
        self.accounts = Accounts()
        self._troubles: dict[str, str] = {}
        self._notices = Notices()
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._held: HeldLock | None = None
        self._index = IndexFile(self.place)
        self._told = 0
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        follow = not is_default_path
        self._events = Appending(
            self.place.ledger, settings, follow_symlinks=follow, next_seq=self._next_seq, accounts=self.accounts
        )
        self._spans = Appending(
            self.place.spans, settings, follow_symlinks=False, next_seq=None, accounts=self.accounts
        )
        self._retention = Retention(settings, self.accounts)
        self._finder = Finder(self._index.read)
        self.views = Views(self._index.read, self.place)

    @property
    def trouble(self) -> str:
        """Return why what comes in cannot be kept just now, as far as is known; empty while it can."""
        return next(iter(self._troubles.values()), "")

    def listen(self, listener: Listener) -> None:
        """Have *listener* called, on threads of the store, with all that is stored, in the order of its numbers.

        What writers say of themselves is among it (`own.is_own`).
        """
        self._listeners.append(listener)

    def open(self, progress: Progress | None = None) -> None:
        """Open it and begin to follow what others append, or raise StoreError.

        Args:
            progress: told, now and then, how many bytes of how many were read, where the index has to be brought up.
        """
        self._held = self.place.take()
        try:
            with self._lock, self._explained():
                self._index.open(progress)
                self._told = self.last_seq
        except BaseException:
            self.close()
            raise
        self._ending.clear()
        self._thread = threading.Thread(target=self._follow, name="otel_events-store", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write out what is left and let go of the files."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None
        with self._lock:
            for appending in (self._events, self._spans):
                try:
                    appending.close()
                except OSError:  # noqa: PERF203  # a failing disk: those who wait for it were told
                    self.accounts.problems.add("store_not_synced")
            self._index.close()
        if self._held is not None:
            self._held.let_go(delete=False)
            self._held = None

    @property
    def first_seq(self) -> int:
        """Return the lowest number that is kept; of an empty store the one that comes next."""
        # Without the lock, which is held for as long as an index is made anew.
        files = list(self._index.catch_up.events.files.values())
        return min((file.first_seq for file in files if file.first_seq), default=self.last_seq + 1)

    @property
    def last_seq(self) -> int:
        """Return the highest number that was given; 0 for none."""
        return self._index.catch_up.next_seq - 1

    @property
    def rebuilt(self) -> int:
        """Return how often a broken index was made anew."""
        return self._index.rebuilt

    @property
    def coming(self) -> tuple[int, int] | None:
        """Return how many bytes of how many the index has come to, while it is being brought up to the ledger; else None."""
        return self._index.coming

    def append(self, arrivals: Sequence[Arrival]) -> list[StoredEvent]:
        """Store *arrivals* less those whose uid is known; return them when they are as safe as the settings say.

        Raises:
            StoreUnavailableError: nothing can be stored just now.
        """
        with self._lock, self._explained():
            self._take_in()
            fresh = self._without_known(arrivals)
            if not fresh:
                return []
            start = self._events.append(fresh)
            self._troubles.pop("storing", None)
            found, stored = self._take_in()
            return [event for entry, event in zip(found, stored, strict=True) if entry.offset >= start]

    def append_spans(self, groups: Sequence[ResourceSpans]) -> None:
        """Store the spans of *groups*, each once, or raise StoreUnavailableError."""
        with self._lock, self._explained():
            self._take_in()
            has = self._index.catch_up.span_index.has
            lines = b"".join(span_lines(groups, lambda trace_id, span_id: not has(trace_id, span_id)))
            if lines:
                self._spans.append_lines(lines)
                self._troubles.pop("storing", None)
                self._take_in()

    def poll(self) -> None:
        """Take in what other programs have appended to the ledger, or raise StoreUnavailableError."""
        with self._lock, self._explained("following"):
            if not self._index.is_in_place():
                self._rebuild()
            self._take_in()

    def maintain(self) -> None:
        """Delete what is older, or more, than is to be kept."""
        with self._explained("deleting"):
            self._retention.run(self._lock, self._index)

    def select(
        self,
        chosen: FilterSettings | None = None,
        *,
        after: int = 0,
        before: int | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int = 200,
        newest_first: bool = False,
        run: int | None = None,
    ) -> list[StoredEvent]:
        """Return up to *limit* events that fit, in the order of their numbers.

        Args:
            chosen: the filter; None for all but what writers say of themselves.
            after: only greater numbers.
            before: only lesser numbers.
            since: nanoseconds since the Unix epoch; none that happened earlier.
            until: nanoseconds since the Unix epoch; none that happened then or later.
            limit: at most so many.
            newest_first: begin with the greatest number.
            run: of the task that *chosen* names, the number of one of its runs.
        """
        return self._finder.select(
            chosen,
            after=after,
            before=before,
            since=since,
            until=until,
            limit=limit,
            newest_first=newest_first,
            run=run,
        )

    def get(self, seq: int) -> StoredEvent | None:
        """Return the event of that number, None if it is not kept."""
        return self._finder.get(seq)

    def read(self) -> sqlite3.Connection:
        """Return the calling thread's connection to the index, which can only read; see `schema` for the tables."""
        return self._index.read()

    def _without_known(self, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        are_new = self._index.catch_up.index.writers.are_new([arrival.event.uid for arrival in arrivals])
        if all(are_new):
            return arrivals
        self.accounts.dropped.add("duplicate", are_new.count(False))
        return list(compress(arrivals, are_new))

    def _take_in(self) -> tuple[list[Entry], list[StoredEvent]]:
        """Bring the index up to the ledger and tell the listeners; return what was new, as it was found and as it is kept."""
        try:
            found = self._index.catch_up.run()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self._rebuild()
            return [], []
        stored = [StoredEvent.of(entry) for entry in found]
        if stored:
            self._tell(stored)
        return found, stored

    def _rebuild(self) -> None:
        """Make the index anew, and tell the listeners of what it has found that they do not know."""
        self._index.rebuild()
        self.accounts.problems.add("index_rebuilt")
        self._index.rebuilt += 1
        self._tell(self._finder.select(None, after=self._told, limit=_MAX_TOLD))

    def _tell(self, stored: Sequence[StoredEvent]) -> None:
        self._told = self.last_seq
        for listener in self._listeners if stored else ():
            try:
                listener(stored)
            except Exception:  # noqa: PERF203  # what is stored is stored
                self.accounts.problems.add("listener_failed")

    def _next_seq(self) -> int:
        """Return the number of what is appended next; the ledger's lock is held meanwhile."""
        self._take_in()
        return self.last_seq + 1 + self._index.catch_up.events_in_tail()

    def _follow(self) -> None:
        polls = 0
        while not self._ending.wait(_POLL_SECONDS):
            polls += 1
            try:
                self.poll()
                if polls % _FOLD_EVERY == 0:
                    self._fold()
                if polls % _SYNC_EVERY == 0:
                    self._sync()
                if polls % _MAINTAIN_EVERY == 0:
                    self.maintain()
            except Exception:  # a full disk, an index that cannot be made: tried again in a moment, and counted
                self.accounts.problems.add("store_poll_failed")

    def _fold(self) -> None:
        with self._lock:
            self._index.fold()

    def _sync(self) -> None:
        with self._lock:
            self._events.sync()
            self._spans.sync()

    @contextmanager
    def _explained(self, what: str = "storing") -> Iterator[None]:
        """Turn what the operating system and the index raise into StoreUnavailableError, and remember it until *what* succeeds."""
        try:
            yield
            if what != "storing":  # that succeeds when something was written
                self._troubles.pop(what, None)
        except (OSError, LedgerError, sqlite3.Error) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self.accounts.problems.add("store_unavailable")
            trouble = self._troubles[what] = f"{self.place.ledger} cannot be written: {reason}"
            self._notices.warn(f"store {what}", f"{trouble}; it is tried again")
            raise StoreUnavailableError(trouble) from error
