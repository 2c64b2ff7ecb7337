"""The hub: every stored event goes through here once, to all who follow the stream."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from otel_events.ledger.instants import format_instant
from otel_events.server.live.feed import Feed
from otel_events.server.live.ring import Ring
from otel_events.server.live.subscription import Subscription
from otel_events.server.live.wanting import compile_wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.filter_language import FilterSettings
    from otel_events.server.store.stored import StoredEvent

_AT_ONCE = 2_000  # events that are put into the ring before clients get them
_LOOKED_AT = 2_000  # events of the ring that a client's catching-up may look at without giving way to others
_PAGE = 200


@dataclass(frozen=True, slots=True)
class HubSettings:
    """How the hub treats its clients.

    Attributes:
        ring_bytes: of the newest events that are kept in memory, for those who come or have been away for a moment.
        client_bytes: of events that may wait for one client before they are folded.
        interval: seconds for which events are gathered into one frame.
        heartbeat: seconds without an event after which clients are told that the connection lives.
    """

    ring_bytes: int = 64 * 1024 * 1024
    client_bytes: int = 4 * 1024 * 1024
    interval: float = 0.025
    heartbeat: float = 15.0


@dataclass(frozen=True, slots=True)
class HubFigures:
    """How the stream is doing.

    Attributes:
        clients: that follow the stream.
        filters: different filters among those that are up to date.
        cursor: of the newest event.
        ring_events: that are in memory.
        ring_bytes: that they have.
        folded: events of which clients got a count only, over all clients.
        dropped: events that clients were told as a gap, over all clients.
    """

    clients: int
    filters: int
    cursor: int
    ring_events: int
    ring_bytes: int
    folded: int
    dropped: int


class History(Protocol):
    """What the hub needs of the store. It blocks, so the hub asks on a thread."""

    @property
    def last_seq(self) -> int: ...

    def select(
        self,
        chosen: FilterSettings | None = None,
        *,
        after: int = 0,
        before: int | None = None,
        since: int | None = None,
        limit: int = 200,
        newest_first: bool = False,
    ) -> list[StoredEvent]: ...


class Hub:
    """Take events from the store's threads, and give them to subscriptions on one event loop.

    Attributes:
        cursor: of the newest event that was published.
        folded: see HubFigures.
        dropped: see HubFigures.
    """

    def __init__(self, history: History, settings: HubSettings | None = None) -> None:
        self.settings = settings or HubSettings()
        self._history = history
        self._loop: asyncio.AbstractEventLoop | None = None
        self._arrived: deque[Sequence[StoredEvent]] = deque()
        self._lock = threading.Lock()
        self._is_summoned = False
        self._ring = Ring(self.settings.ring_bytes)
        self._feeds: dict[FilterSettings | None, Feed] = {}
        self._subscriptions: set[Subscription] = set()
        self._flush: asyncio.TimerHandle | None = None
        self._beats: asyncio.TimerHandle | None = None
        self._news: asyncio.Future[None] | None = None
        self.folded = 0
        self.dropped = 0

    @property
    def cursor(self) -> int:
        return self._ring.cursor

    async def start(self) -> None:
        """Begin on the running loop, with what the store has; what it stores from now on is taken in."""
        with self._lock:
            self._loop = asyncio.get_running_loop()
            self._arrived.clear()  # the store has them: read from there
        last = await asyncio.to_thread(lambda: self._history.last_seq)
        # What was published in the meantime is in the store as well, and is passed over when its turn comes.
        self._ring = Ring(self.settings.ring_bytes, max(last, self._ring.cursor))
        self._beats = self._loop.call_later(self.settings.heartbeat, self._beat)

    def stop(self) -> None:
        """End every subscription; their clients are told to come again."""
        with self._lock:
            self._loop = None
        for timer in (self._flush, self._beats):
            if timer is not None:
                timer.cancel()
        self._flush = self._beats = None
        for subscription in list(self._subscriptions):
            subscription.close()

    def publish(self, events: Sequence[StoredEvent]) -> None:
        """Hand over what was stored, from any thread, in the order of seq; this never waits."""
        with self._lock:
            if self._loop is None or not events:
                return
            self._arrived.append(events)
            if self._is_summoned:
                return
            self._is_summoned = True
            try:
                self._loop.call_soon_threadsafe(self._take_in)
            except RuntimeError:  # the loop was closed without `stop`: nobody follows any more
                self._loop = None

    def subscribe(self, chosen: FilterSettings | None, *, after: int) -> Subscription:
        """Return frames of what comes after the cursor *after*; close it when done.

        Args:
            chosen: which events; None for all but the writers' own.
            after: 0 for everything that is stored; `cursor` for what is to come.
        """
        subscription = Subscription(self, chosen, after=after, max_bytes=self.settings.client_bytes)
        self._subscriptions.add(subscription)
        if self._beats is None:  # it has stopped, or has not begun: the ring that it begins with is yet to come
            subscription.close()
        return subscription

    def figures(self) -> HubFigures:
        """Return how the stream is doing."""
        return HubFigures(
            clients=len(self._subscriptions),
            filters=len(self._feeds),
            cursor=self._ring.cursor,
            ring_events=len(self._ring),
            ring_bytes=self._ring.size,
            folded=self.folded,
            dropped=self.dropped,
        )

    async def history_after(self, cursor: int, chosen: FilterSettings | None) -> tuple[Sequence[StoredEvent], int]:
        """Return the next events after *cursor*, at most a frame of them, and the cursor up to which that is all."""
        ring = self._ring
        if cursor >= ring.floor:
            await asyncio.sleep(0)  # catching up is done between other things, not instead of them
            events = ring.after(cursor, _LOOKED_AT)
            upto = events[-1].seq if events else ring.cursor
            found = list(islice(filter(compile_wanted(chosen, leaves_record=False), events), _PAGE))
            return found, found[-1].seq if len(found) == _PAGE else upto
        upto = ring.cursor
        found = await self._select(chosen, after=cursor, before=upto + 1, limit=_PAGE)
        return found, found[-1].seq if len(found) == _PAGE else upto

    async def newest(self, chosen: FilterSettings | None, count: int, *, upto: int | None = None) -> list[StoredEvent]:
        """Return the newest *count* events up to the cursor *upto*, oldest first."""
        last = self.cursor if upto is None else upto
        ring, wants = self._ring, compile_wanted(chosen, leaves_record=False)
        found: list[StoredEvent] = []
        for looked_at, event in enumerate(ring.newest_first()):
            if len(found) == count:
                return found[::-1]
            if looked_at == _LOOKED_AT:
                # The store has an index, and threads: better than to hold up everybody here.
                return (await self._select(chosen, before=last + 1, limit=count, newest_first=True))[::-1]
            if event.seq <= last and wants(event):
                found.append(event)
        if len(found) < count:
            older = min(last, ring.floor) + 1
            found += await self._select(chosen, before=older, limit=count - len(found), newest_first=True)
        return found[::-1]

    async def news_after(self, cursor: int) -> None:
        """Wait until there is anything after *cursor*; when the hub has stopped there is nothing any more."""
        if self._ring.cursor <= cursor:
            if self._news is None or self._news.done():
                self._news = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._news)

    def in_memory(self) -> tuple[list[int], list[bytes]]:
        """Return the numbers and the lines of the events that are in memory, oldest first."""
        return self._ring.lines()

    def feed(self, chosen: FilterSettings | None) -> Feed:
        """Return the feed of all who have the filter *chosen*."""
        feed = self._feeds.get(chosen)
        if feed is None:
            feed = self._feeds[chosen] = Feed(self._ring, compile_wanted(chosen))
        return feed

    def leave(self, feed: Feed, chosen: FilterSettings | None, subscription: Subscription) -> None:
        """Take *subscription* out of *feed*, which ends with its last member."""
        feed.members.discard(subscription)
        if not feed.members:
            self._feeds.pop(chosen, None)

    def forget(self, subscription: Subscription) -> None:
        """Count *subscription* no longer."""
        self._subscriptions.discard(subscription)

    async def _select(self, chosen: FilterSettings | None, **bounds: Any) -> list[StoredEvent]:
        return await asyncio.to_thread(self._history.select, chosen, **bounds)

    def _take_in(self) -> None:
        with self._lock:
            self._is_summoned = False
            batches = list(self._arrived)
            self._arrived.clear()
        for events in batches:
            for begin in range(0, len(events), _AT_ONCE):
                self._ring.extend(events[begin : begin + _AT_ONCE])
                # Everybody has seen what is in the ring before a long batch pushes it out again.
                if len(events) > _AT_ONCE:
                    self._give_out()
        if self._flush is None and self._loop is not None:
            self._flush = self._loop.call_later(self.settings.interval, self._give_out)

    def _give_out(self) -> None:
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        for feed in list(self._feeds.values()):
            feed.advance()
        self._ring.settle()
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _beat(self) -> None:
        now = format_instant(time.time_ns())
        for feed in list(self._feeds.values()):
            feed.beat(now)
        if self._loop is not None:
            self._beats = self._loop.call_later(self.settings.heartbeat, self._beat)
