"""OTLP over HTTP: protobuf bodies posted over one persistent connection."""

from __future__ import annotations

import http.client
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from otel_events.otlp.deadline_socket import DeadlineSocket, InterruptedSendError, Interrupter
from otel_events.otlp.http_answer import Answer, Repetitions, interpret
from otel_events.otlp.outcome import Accepted, Outcome, Unreachable, say
from otel_events.otlp.proxy import Proxy, basic, find_proxy
from otel_events.otlp.user_agent import USER_AGENT

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from otel_events.otlp.endpoint import Endpoint

_FIRST_LOOK = 4 * 1024  # bytes, in which most answers have room
_LONGEST_ANSWER = 64 * 1024  # bytes; answers are a few dozen, unless somebody plays


class HttpTransport:
    """Posts bodies to one endpoint. Used by one thread at a time; `interrupt` alone may come from another.

    Args:
        endpoint: where to post.
        decode_response: reads (rejected records, message) out of the body of a success, for the endpoint's signal.
    """

    content_type = "application/x-protobuf"

    def __init__(self, endpoint: Endpoint, *, decode_response: Callable[[bytes], tuple[int, str]]) -> None:
        self._endpoint = endpoint
        self._decode_response = decode_response
        self._headers = _make_headers(endpoint, self.content_type)
        self._heads: dict[str | None, bytes] = {}  # by the encoding of the body; of the present connection
        self._repetitions = Repetitions()
        self._interrupter = Interrupter()
        self._socket: DeadlineSocket | None = None
        self._proxy: Proxy | None = None
        self._tls: ssl.SSLContext | None = None

    def send(self, body: bytes, encoding: str | None, deadline: float) -> Outcome:
        """Post *body* and return what became of it by *deadline* or the endpoint's timeout, whichever is first."""
        deadline = min(deadline, time.monotonic() + self._endpoint.timeout)
        try:
            return self._exchange(body, encoding, deadline)
        except InterruptedSendError:
            failure = "interrupted"
        except TimeoutError:
            failure = "no complete answer in time"
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a host name beyond IDNA
            failure = _describe(error)
        self._disconnect()
        return Unreachable(failure)

    def interrupt(self) -> None:
        """End the sending in flight at once, and every later one."""
        self._interrupter.set()

    def close(self) -> None:
        """Close the connection. The sending thread calls it, last of all."""
        self._disconnect()
        self._interrupter.close()

    def _interpret(self, answer: Answer) -> Outcome:
        """Return what *answer* means."""
        return interpret(answer, self._decode_response)

    def _describe(self, body: bytes) -> bytes:  # noqa: ARG002  # who speaks another protocol than OTLP may say more
        """Return the lines of the head that say something of *body*, beside its length."""
        return b""

    def _exchange(self, body: bytes, encoding: str | None, deadline: float) -> Outcome:
        if self._socket is not None and not self._socket.is_stale():
            try:
                return self._post(self._socket, body, encoding, deadline)
            except ConnectionError:
                # The server closed the idle connection under our request. It answered nothing, so the request goes out
                # once more, on a new connection; had it been taken after all, the receiver sees a duplicate.
                self._disconnect()
        self._disconnect()
        return self._post(self._connect(deadline), body, encoding, deadline)

    def _post(self, stream: DeadlineSocket, body: bytes, encoding: str | None, deadline: float) -> Outcome:
        stream.deadline = deadline
        head = self._heads.get(encoding)
        if head is None:
            head = self._heads[encoding] = self._write_head(encoding)
        # In one piece. A server that refuses a large body answers before it has read it all: its answer says more than our error.
        with suppress(BrokenPipeError, ConnectionResetError):
            stream.sendall(b"%s%scontent-length: %d\r\n\r\n%s" % (head, self._describe(body), len(body), body))
        received = stream.receive(_FIRST_LOOK)
        while self._repetitions.is_begun(received) and (more := stream.receive(_FIRST_LOOK)):
            received += more
        accepted = self._repetitions.find(received)
        return self._read(stream, received) if accepted is None else accepted

    def _read(self, stream: DeadlineSocket, received: bytes) -> Outcome:
        """Return what the answer means of which *received* is the beginning."""
        stream.give_back(received)
        response = http.client.HTTPResponse(cast("socket.socket", stream), method="POST")
        response.begin()
        answer = self._read_answer(response)
        outcome = self._interpret(answer)
        # What came in chunks is not the body as it is, and what ended the connection is not to be waited for again.
        if isinstance(outcome, Accepted) and self._socket is stream and not response.chunked:
            self._repetitions.remember(received, answer.body, outcome)
        return outcome

    def _write_head(self, encoding: str | None) -> bytes:
        """Return the head of a request as `http.client` writes it, up to the length of the body: the rest never changes."""
        written = _Written()
        connection = http.client.HTTPConnection(self._endpoint.host, self._endpoint.port)
        connection.sock = cast("socket.socket", written)
        connection.putrequest("POST", self._target(), skip_host=True)
        for name, value in self._headers.items():
            connection.putheader(name, value)
        if encoding is not None:
            connection.putheader("content-encoding", encoding)
        if self._proxy is not None and self._proxy.authorization and not self._endpoint.is_secure:
            connection.putheader("proxy-authorization", self._proxy.authorization)
        connection.endheaders()
        return written.content.removesuffix(b"\r\n")

    def _read_answer(self, response: http.client.HTTPResponse) -> Answer:
        body = response.read(_LONGEST_ANSWER + 1)
        is_whole = response.isclosed()
        # `read(amount)` takes a connection that broke off for the end of the body.
        if not is_whole and len(body) <= _LONGEST_ANSWER:
            raise http.client.IncompleteRead(body)
        if not is_whole or response.will_close:
            self._disconnect()
        return Answer(response.status, response.reason, response.headers, body[:_LONGEST_ANSWER])

    def _connect(self, deadline: float) -> DeadlineSocket:
        endpoint, self._proxy = self._endpoint, find_proxy(self._endpoint)
        self._heads.clear()
        stream = self._socket = DeadlineSocket(deadline, self._interrupter)
        if self._proxy is None:
            stream.connect(endpoint.host, endpoint.port)
        else:
            stream.connect(self._proxy.host, self._proxy.port)
        if endpoint.is_secure:
            if self._proxy is not None:
                _open_tunnel(stream, endpoint.authority, self._proxy)
            self._start_tls(stream)
        return stream

    def _start_tls(self, stream: DeadlineSocket) -> None:
        context = self._tls or _make_tls_context(self._endpoint)
        self._tls = None  # after a failure the files are read again: certificates get renewed
        stream.start_tls(context, self._endpoint.host)
        self._tls = context

    def _target(self) -> str:
        if self._proxy is None or self._endpoint.is_secure:
            return self._endpoint.target
        return f"http://{self._endpoint.authority}{self._endpoint.target}"

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.disconnect()
            self._socket = None


