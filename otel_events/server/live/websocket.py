"""The stream over a WebSocket: `/stream`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson
from starlette.websockets import WebSocketDisconnect, WebSocketDisconnected

from otel_events.server.live.allowance import Allowance
from otel_events.server.live.beginning import UNAVAILABLE, StreamError, find_cursor, hello, read_filter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.websockets import WebSocket

    from otel_events.server.live.subscription import Subscription
    from otel_events.server.server import Server

# What the codes of WebSocket closings mean to our clients: do not come again; come again; come again later.
REFUSED, RESTARTING, LATER = 1008, 1012, 1013
_MAX_MESSAGE = 16 * 1024


def stream_of(server: Server) -> Callable[[WebSocket], Awaitable[None]]:
    """Return what serves `/stream`."""

    async def stream(websocket: WebSocket) -> None:
        await websocket.accept()
        asked = websocket.query_params
        try:
            chosen = read_filter(asked.get("filter"))
            after = await find_cursor(server.hub, server.store, asked.get("from"), chosen)
        except StreamError as error:
            await _send(websocket, type="error", **error.facts)
            await websocket.close(REFUSED, "bad request")
            return
        except UNAVAILABLE:
            await websocket.close(LATER, "the store cannot be read")
            return
        client = _Client(server, websocket)
        with suppress(WebSocketDisconnect, WebSocketDisconnected):  # a client that goes away is no error
            await client.follow(server.hub.subscribe(chosen, after=after))

    return stream


class _Client:
    """One connection: frames go out on one task, what the client says comes in on another."""

    def __init__(self, server: Server, websocket: WebSocket) -> None:
        self._server = server
        self._websocket = websocket

    async def follow(self, subscription: Subscription) -> None:
        hub, store = self._server.hub, self._server.store
        await _send(self._websocket, **hello(hub, store, subscription.cursor))
        tasks = [
            asyncio.create_task(self._write(subscription)),
            asyncio.create_task(self._read(subscription)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            subscription.close()
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, UNAVAILABLE):
                await self._websocket.close(LATER, "the store cannot be read")
            elif isinstance(outcome, Exception):
                raise outcome

    async def _write(self, subscription: Subscription) -> None:
        send = self._websocket.send
        async for frame in subscription:
            await send({"type": "websocket.send", "text": frame.text})
        await self._websocket.close(RESTARTING, "the server stops")

    async def _read(self, subscription: Subscription) -> None:
        allowance = Allowance()
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if allowance.is_exceeded():
                self._server.refused.add("stream_flooded")
                await self._websocket.close(REFUSED, "too many messages")
                return
            try:
                await self._obey(message.get("text"), subscription)
            except StreamError as error:
                await _send(self._websocket, type="error", **error.facts)

    async def _obey(self, text: str | None, subscription: Subscription) -> None:
        """Do what the client says, or raise StreamError that says what it may say."""
        asked = _read_object(text)
        if asked.get("type") != "filter":
            raise StreamError('say {"type":"filter","filter":"..."}, nothing else is understood', parameter="type")
        given, begin = asked.get("filter"), asked.get("from")
        if not isinstance(given, str | None) or isinstance(begin, bool) or not isinstance(begin, int | str | None):
            raise StreamError("'filter' is a text, 'from' a cursor or a text", parameter="filter")
        chosen = read_filter(given)
        hub, store = self._server.hub, self._server.store
        after = None if begin is None else await find_cursor(hub, store, str(begin), chosen)
        # The answer goes out before any frame of the new filter: nothing is awaited between the two.
        cursor = subscription.change(chosen, after=after)
        await _send(self._websocket, type="filter", filter=given or "", cursor=cursor)


def _read_object(text: str | None) -> dict[str, Any]:
    if text is None:
        raise StreamError("frames are text, not binary")
    if len(text) > _MAX_MESSAGE:
        raise StreamError(f"a message may have {_MAX_MESSAGE} characters")
    try:
        asked = orjson.loads(text)
    except ValueError:
        raise StreamError("this is no JSON") from None
    if not isinstance(asked, dict):
        raise StreamError("this is no JSON object")
    return asked


async def _send(websocket: WebSocket, **facts: Any) -> None:
    await websocket.send({"type": "websocket.send", "text": orjson.dumps(facts).decode()})
