"""The routes of the streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Mount, Route, WebSocketRoute

from otel_events.server.live.socket_io import SocketIo
from otel_events.server.live.sse import events_of
from otel_events.server.live.websocket import stream_of

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from otel_events.server.server import Server


def routes(server: Server) -> list[BaseRoute]:
    """Return them."""
    return [
        WebSocketRoute("/stream", stream_of(server)),
        Route("/events", events_of(server)),
        Mount("/socket.io", SocketIo(server).app),
    ]
