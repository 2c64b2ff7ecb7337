"""A server that gives events to clients as fast as they take them: ours, or a bare Starlette with the same frames."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from otel_events.server.live.hub import Hub
from otel_events.server.live.websocket import stream_of
from otel_events.server.store.stored import StoredEvent

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

FRAME = 200
_LINE = (
    b'{"time":"2026-02-14T19:01:23.%09dZ","unix":1771095683.456789,"event":"evidence.added","severity":"INFO",'
    b'"message":"Evidence added","task_id":"t-1","persona":"thesis","session_id":"s-1","cycle":42,'
    b'"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174","uid":"0f3a9c2e1b7d4a60-%d",'
    b'"service":"orchestrator","attributes":{"source":"paper-%d.pdf","quality":0.82,"note":"a line of a usual length"}}'
)


class NoHistory:
    """A store that has nothing: clients begin with what is to come."""

    first_seq = 1
    last_seq = 0

    def select(self, *_: object, **__: object) -> list[StoredEvent]:
        return []


class Ours:
    """The hub and the WebSocket of `otel-events serve`, without a store."""

    def __init__(self) -> None:
        self.hub = Hub(NoHistory())
        self.store = NoHistory()
        self.refused = None
        self.endpoint = stream_of(self)  # type: ignore[arg-type]  # it needs no more of a server than this

    async def start(self) -> None:
        await self.hub.start()

    def give(self, events: list[StoredEvent]) -> None:
        self.hub.publish(events)

    def has_given(self, last: int) -> bool:
        return all(one.position >= last and not one.is_behind for one in self.hub._subscriptions)

    def clients(self) -> int:
        return len(self.hub._subscriptions)


class Bare:
    """What there is to do at the least: one text a frame, and a queue a client."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[str]] = set()

    async def start(self) -> None:
        pass

    async def endpoint(self, websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text('{"type":"hello"}')
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._queues.add(queue)
        while True:
            await websocket.send_text(await queue.get())

    def give(self, events: list[StoredEvent]) -> None:
        joined = b",".join([event.wire() for event in events])
        text = (b'{"type":"events","cursor":%d,"events":[%s]}' % (events[-1].seq, joined)).decode()
        for queue in self._queues:
            queue.put_nowait(text)

    def has_given(self, _last: int) -> bool:
        return all(queue.empty() for queue in self._queues)

    def clients(self) -> int:
        return len(self._queues)


async def main(kind: str, clients: int, events: int) -> None:
    """Serve, give all events when everybody is there, and say what that took."""
    subject = Ours() if kind == "ours" else Bare()
    listener = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[WebSocketRoute("/stream", subject.endpoint)])
    config = uvicorn.Config(app, ws="websockets-sansio", ws_per_message_deflate=False, log_level="error")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listener]))  # noqa: F841, RUF006  # it lives as long as the process
    await subject.start()
    print(listener.getsockname()[1], flush=True)
    while subject.clients() < clients:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    cpu, wall = time.process_time(), time.perf_counter()
    for begin in range(1, events, FRAME):
        seqs = range(begin, begin + FRAME)
        subject.give([StoredEvent(seq, _LINE % (seq * 1_000, seq, seq)) for seq in seqs])
        await asyncio.sleep(0)
        while not subject.has_given(seqs[-1]):  # noqa: ASYNC110
            await asyncio.sleep(0.002)
    spent = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    print(json.dumps(spent), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)  # what was measured is over; clients need no farewell


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
