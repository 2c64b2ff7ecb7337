"""One live stream for several servers, through a Redis Stream that each writes to and each reads."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from otel_events.event import Resource
from otel_events.filter_language import Clause, FilterSettings
from otel_events.ledger.read import LedgerReader
from otel_events.server.live.redis_link import BLOCK
from otel_events.server.store.own import OWN_PREFIX
from otel_events.server.store.stored import Arrival

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.server.live.hub import Hub
    from otel_events.server.live.redis_cursors import RedisCursors
    from otel_events.server.live.redis_link import RedisLink
    from otel_events.server.store.store import Store

STREAM = "otel_events:events"
_KEPT = 100_000  # entries of the stream; a server that was away for longer asks in vain for the older ones
_PAGE = 200
_EVERYTHING = FilterSettings((Clause("*"), Clause(f"{OWN_PREFIX}*")))
_REMEMBERED = 100_000  # uids of what came from others


class SharedStream:
    """Give what this server stores to the others, and store what they give; each once.

    Attributes:
        given: events that were given to the others.
        taken: events that came from the others.
    """

    def __init__(self, link: RedisLink, cursors: RedisCursors, hub: Hub, store: Store) -> None:
        self._link = link
        self._cursors = cursors
        self._hub = hub
        self._store = store
        self._foreign: OrderedDict[str, None] = OrderedDict()
        self._reader = LedgerReader()
        self.given = self.taken = 0

    def begin(self) -> None:
        """Give what is stored from now on, or what was stored since the last time."""
        cursors = self._cursors
        if cursors.shared is None or cursors.shared > self._hub.cursor:
            cursors.shared = self._hub.cursor

    def is_foreign(self, uid: str) -> bool:
        """Tell whether the event of this *uid* came from another server."""
        return uid in self._foreign

    async def give(self) -> None:
        """Give the next events to the others, or wait for some. The store keeps what Redis does not take yet."""
        cursors, before = self._cursors, self._cursors.shared or 0
        await self._hub.news_after(before)
        events, cursor = await self._hub.history_after(before, _EVERYTHING)
        own = [event for event in events if not self.is_foreign(event.record.text("uid"))]
        if own:
            pipe = self._link.client.pipeline(transaction=False)
            for event in own:
                fields: dict[Any, Any] = {"by": cursors.instance, "seq": event.seq, "line": event.line}
                pipe.xadd(STREAM, fields, maxlen=_KEPT, approximate=True)
            await pipe.execute()
            self.given += len(own)
        cursors.shared = cursor

    async def take(self) -> None:
        """Store the next events of the others, or wait for some."""
        client, cursors = self._link.client, self._cursors
        answer: Any = await client.xread({STREAM: cursors.read}, count=_PAGE, block=BLOCK)
        entries = entries_of(answer)
        if not entries:
            return
        others = [fields for _, fields in entries if fields.get(b"by") != cursors.instance.encode()]
        arrivals = [arrival for fields in others if (arrival := self._arrival(fields)) is not None]
        for arrival in arrivals:
            self._foreign[arrival.event.uid] = None
        while len(self._foreign) > _REMEMBERED:
            self._foreign.popitem(last=False)
        if arrivals:
            self.taken += len(await asyncio.to_thread(self._store.append, arrivals))
        cursors.read = entries[-1][0].decode()

    def _arrival(self, fields: dict[bytes, bytes]) -> Arrival | None:
        recorded = next(iter(self._reader.parse_line(fields.get(b"line", b""))), None)
        if recorded is None:
            return None  # counted by the reader; somebody else writes to our stream
        event = recorded.event
        if not event.uid:
            by, seq = (fields.get(key, b"").decode(errors="replace") for key in (b"by", b"seq"))
            event = replace(event, uid=f"{by}-{seq}")
        return Arrival(event, Resource({"service.name": recorded.service}))

    async def look_for_loss(self) -> None:
        """Warn if others' events have left the stream before this server could read them."""
        cursor = self._cursors.read
        if cursor == "0-0":
            return
        client = self._link.client
        first: Any = await client.xrange(STREAM, count=1)
        if first and place(first[0][0]) > place(cursor) and not await client.xrange(STREAM, cursor, cursor):
            self._link.warn("trimmed", f"{STREAM} holds {_KEPT} entries; some left it before this server had read them")


def entries_of(answer: Any) -> Sequence[tuple[bytes, dict[bytes, bytes]]]:
    """Return the entries in an answer to XREAD of one stream. One that was deleted meanwhile is none."""
    return [(place, fields) for place, fields in answer[0][1] if fields] if answer else []


def place(entry: bytes | str) -> tuple[int, ...]:
    """Return the id of an entry as something that can be compared."""
    text = entry.decode() if isinstance(entry, bytes) else entry
    return tuple(int(part) for part in text.split("-"))
