"""The server as a process: ports, signals, and its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn

from otel_events.server.access.origins import is_loopback
from otel_events.server.access.protocols import uvicorn_options
from otel_events.server.app import create_app
from otel_events.server.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from otel_events.server.settings import ServerSettings


class _Uvicorn(uvicorn.Server):
    """Ends at a signal as at any other time: with 0.

    Args:
        config: uvicorn's.
        server: what is served. Its streams have no end of their own, so they are ended before connections are waited for.
    """

    def __init__(self, config: uvicorn.Config, server: Server) -> None:
        super().__init__(config)
        self._server = server

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._server.hub.stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        handled = [signal.SIGINT, signal.SIGTERM]
        if sys.platform == "win32":
            handled.append(signal.SIGBREAK)
        before: dict[Any, Any] = {each: signal.signal(each, self._end) for each in handled}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _end(self, *_: Any) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


def serve(settings: ServerSettings, say: Callable[[str], None]) -> None:
    """Serve until a signal comes, or for DEMO_SECONDS."""
    server = Server(settings)
    sockets = [_listen(settings.host, port) for port in dict.fromkeys((settings.port, settings.otlp_port))]
    config = uvicorn.Config(
        create_app(server),
        lifespan="on",
        ws_per_message_deflate=not is_loopback(settings.host),
        timeout_graceful_shutdown=2,
        **uvicorn_options(server.access.connections),
    )
    running = _Uvicorn(config, server)
    page, otlp = sockets[0].getsockname()[1], sockets[-1].getsockname()[1]
    say(f"page and API: {server.access.login_link(f'http://{settings.host}:{page}')}")
    say(f"OTLP:         http://{settings.host}:{otlp}")
    asyncio.run(_run(running, sockets, float(os.environ.get("DEMO_SECONDS") or 0)))


async def _run(running: _Uvicorn, sockets: list[socket.socket], seconds: float) -> None:
    if seconds:
        asyncio.get_running_loop().call_later(seconds, running._end)
    await running.serve(sockets)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener
