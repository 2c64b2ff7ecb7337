"""The store: what comes in is appended to the ledger, numbered, and found again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from otel_events.filter_language import FilterSettings
from otel_events.ledger.line import EventsFormat
from otel_events.reading.selection import Selection
from otel_events.server.store.stored import Arrival, StoredEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from otel_events.server.settings import ServerSettings

OWN_PREFIX = "otel_events.writer."


class Store:
    """Keeps events. Thread-safe, and blocking: async code calls it through a thread.

    Args:
        path: of the ledger.
        settings: of the server.
    """

    def __init__(self, path: Path, settings: ServerSettings) -> None:
        self.path = path
        self._settings = settings
        self._lock = threading.RLock()
        self._events: list[StoredEvent] = []
        self._uids: set[str] = set()
        self._listeners: list[Callable[[Sequence[StoredEvent]], None]] = []

    def listen(self, listener: Callable[[Sequence[StoredEvent]], None]) -> None:
        """Have *listener* called, on a thread of the store, with what was stored, in order."""
        self._listeners.append(listener)

    def open(self) -> None:
        """Open it, or raise OSError or StoreError."""

    def close(self) -> None:
        """Write out what is left and let go of the files."""

    @property
    def first_seq(self) -> int:
        """Return the lowest number that is kept; 1 for none."""
        return self._events[0].seq if self._events else 1

    @property
    def last_seq(self) -> int:
        """Return the highest number that was given; 0 for none."""
        return self._events[-1].seq if self._events else 0

    def append(self, arrivals: Sequence[Arrival]) -> list[StoredEvent]:
        """Store *arrivals* less those whose uid is known; return them when they are as safe as the settings say."""
        stored = []
        with self._lock:
            for arrival in arrivals:
                if arrival.event.uid in self._uids:
                    continue
                service = str(arrival.resource.attributes.get("service.name", ""))
                form = EventsFormat(service=service, resource=arrival.resource.attributes, writer_id="")
                line = form.encode(arrival.event).rstrip(b"\n")
                stored.append(StoredEvent(self.last_seq + 1, line))
                self._events.append(stored[-1])
                if arrival.event.uid:
                    self._uids.add(arrival.event.uid)
            for listener in self._listeners if stored else ():
                listener(stored)
        return stored

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
        """
        fits = Selection(chosen or FilterSettings(), since, until).compile()
        shows_own = chosen is not None and any("otel_events" in clause.pattern for clause in chosen.clauses)
        found: list[StoredEvent] = []
        with self._lock:
            events = list(self._events)
        for event in reversed(events) if newest_first else events:
            if len(found) >= limit:
                break
            if event.seq <= after or (before is not None and event.seq >= before):
                continue
            if not shows_own and event.record.name.startswith(OWN_PREFIX):
                continue
            if fits is None or fits(event.record):
                found.append(event)
        return found
