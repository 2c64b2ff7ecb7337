"""The bridge to Redis: its parts, its tasks, its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from otel_events.server.live.redis_broadcast import BroadcastBridge
from otel_events.server.live.redis_cursors import RedisCursors
from otel_events.server.live.redis_link import RedisLink
from otel_events.server.live.redis_share import SharedStream

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from otel_events.server.server import Server

_SAVED_EVERY = 1.0  # seconds
_PATIENCE = 0.2  # seconds


class RedisBridge:
    """Everything that the server does with Redis. Nothing of the server waits for any of it.

    Attributes:
        link: the connection.
        share: the stream that servers share.
        broadcast: the older broadcaster's channel and stream.
    """

    def __init__(self, server: Server) -> None:
        settings, hub, store = server.settings, server.hub, server.store
        self.link = RedisLink(settings.redis_url or "")
        self._cursors = RedisCursors(store.place.ledger.with_name(f"redis.{store.place.ledger.name}.json"))
        self.share = SharedStream(self.link, self._cursors, hub, store)
        self.broadcast = BroadcastBridge(
            self.link,
            self._cursors,
            hub,
            store,
            channel=settings.redis_channel,
            stream=settings.redis_stream,
            is_foreign=self.share.is_foreign,
        )
        self._is_relaying = settings.redis_broadcast
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin, on the running event loop; Redis need not be there."""
        link, share, broadcast = self.link, self.share, self.broadcast
        share.begin()
        broadcast.begin()
        work: list[Coroutine[None, None, None]] = [
            link.keep("events for other servers", share.give),
            link.keep("events of other servers", share.take, share.look_for_loss),
            link.keep("the broadcaster's channel", broadcast.hear, broadcast.subscribe),
            link.keep("the broadcaster's stream", broadcast.read),
            self._save(),
        ]
        if self._is_relaying:
            work.append(link.keep("events for the broadcaster's consumers", broadcast.relay))
        self._tasks = [asyncio.create_task(each) for each in work]

    async def stop(self) -> None:
        """End it; what Redis has not taken is given to it after the next start."""
        pending = set(self._tasks)
        while pending:
            # Once is not always enough: a client's time-out that ends in the same moment swallows it.
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=_PATIENCE)
        with suppress(OSError):  # then it is done again after the next start, and known by its uids
            await asyncio.to_thread(self._cursors.save)
        await self.link.close()

    async def _save(self) -> None:
        while True:
            await asyncio.sleep(_SAVED_EVERY)
            try:
                await asyncio.to_thread(self._cursors.save)
            except OSError as error:
                self.link.warn("cursors", f"how far Redis was read cannot be written down: {error}")
