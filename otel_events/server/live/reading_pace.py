"""How fast a client of Engine.IO reads: no more is sent to it than it takes, and a ping never waits behind too much."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from engineio import packet

if TYPE_CHECKING:
    from collections.abc import Callable

_UNREAD = 128 * 1024  # bytes that may be under way; what is beyond waits in the hub, which folds it
_BETWEEN_PINGS = 32 * 1024  # bytes; who takes longer for these than its patience lasts is gone
_QUEUED = 4_096  # packets; no honest client has answered a ping that stands behind so many


class ReadingPace:
    """Sends to one client at the pace at which it reads.

    Engine.IO queues without limit, pings by the clock, and takes a client for dead whose answer is late: one that is merely slow
    is cut off, by itself as well as by the server, again and again. So the pings go out here: among the packets, by their size.
    Each answer tells how far the client has read, and each ping tells the client that the server lives.

    Args:
        socket: Engine.IO's, which is not to ping by itself any more.
        give_up: is called once if the client does not answer.
    """

    def __init__(self, socket: Any, give_up: Callable[[], object]) -> None:
        self._socket = socket
        self._give_up = give_up
        self._interval: float = socket.server.ping_interval
        self._patience: float = socket.server.ping_interval + socket.server.ping_timeout
        self._before_pings: deque[int] = deque()  # bytes before each ping that was not answered
        self._since_ping = self._unread = 0
        self._answered_at = time.monotonic()
        self._has_room = asyncio.Event()
        self._has_room.set()
        # Asked of the socket once the connection is made, and with each answer to a ping.
        socket.schedule_ping = self._note_answer
        socket.last_ping = None
        self._timer = asyncio.get_running_loop().call_later(self._interval, self._beat)

    async def send(self, sent: packet.Packet) -> None:
        """Send when the client has read enough of what was sent before."""
        await self._has_room.wait()
        if self._socket.closed:
            return
        size = len(sent.data)
        self._unread += size
        self._since_ping += size
        if self._unread >= _UNREAD:
            self._has_room.clear()
        await self._socket.send(sent)
        if self._since_ping >= _BETWEEN_PINGS:
            self._ping()

    def _ping(self) -> None:
        self._before_pings.append(self._since_ping)
        self._since_ping = 0
        self._socket.queue.put_nowait(packet.Packet(packet.PING))

    def _note_answer(self) -> None:
        if not self._before_pings or self._socket.queue.qsize() > _QUEUED:
            return
        self._answered_at = time.monotonic()
        self._unread -= self._before_pings.popleft()
        if self._unread < _UNREAD:
            self._has_room.set()

    def _beat(self) -> None:
        if self._socket.closed:
            return
        if self._before_pings and time.monotonic() - self._answered_at > self._patience:
            self._give_up()
            return
        if not self._before_pings:
            self._answered_at = time.monotonic()  # from here on it is to answer
            self._ping()
        self._timer = asyncio.get_running_loop().call_later(self._interval, self._beat)
