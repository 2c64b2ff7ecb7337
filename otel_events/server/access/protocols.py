"""uvicorn's connections with limits: on their number, on heads and bodies that do not come, on answers that nobody reads."""

from __future__ import annotations

import socket
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from otel_events.server.access.mistakes import quiet_logger
from otel_events.server.access.patience import Patience

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from otel_events.server.access.connections import Connections
    from otel_events.server.access.settings import Limits

_FAREWELL = 1.0  # seconds that a client has to read why it was refused
_MOST_IN_A_ROW = 32  # requests that a client sends without waiting for answers; browsers send one
_LOGGER = quiet_logger(
    "uvicorn.error",
    (
        "Invalid HTTP request received.",
        "Unsupported upgrade request.",
        "Invalid UTF-8 sequence received from client.",
    ),
)
_KEEP_ALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
_PHRASES = {
    400: "Bad Request",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}


def uvicorn_options(connections: Connections) -> dict[str, Any]:
    """Return the options of `uvicorn.Config` that keep clients within the limits.

    Proxies' headers are left to the access middleware, and requests are not logged: an address may hold a token.
    """
    return {
        "http": partial(GuardedHttp, connections),
        "ws": partial(GuardedWebSocket, connections),
        "ws_max_size": connections.limits.frame_bytes,
        # A ping waits behind all that a slow client has not read, and would end it: whether it lives is TCP's to ask.
        "ws_ping_interval": None,
        "timeout_keep_alive": connections.limits.idle_seconds,
        "proxy_headers": False,
        "server_header": False,
        "access_log": False,
        "log_level": "warning",
    }


