"""TLS in front of HTTP: its handshakes are counted among the connections, and have no longer than the head of a request."""

from __future__ import annotations

import asyncio
import ssl
from functools import partial
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    import uvicorn

    from otel_events.server.access.connections import Connections


def guard_handshakes(config: uvicorn.Config, connections: Connections) -> None:
    """Have the handshakes of *config*, which is loaded, counted by *connections*; without TLS there are none.

    asyncio's server tells nobody of a connection before its handshake is done: whoever sends nothing would hold it for a
    minute, and as many of them as there are files.
    """
    context, config.ssl = config.ssl, None
    if context is not None:
        make = cast("Callable[..., asyncio.Protocol]", config.http_protocol_class)
        config.http_protocol_class = cast(
            "Any", lambda **options: _Door(connections, context, partial(make, **options))
        )


class _Door(asyncio.Protocol):
    """A connection until its handshake is done.

    Args:
        connections: counts it.
        context: of the server's certificate.
        make: the protocol that has the connection afterwards.
    """

    def __init__(self, connections: Connections, context: ssl.SSLContext, make: Callable[[], asyncio.Protocol]) -> None:
        self._connections = connections
        self._context = context
        self._make = make
        self._inner: asyncio.Protocol | None = None
        self._early: list[bytes] = []
        self._is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take part, or be cut off: without TLS nothing can be said."""
        self._transport = cast("asyncio.Transport", transport)
        if not self._connections.enter(self):
            self.hang_up()
            return
        self._connections.wait(self)
        self._handshake = asyncio.get_running_loop().create_task(self._shake_hands())

    def data_received(self, data: bytes) -> None:
        """Keep what came in one piece with the end of the handshake."""
        self._early.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room; who has the connection by now is told."""
        self._is_lost = True
        self._connections.leave(self)
        if self._inner is not None:
            self._inner.connection_lost(exc)

    def turn_away(self) -> None:
        """Cut it off."""
        self.hang_up()

    def end(self) -> None:
        """Cut it off."""
        self.hang_up()

    def hang_up(self) -> None:
        """Close without a word."""
        self._transport.abort()

    async def _shake_hands(self) -> None:
        seconds = self._connections.limits.head_seconds
        try:
            secured = await asyncio.get_running_loop().start_tls(
                self._transport, self, self._context, server_side=True, ssl_handshake_timeout=seconds
            )
        except (OSError, ssl.CertificateError) as error:  # no TLS, a client that trusts us not, or one that has gone
            if isinstance(error, ConnectionAbortedError):  # asyncio's, of a handshake that took too long
                self._connections.count("slow_head")
            return
        finally:
            self._connections.leave(self)
        if secured is None or self._is_lost:
            return
        inner = self._make()
        secured.set_protocol(inner)
        self._inner = inner
        inner.connection_made(secured)
        for data in self._early:
            inner.data_received(data)