class _Written:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.content = b""

    def sendall(self, data: bytes) -> None:
        self.content += data


def _make_headers(endpoint: Endpoint, content_type: str) -> dict[str, str]:
    default_port = 443 if endpoint.is_secure else 80
    host = endpoint.authority.removesuffix(f":{default_port}")
    headers = {"host": host, "user-agent": USER_AGENT}
    if endpoint.credentials is not None:
        headers["authorization"] = basic(*endpoint.credentials)
    headers.update((name.lower(), value) for name, value in endpoint.headers.items())
    # What describes the body is ours to say.
    for name in ("content-length", "content-encoding", "transfer-encoding"):
        headers.pop(name, None)
    headers["content-type"] = content_type
    return headers


def _make_tls_context(endpoint: Endpoint) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=endpoint.certificate_file)
    context.set_alpn_protocols(["http/1.1"])
    if endpoint.client_certificate_file:
        context.load_cert_chain(endpoint.client_certificate_file, endpoint.client_key_file)
    return context


def _open_tunnel(stream: DeadlineSocket, authority: str, proxy: Proxy) -> None:
    authorization = f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
    stream.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{authorization}\r\n".encode("latin-1"))
    response = http.client.HTTPResponse(cast("socket.socket", stream), method="CONNECT")
    response.begin()
    if response.status != 200:
        raise OSError(f"the proxy {proxy.host}:{proxy.port} answered {response.status} {response.reason}")


def _describe(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and not isinstance(error, ssl.SSLError):
        return say(error.strerror)
    return say(type(error).__name__, str(error))