class GuardedHttp(HttpToolsProtocol):
    """An HTTP connection that is counted and does not wait forever.

    Args:
        connections: counts it.
        options: of uvicorn.
    """

    def __init__(self, connections: Connections, **options: Any) -> None:
        super().__init__(**options)
        self.logger = _LOGGER
        self._connections = connections
        self._limits: Limits = connections.limits
        self._request = Patience(self.loop)
        self._reader = Patience(self.loop)
        self._is_in_head = self._is_refused = False
        self._head_bytes = 0
        self._began = self._last_piece = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take part, or be turned away."""
        super().connection_made(transport)
        # Head and body of an answer are two writes: without this the second waits 40 ms for the client to acknowledge the
        # first. asyncio does so itself only for sockets that were made with the protocol's number.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._connections.enter(self):
            self.turn_away()
            return
        self._connections.wait(self)
        self._request.begin(self._limits.head_seconds, self._give_up_head)

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room."""
        self._reader.end()
        self._leave()
        super().connection_lost(exc)

    def hang_up(self) -> None:
        """Close without another word."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read on, as long as the head of a request stays small."""
        if self._is_refused:
            return
        self._last_piece = self.loop.time()
        if self._is_in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_in_head and self._head_bytes > self._limits.head_bytes:
            self._refuse(431, f"the head of a request may have {self._limits.head_bytes:,} bytes", "head_too_large")

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP in the form of all our errors."""
        if self.transport.is_closing():  # it is we who would read no further
            return
        self._refuse(400, f"this is no HTTP request: {msg}", "malformed")

    def on_message_begin(self) -> None:
        """Be patient with the head of a request from its first byte on."""
        super().on_message_begin()
        self._is_in_head, self._head_bytes = True, 0
        self._request.begin(self._limits.head_seconds, self._give_up_head)

    def on_headers_complete(self) -> None:
        """Be patient with the body; let those go that send requests without end and read no answers."""
        if len(self.pipeline) >= _MOST_IN_A_ROW:
            self._connections.count("pipelined")
            self.hang_up()
            raise ConnectionAbortedError("no more of it is parsed")
        self._is_in_head = False
        self._began = self.loop.time()
        self._request.begin(self._limits.pause_seconds, self._look_at_body)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Wait for nothing more: it is our turn, unless the answer was given before the body had come."""
        self._request.end()
        cycle: RequestResponseCycle | None = self.cycle  # None before a WebSocket's handshake
        if cycle is not None and cycle.response_complete:
            self._connections.wait(self)
        else:
            self._connections.work(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        if not self.pipeline and not self._is_in_head:
            self._connections.wait(self)
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the WebSocket's protocol."""
        self._leave()
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        """Be patient with a client that does not read."""
        super().pause_writing()
        self._reader.begin(self._limits.stalled_seconds, self._give_up_reader)

    def resume_writing(self) -> None:
        """Go on: it reads again."""
        self._reader.end()
        super().resume_writing()

    def turn_away(self) -> None:
        """Say politely that there are too many, and close."""
        most = self._connections.most
        self._refuse(503, f"all {most:,} connections are in use; try again in a few seconds", "")

    def end(self) -> None:
        """Close; a client in the middle of its request is told why."""
        cycle: RequestResponseCycle | None = self.cycle
        if self._is_in_head or (cycle is not None and not cycle.response_complete):
            self._refuse(503, "the server stops; try again in a few seconds", "")
        else:
            self.transport.close()

    def _give_up_head(self) -> None:
        # Who has said nothing yet, or nothing again, is waiting for no answer that could be misread. And it is no refusal:
        # browsers connect ahead of requests that they then do not make.
        reason = "slow_head" if self._is_in_head else ""
        self._refuse(408, f"a request must begin and have its head within {self._limits.head_seconds:g} s", reason)

    def _look_at_body(self) -> None:
        now, limits = self.loop.time(), self._limits
        is_ours_to_read = self.flow.read_paused  # then it is not the client that is slow
        pause = now - self._last_piece
        if not is_ours_to_read and (pause >= limits.pause_seconds or now - self._began >= limits.request_seconds):
            self._refuse(408, f"a body must come without pauses and within {limits.request_seconds:g} s", "slow_body")
            return
        rest = limits.pause_seconds if is_ours_to_read else max(0.01, limits.pause_seconds - pause)
        self._request.begin(rest, self._look_at_body)

    def _give_up_reader(self) -> None:
        self._connections.count("slow_reader")
        self.transport.abort()

    def _refuse(self, status: int, problem: str, reason: str) -> None:
        if reason:
            self._connections.count(reason)
        self._leave()
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        is_answering = cycle is not None and cycle.response_started and not cycle.response_complete
        if not is_answering:
            self.transport.write(_answer(status, problem))
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True  # or the application would answer too
            cycle.message_event.set()
        self._is_refused = True
        self._close_when_read()

    def _close_when_read(self) -> None:
        """Close, but not while the client may be sending still: the reset that it got would take our answer from it."""
        if not self.transport.can_write_eof():  # TLS
            self.transport.close()
            return
        self.transport.write_eof()
        self._request.begin(_FAREWELL, self.transport.abort)
        self._connections.linger(self)

    def _leave(self) -> None:
        self._request.end()
        self._connections.leave(self)


class GuardedWebSocket(WebSocketsSansIOProtocol):
    """A WebSocket that is counted, and cut off if its client does not read.

    Args:
        connections: counts it.
        options: of uvicorn.
    """

    def __init__(self, connections: Connections, **options: Any) -> None:
        super().__init__(**options)
        self.logger = _LOGGER
        self._connections = connections
        self._reader = Patience(self.loop)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the place that the HTTP connection has left."""
        super().connection_made(transport)
        _ask_whether_it_lives(transport.get_extra_info("socket"))
        self._connections.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room."""
        self._reader.end()
        self._connections.leave(self)
        super().connection_lost(exc)

    async def send(self, message: Any) -> None:
        """Send what the application says."""
        if self.close_sent and message["type"] == "websocket.send":  # over a mistake of the client's, just now
            raise ClientDisconnected
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # A refusal with an answer ends the handshake: uvicorn logs an error over an application that left it open.
            self.handshake_complete = True

    def pause_writing(self) -> None:
        """Be patient with a client that does not read, and hear nothing of it: each of its pings would be answered."""
        super().pause_writing()
        self.transport.pause_reading()
        self._reader.begin(self._connections.limits.stalled_seconds, self.turn_away)

    def resume_writing(self) -> None:
        """Go on: it reads again."""
        self._reader.end()
        super().resume_writing()
        if not self.read_paused:  # else it is the application that has not read yet
            self.transport.resume_reading()

    def turn_away(self) -> None:
        """Cut it off: what it is sent waits for it in vain."""
        self._connections.count("slow_reader")
        self.hang_up()

    def hang_up(self) -> None:
        """Close without another word."""
        self.transport.abort()

    def end(self) -> None:
        """Leave the closing to uvicorn, which says by its code that the server restarts."""


def _ask_whether_it_lives(sock: socket.socket) -> None:
    """Have the system find out whether the other side is still there, beside what is sent to it, within two minutes."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        if hasattr(socket, name):  # where it is not known, the system's own times hold
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _answer(status: int, problem: str) -> bytes:
    body = orjson.dumps({"error": {"problem": problem}})
    retry = "Retry-After: 5\r\n" if status == 503 else ""
    head = (
        f"HTTP/1.1 {status} {_PHRASES[status]}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"{retry}Connection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return head.encode() + body
