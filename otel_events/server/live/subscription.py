"""One client's way through the events: first what it missed, then what happens, never more than fits in its bound."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

from otel_events.server.live.folding import relieve
from otel_events.server.live.frames import CountsFrame, EventsFrame, Frame, GapFrame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.filter_language import FilterSettings
    from otel_events.server.live.feed import Feed
    from otel_events.server.store.stored import StoredEvent


class Source(Protocol):
    """Where a subscription's events come from: the hub."""

    folded: int
    dropped: int

    @property
    def cursor(self) -> int: ...

    async def history_after(self, cursor: int, chosen: FilterSettings | None) -> tuple[Sequence[StoredEvent], int]: ...

    def feed(self, chosen: FilterSettings | None) -> Feed: ...

    def leave(self, feed: Feed, chosen: FilterSettings | None, subscription: Subscription) -> None: ...

    def forget(self, subscription: Subscription) -> None: ...


class Subscription:
    """Frames for one client, by `async for`; end it with `close`. All of it happens on the hub's event loop.

    As long as the client takes what it gets, every event comes once and in order: first what lies between the cursor
    it asked for and the present, at its own pace, then what happens. If more than *max_bytes* of the latter wait when
    more comes, they are told as counts of frequent types, and if that is not enough as a gap.

    Attributes:
        cursor: of the newest frame that was taken.
    """

    def __init__(self, hub: Source, chosen: FilterSettings | None, *, after: int, max_bytes: int) -> None:
        self._hub = hub
        self._chosen = chosen
        self._max_bytes = max_bytes
        self._waiting: deque[Frame] = deque()
        self._bytes = 0
        self._feed: Feed | None = None
        self._is_closed = False
        self._turn = 0  # counts the changes of the filter
        self._sleeper: asyncio.Future[None] | None = None
        self.cursor = min(after, hub.cursor)

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Frame:
        while not self._is_closed:
            if self._waiting:
                return self._take()
            if self._feed is None:
                frame = await self._catch_up()
                if frame is not None:
                    return frame
            else:
                await self._sleep()
        raise StopAsyncIteration

    @property
    def is_behind(self) -> bool:
        """Tell whether anything waits for the client."""
        return bool(self._waiting) or self._feed is None

    @property
    def position(self) -> int:
        """Return the cursor up to which the client has all that it wants."""
        return self.cursor if self._feed is None or self._waiting else self._feed.cursor

    def push(self, frames: Sequence[Frame]) -> None:
        """Have *frames* wait for the client; what is too much becomes counts or a gap."""
        # What was waiting before counts: one great burst is no fault of a client that was up to date.
        is_too_slow = self._bytes > self._max_bytes
        self._waiting.extend(frames)
        self._bytes += sum(frame.size for frame in frames)
        if is_too_slow:
            self._relieve()
        self._wake()

    def change(self, chosen: FilterSettings | None, *, after: int | None = None) -> int:
        """Go on with another filter and return the cursor from which on it holds.

        Args:
            chosen: the filter; None for every event.
            after: the cursor after which to begin, None for where the client is.
        """
        begin = self.position if after is None else min(after, self._hub.cursor)
        self._leave()
        self._chosen = chosen
        self._turn += 1
        self.cursor = begin
        self._wake()
        return begin

    def close(self) -> None:
        """End it: nothing more comes, and who waits for it goes on."""
        self._is_closed = True
        self._leave()
        self._hub.forget(self)
        self._wake()

    def _take(self) -> Frame:
        frame = self._waiting.popleft()
        self._bytes -= frame.size
        self.cursor = frame.cursor
        if isinstance(frame, CountsFrame):
            self._hub.folded += sum(frame.counts.values())
        elif isinstance(frame, GapFrame):
            self._hub.dropped += frame.dropped
        return frame

    def _relieve(self) -> None:
        last = self._waiting[-1].cursor
        self._waiting = deque(relieve(self._waiting, first=self.cursor + 1, last=last, max_bytes=self._max_bytes))
        self._bytes = sum(frame.size for frame in self._waiting)

    async def _catch_up(self) -> Frame | None:
        """Return the next frame of what the client has missed; None if there is none, or the filter was changed."""
        turn = self._turn
        events, cursor = await self._hub.history_after(self.cursor, self._chosen)
        if turn != self._turn or self._is_closed:
            return None
        self.cursor = cursor
        if cursor >= self._hub.cursor:
            self._join()
        return EventsFrame(events, cursor) if events else None

    def _join(self) -> None:
        feed = self._hub.feed(self._chosen)
        feed.advance()
        if feed.cursor == self.cursor:
            self._feed = feed
            feed.members.add(self)

    def _leave(self) -> None:
        if self._feed is not None:
            self._hub.leave(self._feed, self._chosen, self)
            self._feed = None
        self._waiting.clear()
        self._bytes = 0

    async def _sleep(self) -> None:
        self._sleeper = asyncio.get_running_loop().create_future()
        try:
            await self._sleeper
        finally:
            self._sleeper = None

    def _wake(self) -> None:
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)
