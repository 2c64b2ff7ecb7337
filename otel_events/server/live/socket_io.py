"""The stream over Socket.IO, as browsers of the older broadcaster speak it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import engineio
import engineio.packet
import socketio
from socketio.exceptions import ConnectionRefusedError as RefusedError

from otel_events.server.access.mistakes import quiet_logger
from otel_events.server.live.beginning import UNAVAILABLE, StreamError
from otel_events.server.live.broadcast_shape import as_broadcast, dump
from otel_events.server.live.reading_pace import ReadingPace
from otel_events.server.live.socket_client import SocketClient
from otel_events.server.live.socket_packets import UNREADABLE, is_understood

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from otel_events.server.server import Server
    from otel_events.server.store.stored import StoredEvent

_TO_KNOCK = 10.0  # seconds between the opening of a connection and the token
_MAX_KNOCKING = (
    500  # connections at once that have not said the token; over long polling they are no sockets that count
)
_PING_EVERY, _PING_TIMEOUT = (
    25,
    20,
)  # seconds; the client hears them at the beginning, and gives the server up after both
_MAX_MESSAGE = 64 * 1024
_REMEMBERED = 2_048  # events in their wording, for all clients
_LOGGER = quiet_logger("engineio.server", ("post request handler error", "Unknown receive error"))
_PROTOCOL_ERROR = 1002


class SocketIo:
    """The server's side of Socket.IO: lets clients in, and hands what they say to theirs."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._clients: dict[str, SocketClient] = {}
        # Other pages are let in, or not, by the access rules before anything comes here.
        self._sio = _SocketIoServer(
            async_mode="asgi",
            cors_allowed_origins=[],
            # Else the answer to a ping would wait behind a question that waits for it.
            async_handlers=True,
            ping_interval=_PING_EVERY,
            ping_timeout=_PING_TIMEOUT,
            max_http_buffer_size=_MAX_MESSAGE,
            namespaces=["/"],
            engineio_logger=_LOGGER,
        )
        self._sio.misunderstood = partial(server.refused.add, "malformed")
        self._sio.eio.on("connect", self._opened)
        self._sio.on("connect", self._connect)
        self._sio.on("disconnect", self._disconnect)
        self._sio.on("subscribe", partial(self._obey, "subscribe"))
        self._sio.on("replay", partial(self._obey, "replay"))
        self._knocking: set[str] = set()
        self._cuts: set[asyncio.Task[None]] = set()
        self._word = lru_cache(_REMEMBERED)(_word)
        server.before_the_end(self._end)

    @property
    def app(self) -> ASGIApp:
        """Return what serves `/socket.io`."""
        app: ASGIApp = socketio.ASGIApp(self._sio, socketio_path=None)

        async def read_what_can_be_read(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await app(scope, receive, send)
            except UNREADABLE:
                if scope["type"] != "websocket":
                    raise
                # A frame that is no packet of Engine.IO's; what our handlers raise does not come by here.
                self._sio.misunderstood()
                with suppress(OSError, RuntimeError):  # it may have closed itself
                    await send({"type": "websocket.close", "code": _PROTOCOL_ERROR})

        return read_what_can_be_read

    async def send(self, eio_sid: str, event: StoredEvent) -> None:
        """Send *event* to one client, when that has read enough of what it was sent before."""
        socket = self._sio.eio.sockets.get(eio_sid)
        if socket is not None:
            await socket.pace.send(self._word(event))

    async def tell(self, sid: str, name: str, facts: dict[str, Any]) -> None:
        """Have something else than an event sent to one client."""
        await self._sio.emit(name, facts, to=sid)

    def cut(self, eio_sid: str) -> None:
        """End the connection of one client, so that it comes again by itself."""
        task = asyncio.ensure_future(self._sio.eio.disconnect(eio_sid))
        self._cuts.add(task)
        task.add_done_callback(self._cuts.discard)

    def _end(self) -> None:
        for eio_sid in list(self._sio.eio.sockets):
            self.cut(eio_sid)

    async def _opened(self, eio_sid: str, environ: MutableMapping[str, Any]) -> bool | None:
        if len(self._knocking) >= _MAX_KNOCKING:
            self._server.refused.add("socket_io_crowd")
            return False
        self._knocking.add(eio_sid)
        asyncio.get_running_loop().call_later(_TO_KNOCK, self._cut_unless_connected, eio_sid)
        socket = self._sio.eio.sockets[eio_sid]
        socket.pace = ReadingPace(socket, partial(self.cut, eio_sid))
        await self._sio._handle_eio_connect(eio_sid, environ)
        return None

    def _cut_unless_connected(self, eio_sid: str) -> None:
        if eio_sid in self._knocking:
            self._knocking.discard(eio_sid)
            self._server.refused.add("socket_io_silent")
            self.cut(eio_sid)

    async def _connect(self, sid: str, environ: MutableMapping[str, Any], auth: Any = None) -> None:
        asked = auth if isinstance(auth, dict) else {}
        identity = environ["asgi.scope"].get("otel_events.identity")
        is_known = identity is not None and identity.way != "anyone"
        if not (is_known or self._server.access.admits_token(asked.get("token"))):
            self._server.refused.add("socket_io_token")
            raise RefusedError("the token is missing or wrong: io(url, {auth: {token: '...'}})")
        client = SocketClient(self._server, self, sid, self._sio.manager.eio_sid_from_sid(sid, "/"))
        try:
            await client.begin(asked)
        except StreamError as error:
            raise RefusedError(str(error), error.facts) from error
        except UNAVAILABLE as error:
            raise RefusedError("the store cannot be read; try again later") from error
        self._clients[sid] = client
        self._knocking.discard(client.eio_sid)

    async def _disconnect(self, sid: str, _reason: str) -> None:
        client = self._clients.pop(sid, None)
        if client is not None:
            client.end()

    async def _obey(self, what: str, sid: str, asked: Any = None, *_others: Any) -> dict[str, Any] | None:
        """Do what a client asks for, and return what its acknowledgement says."""
        client = self._clients.get(sid)
        if client is None:
            return None
        if not client.may_ask():
            self._server.refused.add("stream_flooded")
            await self._sio.disconnect(sid)
            return None
        given = asked if isinstance(asked, dict) else {}
        try:
            with client.asking():
                return await (client.subscribe(given) if what == "subscribe" else client.replay(given))
        except StreamError as error:
            return {"error": error.facts}
        except UNAVAILABLE:
            return {"error": {"problem": "the store cannot be read; try again later"}}


class _Engine(engineio.AsyncServer):  # type: ignore[misc]  # it has no types
    async def disconnect(self, sid: str) -> None:
        """End a connection without waiting until its client has read the rest; some never do."""
        socket = self.sockets.pop(sid, None)
        if socket is not None:
            await socket.close(wait=False, reason=self.reason.SERVER_DISCONNECT)

    async def _trigger_event(self, event: str, *args: Any, **kwargs: Any) -> Any:
        """Forget a connection that ends: a request that comes too late for it would meet an error of Engine.IO's own."""
        if event == "disconnect":
            self.sockets.pop(args[0], None)
        return await super()._trigger_event(event, *args, **kwargs)


class _SocketIoServer(socketio.AsyncServer):  # type: ignore[misc]  # it has no types
    misunderstood: Callable[[], object]

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        """End a connection over whose nonsense the library would put a traceback on the terminal, each time."""
        if is_understood(data):
            await super()._handle_eio_message(eio_sid, data)
        else:
            self.misunderstood()
            await self.eio.disconnect(eio_sid)

    def _engineio_server_class(self) -> type[_Engine]:
        return _Engine


def _word(event: StoredEvent) -> engineio.packet.Packet:
    """Return *event* as the packet that all clients share: a message that is a Socket.IO event named `event`."""
    return engineio.packet.Packet(engineio.packet.MESSAGE, data='2["event",' + dump(as_broadcast(event)).decode() + "]")
