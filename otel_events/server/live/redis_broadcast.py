"""The older broadcaster's channel and stream: what its programs say is stored, and its consumers are served."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from otel_events.ledger.broadcast import BROADCASTER_SCOPE
from otel_events.server.live.broadcast_reading import RELAYED_BY, BroadcastReader
from otel_events.server.live.broadcast_shape import as_broadcast, dump
from otel_events.server.live.redis_link import BLOCK
from otel_events.server.live.redis_share import entries_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio.client import PubSub

    from otel_events.server.live.hub import Hub
    from otel_events.server.live.redis_cursors import RedisCursors
    from otel_events.server.live.redis_link import RedisLink
    from otel_events.server.store.store import Store
    from otel_events.server.store.stored import Arrival, StoredEvent

FIELD = "event"
_KEPT = 10_000  # entries of the stream: the broadcaster's contract
_PAGE = 200


class BroadcastBridge:
    """Read what the broadcaster's programs publish, and publish for its consumers.

    Attributes:
        reader: makes one event of what comes on both ways.
        stored: events that were stored.
        relayed: events of ours that were published.
    """

    def __init__(
        self,
        link: RedisLink,
        cursors: RedisCursors,
        hub: Hub,
        store: Store,
        *,
        channel: str,
        stream: str,
        is_foreign: Callable[[str], bool],
    ) -> None:
        self._link = link
        self._cursors = cursors
        self._hub = hub
        self._store = store
        self._channel = channel
        self._stream = stream
        self._is_foreign = is_foreign
        self._listening: PubSub | None = None
        self._relayed_to = 0
        self._read_to = ""
        self._waiting: list[Arrival] = []
        self._storing = asyncio.Lock()
        self.reader = BroadcastReader()
        self.stored = self.relayed = 0

    def begin(self) -> None:
        """Publish what is stored from now on."""
        self._relayed_to = self._hub.cursor

    async def subscribe(self) -> None:
        """Begin to listen to the channel."""
        if self._listening is not None:
            await self._listening.aclose()  # type: ignore[no-untyped-call]
        self._listening = self._link.client.pubsub(ignore_subscribe_messages=True)
        await self._listening.subscribe(self._channel)

    async def hear(self) -> None:
        """Store what is said on the channel now, or wait for something."""
        if self._listening is None:
            return
        wait: float | None = BLOCK / 1000
        arrivals: list[Arrival] = []
        for _ in range(_PAGE):
            message: Any = await self._listening.get_message(timeout=wait)
            if message is None:
                break
            wait = 0.0  # take what is there, and store it together
            if message["type"] == "message":
                arrivals += self._read(message["data"], from_stream=False)
        await self._keep(arrivals)

    async def read(self) -> None:
        """Store what was added to the stream, or wait for something."""
        after = self._read_to or self._cursors.broadcast
        answer: Any = await self._link.client.xread({self._stream: after}, count=_PAGE, block=BLOCK)
        entries = entries_of(answer)
        if entries:
            payloads = [fields[FIELD.encode()] for _, fields in entries if FIELD.encode() in fields]
            self._read_to = entries[-1][0].decode()
            await self._keep([each for payload in payloads for each in self._read(payload, from_stream=True)])
            self._cursors.broadcast = self._read_to

    async def relay(self) -> None:
        """Publish the next events of this server in the broadcaster's shape, or wait for some."""
        await self._hub.news_after(self._relayed_to)
        events, cursor = await self._hub.history_after(self._relayed_to, None)
        pipe = self._link.client.pipeline(transaction=False)
        for event in events:
            if _is_published(event) or self._is_foreign(event.record.text("uid")):
                continue  # its consumers have it from where it came
            said = dump({**as_broadcast(event), RELAYED_BY: self._cursors.instance})
            pipe.publish(self._channel, said)
            pipe.xadd(self._stream, {FIELD: said}, maxlen=_KEPT, approximate=True)
            self.relayed += 1
        await pipe.execute()
        self._relayed_to = cursor

    def _read(self, payload: bytes, *, from_stream: bool) -> list[Arrival]:
        arrival = self.reader.read(payload, "stream" if from_stream else "channel")
        return [] if arrival is None else [arrival]

    async def _keep(self, arrivals: list[Arrival]) -> None:
        # What the store does not take now is not asked of Redis again: the reader would take it for another event.
        self._waiting += arrivals
        async with self._storing:
            if self._waiting:
                count = len(self._waiting)
                self.stored += len(await asyncio.to_thread(self._store.append, self._waiting[:count]))
                del self._waiting[:count]


def _is_published(event: StoredEvent) -> bool:
    """Tell whether the program that emitted *event* is one of the broadcaster's, and has published it itself."""
    scope = event.record.get("scope")
    return isinstance(scope, dict) and scope.get("name") == BROADCASTER_SCOPE.name
