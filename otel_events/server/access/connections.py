"""How many connections are open, and who goes when there are too many."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.server.access.settings import Limits

# Of gRPC, which takes them by itself: they are beside those that are counted here.
GRPC_CONNECTIONS = 256
# Files, the index, clients' log files, and connections that are accepted only to be refused.
_KEPT_FREE = 256 + GRPC_CONNECTIONS
_LEAST = 16
_MOST_LEAVING = 64


class Connection(Protocol):
    """What can be told to go."""

    def turn_away(self) -> None:
        """Say politely that there are too many, and close."""

    def hang_up(self) -> None:
        """Close without another word."""

    def end(self) -> None:
        """Close, as the server stops and no whole request is there to be answered."""


class Connections:
    """Count connections and keep their number within the limit.

    Where one more would be too many, the one that has been waiting longest for its own client to say something goes; so
    whoever only holds connections open keeps nobody else out. If all of them are busy the new one is refused.

    Args:
        limits: `connections`, which is lowered to what this process may have open.
        count: is told the reason of every refusal.
    """

    def __init__(self, limits: Limits, count: Callable[[str], None]) -> None:
        self.limits = limits
        self.count = count
        self.most = _affordable(limits.connections)
        self._open: set[Connection] = set()
        self._waiting: dict[Connection, None] = {}
        self._leaving: dict[Connection, None] = {}

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def enter(self, connection: Connection) -> bool:
        """Take *connection* in and return True, or return False if there is no room even if others go."""
        if len(self._open) >= self.most:
            oldest = next(iter(self._waiting), None)
            self.count("connections")
            if oldest is None:
                return False
            self.leave(oldest)
            oldest.turn_away()
        self._open.add(connection)
        return True

    def wait(self, connection: Connection) -> None:
        """Note that from now on *connection* waits for its client."""
        if connection in self._open:
            self._waiting.pop(connection, None)
            self._waiting[connection] = None

    def work(self, connection: Connection) -> None:
        """Note that *connection* has its client's whole request."""
        self._waiting.pop(connection, None)

    def end_waiting(self) -> None:
        """Have those go that wait for their clients, for the server stops."""
        for connection in list(self._waiting):
            connection.end()

    def linger(self, connection: Connection) -> None:
        """Let *connection*, which was refused, stay until its client has read so, if not too many do."""
        self._leaving[connection] = None
        if len(self._leaving) > _MOST_LEAVING:
            oldest = next(iter(self._leaving))
            del self._leaving[oldest]
            oldest.hang_up()

    def leave(self, connection: Connection) -> None:
        """Forget *connection*; may be called again."""
        self._leaving.pop(connection, None)
        self._open.discard(connection)
        self._waiting.pop(connection, None)


def _affordable(wanted: int) -> int:
    """Return how many connections this process may have, raising its own limit of open files as far as it may."""
    try:
        import resource
    except ImportError:  # Windows, where sockets have no such bound
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    needed = wanted + _KEPT_FREE
    if soft < needed:
        target = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        with suppress(ValueError, OSError):  # not everywhere is the hard limit to be had: then the soft one counts
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(_LEAST, min(wanted, soft - _KEPT_FREE))
