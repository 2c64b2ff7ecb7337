"""One client of Socket.IO: what it follows, and what it has got."""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from otel_events.filter_language import Clause, FilterSettings
from otel_events.server.live.allowance import Allowance
from otel_events.server.live.beginning import UNAVAILABLE, StreamError, find_uid, read_filter
from otel_events.server.live.frames import CountsFrame, EventsFrame, Frame, GapFrame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.server.live.subscription import Subscription
    from otel_events.server.server import Server
    from otel_events.server.store.stored import StoredEvent

_AT_FIRST = 50  # the broadcaster's contract
_REPLAYED, _MOST_REPLAYED = 100, 1_000
_MAX_ASKING = 20  # questions of one client that are being answered
_MAX_TYPES = 100
_TYPE = re.compile(r"[\w.\-*?\[\]!]{1,200}")


class Wire(Protocol):
    """Where packets go."""

    async def send(self, eio_sid: str, event: StoredEvent) -> None: ...

    async def tell(self, sid: str, name: str, facts: dict[str, Any]) -> None: ...

    def cut(self, eio_sid: str) -> None: ...


class SocketClient:
    """Follow the stream for one client: what it missed, what happens, and what it wants to see again.

    Attributes:
        eio_sid: of its connection.
    """

    def __init__(self, server: Server, wire: Wire, sid: str, eio_sid: str) -> None:
        self.eio_sid = eio_sid
        self._allowance = Allowance()
        self._asking: set[asyncio.Task[Any] | None] = set()
        self._server = server
        self._wire = wire
        self._sid = sid
        self._chosen: FilterSettings | None = None
        self._sent = 0  # the cursor up to which packets were handed over
        self._turn = asyncio.Lock()  # a replay never stands in the middle of a frame
        self._subscription: Subscription | None = None
        self._task: asyncio.Task[None] | None = None

    async def begin(self, asked: dict[str, Any]) -> None:
        """Begin with the newest 50, or after the event whose uid the client has; raise StreamError over nonsense."""
        hub = self._server.hub
        self._chosen = _read_types(asked)
        after = await find_uid(hub, self._server.store, asked["after"]) if "after" in asked else None
        if after is None:
            newest = await hub.newest(self._chosen, _AT_FIRST)
            after = newest[0].seq - 1 if newest else hub.cursor
        self._sent = after
        self._subscription = hub.subscribe(self._chosen, after=after)
        self._task = asyncio.create_task(self._follow(self._subscription))

    def end(self) -> None:
        """End it."""
        if self._subscription is not None:
            self._subscription.close()
        for task in (self._task, *self._asking):
            if task is not None:
                task.cancel()

    def may_ask(self) -> bool:
        """Count a question; return False if it is one too many."""
        return not self._allowance.is_exceeded() and len(self._asking) < _MAX_ASKING

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Have the task that answers a question end with the client."""
        task = asyncio.current_task()
        self._asking.add(task)
        try:
            yield
        finally:
            self._asking.discard(task)

    async def subscribe(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Follow other types from here on."""
        self._chosen = _read_types(asked)
        if self._subscription is not None:
            self._subscription.change(self._chosen)
        return {"types": asked.get("types") or [], "filter": asked.get("filter") or ""}

    async def replay(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Send again the newest that the client has got, or may have missed; what is to come still comes once."""
        after, count = 0, _whole(asked.get("count", _REPLAYED), "count")
        if "after" in asked:
            found = await find_uid(self._server.hub, self._server.store, asked["after"])
            if found is None:
                raise StreamError("no event has this uid", parameter="after")
            after, count = found, _whole(asked.get("count", _MOST_REPLAYED), "count")
        count = min(count, _MOST_REPLAYED)
        async with self._turn:
            events = await self._server.hub.newest(self._chosen, count, upto=self._sent)
            wanted = [event for event in events if event.seq > after]
            await self._send(wanted)
        # Whether that is all there is: what is older than asked for was among them, or there was not so much.
        return {"count": len(wanted), "complete": len(wanted) < len(events) or len(events) < count}

    async def _follow(self, subscription: Subscription) -> None:
        try:
            async for frame in subscription:
                async with self._turn:
                    await self._pass_on(frame)
                    self._sent = max(self._sent, frame.cursor)
        except UNAVAILABLE:
            self._cut()  # it comes again by itself

    async def _pass_on(self, frame: Frame) -> None:
        if isinstance(frame, EventsFrame):
            await self._send(frame.events)
            self._sent = frame.events[-1].seq
        elif isinstance(frame, CountsFrame):
            counts = {"from": frame.first, "to": frame.last, "counts": dict(frame.counts)}
            await self._wire.tell(self._sid, "counts", counts)
        elif isinstance(frame, GapFrame):
            gap = {"from": frame.first, "to": frame.last, "dropped": frame.dropped}
            await self._wire.tell(self._sid, "gap", gap)

    async def _send(self, events: Any) -> None:
        for event in events:
            await self._wire.send(self.eio_sid, event)

    def _cut(self) -> None:
        self._wire.cut(self.eio_sid)


def _read_types(asked: dict[str, Any]) -> FilterSettings | None:
    """Return the filter that `types` or `filter` mean, None for everything; raise StreamError for nonsense."""
    types, text = asked.get("types"), asked.get("filter")
    if text is not None and not isinstance(text, str):
        raise StreamError("'filter' is a text", parameter="filter")
    if text:
        return read_filter(text)
    if types in (None, []):
        return None
    if not isinstance(types, list) or len(types) > _MAX_TYPES or not all(_is_type(each) for each in types):
        raise StreamError(f"'types' are up to {_MAX_TYPES} names or patterns such as 'task.*'", parameter="types")
    return FilterSettings(tuple(Clause(pattern) for pattern in types))


def _is_type(value: object) -> bool:
    return isinstance(value, str) and _TYPE.fullmatch(value) is not None


def _whole(value: object, parameter: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise StreamError(f"{parameter!r} is a number", parameter=parameter)
    return value
