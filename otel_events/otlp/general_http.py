"""Answers that are not as usual, and tunnels, read by the standard library, which knows all that HTTP/1.1 allows."""

from __future__ import annotations

import http.client
import io
from typing import TYPE_CHECKING, cast

from otel_events.otlp.http_answer import Answer
from otel_events.otlp.outcome import say

if TYPE_CHECKING:
    import socket

    from otel_events.otlp.deadline_socket import DeadlineSocket
    from otel_events.otlp.proxy import Proxy


class UnreadableAnswerError(OSError):
    """What came back is no HTTP, or broke off."""


def read_answer(stream: DeadlineSocket, received: bytes, longest: int) -> tuple[Answer, bool]:
    """Return the answer to a POST, its body at most *longest* bytes, and whether the connection can be used again.

    Args:
        stream: the rest of it.
        received: what was read of it already.
        longest: beyond that its body is cut off.

    Raises:
        OSError: it cannot be read. A ConnectionError: there was none.
    """
    response = http.client.HTTPResponse(cast("socket.socket", _Begun(stream, received)), method="POST")
    try:
        response.begin()
        body = response.read(longest + 1)
        is_whole = response.isclosed()
        # `read(amount)` takes a connection that broke off for the end of the body.
        if not is_whole and len(body) <= longest:
            raise http.client.IncompleteRead(body)  # with all other ways to break off
    except ConnectionError:
        raise
    except http.client.HTTPException as error:
        raise UnreadableAnswerError(say(type(error).__name__, str(error))) from error
    headers = response.headers
    answer = Answer(
        response.status,
        response.reason,
        body[:longest],
        headers.get_content_type() if "Content-Type" in headers else "",
        headers.get("Retry-After"),
        headers.get("Location"),
    )
    return answer, is_whole and not response.will_close


def open_tunnel(stream: DeadlineSocket, authority: str, proxy: Proxy) -> None:
    """Have *proxy*, to which *stream* is connected, connect on to *authority*; or raise an OSError."""
    authorization = f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
    stream.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{authorization}\r\n".encode("latin-1"))
    response = http.client.HTTPResponse(cast("socket.socket", stream), method="CONNECT")
    try:
        response.begin()
    except ConnectionError:
        raise
    except http.client.HTTPException as error:
        raise UnreadableAnswerError(say(type(error).__name__, str(error))) from error
    if response.status != 200:
        raise OSError(f"the proxy {proxy.host}:{proxy.port} answered {response.status} {response.reason}")


class _Begun:
    """A stream of which some was read already, with the one method that `HTTPResponse` calls."""

    def __init__(self, stream: DeadlineSocket, received: bytes) -> None:
        self._stream = stream
        self._received = received

    def makefile(self, _mode: str = "rb") -> io.BufferedReader:
        return io.BufferedReader(_Rest(self._stream, self._received))


class _Rest(io.RawIOBase):
    """Gives what was read, then what comes."""

    def __init__(self, stream: DeadlineSocket, received: bytes) -> None:
        self._stream = stream
        self._received = received

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # what a BufferedReader gives
        """Give some of it."""
        if not self._received:
            return self._stream.receive_into(buffer)
        count = min(len(buffer), len(self._received))
        buffer[:count] = self._received[:count]
        self._received = self._received[count:]
        return count
