"""A TCP or TLS socket whose every wait ends at one deadline, or at once when another thread interrupts."""

from __future__ import annotations

import io
import os
import selectors
import socket
import ssl
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from _typeshed import ReadableBuffer, WriteableBuffer

    T = TypeVar("T")

# Poll has no limit on descriptors, and unlike epoll nothing a forked child could share; Windows has select alone.
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)


class InterruptedSendError(OSError):
    """Another thread asked for the end of what the socket was doing."""


class Interrupter:
    """Wakes whoever waits on a socket, from any thread, for good: what comes after is interrupted as well."""

    def __init__(self) -> None:
        self.is_set = False
        self._pair: tuple[socket.socket, socket.socket] | None = None  # what never waited has nothing to close

    def fileno(self) -> int:
        """Return the descriptor that turns readable."""
        if self._pair is None:
            pair = socket.socketpair()
            pair[1].setblocking(False)
            self._pair = pair
            if self.is_set:  # by a thread that may not have seen it
                self.set()
        return self._pair[0].fileno()

    def set(self) -> None:
        """Interrupt. Callable at any time, even after `close`."""
        self.is_set = True
        if self._pair is None:
            return
        try:
            self._pair[1].send(b"!")
        except OSError:
            # Full (it is set already) or closed (nobody waits any more): either way there is nobody left to wake.
            return

    def close(self) -> None:
        """Let go of the descriptors."""
        for end in self._pair or ():
            end.close()


class DeadlineSocket:
    """What `http.client` needs of a socket.

    A timeout per `recv` would let a server that sends a byte now and then hold us for ever, so `deadline`
    (`time.monotonic()` seconds), set before each exchange, holds for all waits together.
    """

    def __init__(self, deadline: float, interrupter: Interrupter) -> None:
        self.deadline = deadline
        self._interrupter = interrupter
        self._socket: socket.socket | ssl.SSLSocket | None = None
        self._readable: selectors.BaseSelector | None = None  # kept: most waits are for an answer
        self._ahead = b""

    def connect(self, host: str, port: int) -> None:
        """Connect to the first address of *host* that answers, or raise the last one's OSError."""
        deadline = self.deadline
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        failure = OSError(f"{host} has no address")
        for left, (family, kind, protocol, _, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
            # An address that swallows packets (often IPv6) leaves the next ones their share of the time.
            now = time.monotonic()
            self.deadline = now + (deadline - now) / left
            try:
                self._connect_one(socket.socket(family, kind, protocol), address)
            except InterruptedSendError:
                raise
            except OSError as error:
                failure = error
            else:
                self.deadline = deadline
                return
        raise failure

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Go on under TLS, having checked that the server is *host*, or raise an OSError."""
        secure = context.wrap_socket(self._connected(), server_hostname=host, do_handshake_on_connect=False)
        self._socket = secure
        self._attempt(secure.do_handshake, selectors.EVENT_READ)

    def is_stale(self) -> bool:
        """Return whether the server closed the idle connection, or spoke unasked, which is as bad; or we are interrupted."""
        return bool(self._until_readable().select(0))

    def sendall(self, data: ReadableBuffer) -> None:
        """Send all of *data*."""
        connected, rest = self._connected(), memoryview(data)

        def send_some() -> int:
            return connected.send(rest)

        while rest:
            rest = rest[self._attempt(send_some, selectors.EVENT_WRITE) :]

    def receive(self, most: int) -> bytes:
        """Receive what has come, at least a byte and at most so many; none at the end."""
        connected = self._connected()
        return self._attempt(lambda: connected.recv(most), selectors.EVENT_READ)

    def give_back(self, received: bytes) -> None:
        """Have it received again, before anything else."""
        self._ahead = received

    def receive_into(self, buffer: memoryview) -> int:
        """Receive what has come, at least a byte; 0 at the end."""
        if self._ahead:
            size = min(len(buffer), len(self._ahead))
            buffer[:size], self._ahead = self._ahead[:size], self._ahead[size:]
            return size
        connected = self._connected()
        return self._attempt(lambda: connected.recv_into(buffer), selectors.EVENT_READ)

    def makefile(self, _mode: str = "rb") -> io.BufferedReader:
        """Return a buffered reader; closing it leaves the socket open."""
        return io.BufferedReader(_Receiver(self))

    def close(self) -> None:
        """Do nothing: `http.client` closes a connection whose answer it has not read yet; we `disconnect`."""

    def disconnect(self) -> None:
        """Close the connection, without waiting for the other side."""
        if self._readable is not None:
            self._readable.close()
            self._readable = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect_one(self, raw: socket.socket, address: tuple[object, ...]) -> None:
        self._socket = raw
        try:
            raw.setblocking(False)
            # A request is one or two writes and then a wait: Nagle's algorithm would only hold the second one back.
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                raw.connect(address)
            except BlockingIOError:
                self._wait(selectors.EVENT_WRITE)
            _raise_pending_error(raw)
        except BaseException:
            self.disconnect()
            raise

    def _connected(self) -> socket.socket | ssl.SSLSocket:
        if self._socket is None:
            raise OSError("not connected")
        return self._socket

    def _attempt(self, operation: Callable[[], T], event: int) -> T:
        """Repeat a non-blocking *operation*, waiting in between for what it needs; raise at the deadline."""
        while True:
            # Looked at even where no wait is needed: a server that never stops sending must not hold us either.
            self._check()
            try:
                return operation()
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                self._wait(_needed_event(error, event))

    def _wait(self, event: int) -> None:
        remaining = max(0.0, self.deadline - time.monotonic())
        if event == selectors.EVENT_READ:
            self._until_readable().select(remaining)
        else:
            with self._make_selector(event) as selector:
                selector.select(remaining)
        self._check()

    def _until_readable(self) -> selectors.BaseSelector:
        if self._readable is None:
            self._readable = self._make_selector(selectors.EVENT_READ)
        return self._readable

    def _make_selector(self, event: int) -> selectors.BaseSelector:
        """Return what waits for *event*, and for an interruption."""
        selector = _Selector()
        selector.register(self._connected(), event)
        selector.register(self._interrupter, selectors.EVENT_READ)
        return selector

    def _check(self) -> None:
        if self._interrupter.is_set:
            raise InterruptedSendError("interrupted")
        if time.monotonic() >= self.deadline:
            raise TimeoutError("the time for it ran out")


class _Receiver(io.RawIOBase):
    """The raw side of `makefile`."""

    def __init__(self, source: DeadlineSocket) -> None:
        self._source = source

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Receive what has come."""
        return self._source.receive_into(memoryview(buffer))


def _raise_pending_error(raw: socket.socket) -> None:
    if error := raw.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(error, os.strerror(error))


def _needed_event(error: OSError, event: int) -> int:
    # Under TLS a read may need to write first, and the other way round.
    if isinstance(error, ssl.SSLWantReadError):
        return selectors.EVENT_READ
    if isinstance(error, ssl.SSLWantWriteError):
        return selectors.EVENT_WRITE
    return event
