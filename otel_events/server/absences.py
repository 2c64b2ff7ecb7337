"""What is expected of the events that are stored: what is missed is stored as an event among them."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from otel_events.absence.alert import what_matters
from otel_events.absence.claim import ANOTHER, Claim
from otel_events.absence.vigil import Vigil
from otel_events.event import Resource
from otel_events.notices import Notices
from otel_events.pipeline.name_patterns import ByName
from otel_events.server.store.errors import StoreError
from otel_events.server.store.stored import Arrival
from otel_events.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_events.absence.rule import Rule
    from otel_events.event import Event
    from otel_events.reading.record import Record
    from otel_events.server.store.store import Store
    from otel_events.server.store.stored import StoredEvent

_TURN = 1.0  # seconds; a clock that is looked at seldom tells nothing of pauses
_PAGE = 2_000
_RESOURCE = Resource({"service.name": "otel-events serve", "service.version": VERSION})


class Absences:
    """Watches over *store* on a thread of its own.

    Where things stood is read from the store when it starts, so it makes no difference how it ended before.

    Args:
        store: is listened to from now on, and read once `start` is called.
        rules: what is expected.
    """

    def __init__(self, store: Store, rules: Sequence[Rule]) -> None:
        patterns = {pattern: True for rule in rules for pattern in rule.patterns()}
        self.rules = rules
        self._store = store
        self._names = ByName(list(patterns.items()), spares_lifecycle=False)
        self._past = what_matters(rules)
        self._claim = Claim(store.place.ledger)
        self._heard: SimpleQueue[list[tuple[int, Record]]] = SimpleQueue()
        self._seen = 0  # the last number of what was read at the beginning
        self._untold: list[Event] = []
        self._notices = Notices()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        store.listen(self._hear)

    def start(self) -> None:
        """Start the thread; the store must be open."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._watch, name="otel_events-absences", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread. What it would have told next is told after the next start."""
        self._ending.set()
        self._heard.put([])
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None
        self._claim.let_go()

    def _hear(self, events: Sequence[StoredEvent]) -> None:
        find = self._names.find
        heard = [(event.seq, event.record) for event in events if find(event.record.name)]
        if heard:
            self._heard.put(heard)

    def _watch(self) -> None:
        vigil: Vigil | None = None
        while not self._ending.is_set():
            vigil = self._turn(vigil)

    def _turn(self, vigil: Vigil | None) -> Vigil | None:
        """Look once; return who looks next time, None if that is to begin anew."""
        try:
            vigil = vigil or self._begin()
            if vigil is not None:
                self._tell(vigil.turn(self._fresh()))
        except Exception as error:  # a damaged index, or a mistake of ours
            self._untold = []  # what the ledger says is as good as what we knew
            self._store.accounts.problems.add("absences_failed")
            self._notices.warn(
                "absences", f"what is expected could not be looked at ({error!r:.200}); it is tried again"
            )
            self._ending.wait(_TURN)
            return None
        return vigil

    def _begin(self) -> Vigil | None:
        """Return who watches, knowing what the store has; None if it is time to end, or another watches."""
        if not self._claim.take():
            self._notices.warn("another", f"{self._store.place.ledger}: {ANOTHER}")
            self._fresh()  # which it will find in the store
            return None
        vigil = Vigil(self.rules, tell_pause=self._tell_pause)
        self._seen = self._store.last_seq
        for page in self._pages(self._seen):
            vigil.restore(page)
        if self._ending.is_set():
            return None  # it has not read all: what it would say might have been said
        self._tell(vigil.begin())
        return vigil

    def _pages(self, last: int) -> Iterator[list[Record]]:
        after = 0
        while not self._ending.is_set():
            page = self._store.select(self._past, after=after, before=last + 1, limit=_PAGE)
            yield [event.record for event in page]
            if len(page) < _PAGE:
                return
            after = page[-1].seq

    def _fresh(self) -> list[Record]:
        """Wait for what comes, not longer than a turn, and return what is newer than the beginning."""
        heard: list[tuple[int, Record]] = []
        try:
            heard += self._heard.get(timeout=_TURN)
            while True:
                heard += self._heard.get_nowait()
        except Empty:
            return [record for seq, record in heard if seq > self._seen]

    def _tell(self, events: Sequence[Event]) -> None:
        self._untold += events
        if not self._untold:
            return
        try:
            self._store.append([Arrival(event, _RESOURCE) for event in self._untold])
        except StoreError:  # which the store has told; tried again in the next turn
            return
        self._untold = []

    def _tell_pause(self, seconds: float) -> None:
        self._notices.warn(
            "pause",
            f"this process did not run, or a clock was set, for {seconds:.0f} s: what is expected has a minute of grace",
        )
