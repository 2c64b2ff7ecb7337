"""Who watches the stream meanwhile: one that takes everything, and one that is too slow."""

from __future__ import annotations

import json
import socket
import threading
import time
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from websockets.sync.client import connect

from tools.soak.emitting import NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from typing_extensions import Self

    from tools.soak.serving import Served

_SMALL = 64 * 1024  # bytes that the system may keep for the slow one
_SLEEP = 0.5  # seconds between two of its frames


class Watcher(threading.Thread):
    """A client of `/stream`, connected until the end of its block, that counts what it is told.

    Attributes:
        events: single events that came.
        counted: events of which only counts came.
        dropped: events that a gap stood for.
        complaint: why the connection ended before its time; empty if it did not.
    """

    pause = 0.0

    def __init__(self, served: Served) -> None:
        super().__init__(daemon=True)
        address = urlsplit(served.url)
        self._socket = socket.socket()
        self.prepare(self._socket)
        self._socket.connect((address.hostname, address.port))
        self._connecting = connect(
            f"ws://{address.netloc}/stream?from=now",
            sock=self._socket,
            additional_headers={"Authorization": f"Bearer {served.token}"},
            max_size=None,
            max_queue=4,
            ping_interval=None,  # an answer would wait behind all that a slow client has not read
            proxy=None,
        )
        self.events = self.counted = self.dropped = 0
        self.complaint = ""
        self._is_over = False

    def __enter__(self) -> Self:
        self._stream = self._connecting.__enter__()
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_over = True
        self._stream.close()
        self.join(10)

    def prepare(self, sock: socket.socket) -> None:
        """Set what must be set before the connection is made."""

    @property
    def accounted_for(self) -> int:
        return self.events + self.counted + self.dropped

    def run(self) -> None:
        try:
            for message in self._stream:
                frame = json.loads(message)
                self.take(frame)
                self.counted += sum(frame.get("counts", {}).values())
                self.dropped += frame.get("dropped", 0)
                if self.pause:
                    time.sleep(self.pause)
        except Exception as error:
            self.complaint = repr(error)
        if not self._is_over:
            self.complaint = self.complaint or "the server closed the stream"

    def take(self, frame: dict[str, Any]) -> None:
        """Take one frame."""
        self.events += len(frame.get("events", ()))

    def wait_for(self, count: int, seconds: float) -> None:
        """Wait until so many events are accounted for, no longer than so many seconds."""
        deadline = time.monotonic() + seconds
        while self.accounted_for < count and self.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)


class Reader(Watcher):
    """Takes everything at once, and looks at the numbers: each once, in order.

    Attributes:
        misplaced: events whose number was not the next one.
        delays: seconds from the program's clock to here.
        times: when each of them ended, in Unix seconds.
    """

    def __init__(self, served: Served) -> None:
        super().__init__(served)
        self.misplaced = 0
        self.delays = array("f")
        self.times = array("d")
        self._last = 0

    def take(self, frame: dict[str, Any]) -> None:
        super().take(frame)
        now = time.time()
        for event in frame.get("events", ()):
            number = event["attributes"].get(NUMBER)
            self._last += 1
            if number != self._last:
                self.misplaced += 1
                self._last = number or self._last
            self.delays.append(now - event["unix"])
            self.times.append(now)

    def by_minute(self) -> Iterator[Sequence[float]]:
        """Yield the delays of each minute since the first event."""
        begin = 0
        while begin < len(self.times):
            end = bisect_left(self.times, self.times[begin] + 60, begin)
            yield self.delays[begin:end]
            begin = end


class SlowReader(Watcher):
    """Takes a frame now and then: what it misses must be counted, and nobody else may notice."""

    pause = _SLEEP

    def prepare(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)

    def hurry(self) -> None:
        """Read on without pauses."""
        self.pause = 0.0
