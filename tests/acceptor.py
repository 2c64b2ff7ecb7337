"""A real OTLP acceptor on loopback that misbehaves on request.

It reads requests with the official protobuf classes and keeps what it takes. Each request is answered by the next
behaviour of `script`, or by `usual` when that is empty.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from otel_events.event import Event
from otel_events.otlp.encode import LogEncoder
from otel_events.pipeline.writer_events import NAMES

if TYPE_CHECKING:
    import ssl

    from typing_extensions import Self

LOGS_SERVICE = "opentelemetry.proto.collector.logs.v1.LogsService"
TRACES_SERVICE = "opentelemetry.proto.collector.trace.v1.TraceService"
PATIENCE = 60.0  # seconds; the bound of every wait, reached only by a failing test


def events(*names: str, **attributes: Any) -> list[Event]:
    """Return an event of each name."""
    return [Event(name=name, timestamp=1, observed_timestamp=1, attributes=dict(attributes)) for name in names]


BODY = LogEncoder({}).encode(events("seed.germinated"))


def soon(seconds: float = PATIENCE) -> float:
    """Return the deadline *seconds* from now."""
    return time.monotonic() + seconds


def send(transport: Any, body: bytes = BODY, encoding: str | None = None, seconds: float = PATIENCE) -> Any:
    """Send a request with one event."""
    return transport.send(body, encoding, soon(seconds))


@dataclass(frozen=True)
class Request:
    """What came in, whatever became of it."""

    signal: str
    headers: dict[str, str]
    posted: bytes
    names: tuple[str, ...]
    at: float


class Acceptor:
    """What the HTTP and the gRPC side share: the script, the requests, and the records that were taken."""

    port: int

    def __init__(self, usual: Behaviour) -> None:
        self.usual = usual
        self.script: deque[Behaviour] = deque()
        self.requests: list[Request] = []
        self.names: list[str] = []
        self.connections = 0
        self.released = threading.Event()  # ends what hangs
        self._changed = threading.Condition()

    def take(self, names: tuple[str, ...]) -> None:
        with self._changed:
            self.names.extend(names)
            self._changed.notify_all()

    def await_requests(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) >= count, PATIENCE), self.requests

    def await_names(self, count: int) -> list[str]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.names) >= count, PATIENCE), self.names
            return list(self.names)

    def note(self, request: Request) -> Behaviour:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            return self.script.popleft() if self.script else self.usual


Behaviour = Callable[[Any, Request], Any]


def read_request(signal: str, body: bytes) -> tuple[str, ...]:
    """Return the event names or span names in *body*, as the official classes read it; writers' own events left out."""
    if signal == "logs":
        logs = ExportLogsServiceRequest.FromString(body)
        names = (r.event_name for g in logs.resource_logs for s in g.scope_logs for r in s.log_records)
        return tuple(name for name in names if name not in NAMES)
    traces = ExportTraceServiceRequest.FromString(body)
    return tuple(span.name for g in traces.resource_spans for s in g.scope_spans for span in s.spans)


def success(signal: str, rejected: int = 0, message: str = "") -> bytes:
    """Return the official success answer of *signal*."""
    if signal == "logs":
        partial = {"rejected_log_records": rejected, "error_message": message}
        return ExportLogsServiceResponse(partial_success=partial).SerializeToString()
    partial = {"rejected_spans": rejected, "error_message": message}
    return ExportTraceServiceResponse(partial_success=partial).SerializeToString()


# -- HTTP -----------------------------------------------------------------------------------------------------------


class HttpAcceptor(Acceptor):
    """The http/protobuf side."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(accept)
        self._server = _Server(self, tls)
        self.port = self._server.server_address[1]
        self.scheme = "https" if tls else "http"

    def url(self, signal: str = "logs", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}/v1/{signal}"

    def drop_connections(self) -> None:
        """Close every connection, as a server does with idle ones; return when the other side can see it."""
        for connection in list(self._server.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self.drop_connections()
        self._server.server_close()  # joins the handlers


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, acceptor: HttpAcceptor, tls: ssl.SSLContext | None) -> None:
        self.acceptor = acceptor
        self.tls = tls
        self.open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.acceptor.connections += 1
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: connections break off here by intent."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        posted = self.rfile.read(int(self.headers["Content-Length"]))
        body = gzip.decompress(posted) if self.headers.get("Content-Encoding") == "gzip" else posted
        signal = "traces" if self.path.endswith("traces") else "logs"
        headers = {name.lower(): value for name, value in self.headers.items()} | {":target": self.path}
        request = Request(signal, headers, posted, read_request(signal, body), time.monotonic())
        self.server.acceptor.note(request)(self, request)

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


PROTOBUF = {"Content-Type": "application/x-protobuf"}


def accept(handler: _Handler, request: Request) -> None:
    """Take all."""
    handler.server.acceptor.take(request.names)
    handler.answer(200, b"", PROTOBUF)


def answer_with(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """Take nothing, and answer so."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _: handler.answer(status, body, named)


def reject(count: int, message: str) -> Behaviour:
    """Take all but the first *count* records."""

    def behave(handler: _Handler, request: Request) -> None:
        handler.server.acceptor.take(request.names[count:])
        handler.answer(200, success(request.signal, count, message), PROTOBUF)

    return behave


def take_at_most(size: int) -> Behaviour:
    """Answer 413 to what is larger than *size* bytes."""
    return lambda handler, request: (
        handler.answer(413, b"", {}) if len(request.posted) > size else accept(handler, request)
    )


def hang(handler: _Handler, _: Request) -> None:
    """Never answer."""
    handler.close_connection = True
    handler.server.acceptor.released.wait(PATIENCE)


def drip(handler: _Handler, _: Request) -> None:
    """Send a byte of the answer now and then."""
    handler.close_connection = True
    with contextlib.suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not handler.server.acceptor.released.wait(0.02):
            handler.wfile.write(b"z")


def lose_answer(handler: _Handler, request: Request) -> None:
    """Take all, and close without an answer."""
    handler.server.acceptor.take(request.names)
    handler.close_connection = True


def break_off(handler: _Handler, request: Request) -> None:
    """Take all, and close in the middle of the answer."""
    handler.server.acceptor.take(request.names)
    handler.answer(200, b"half", {**PROTOBUF, "Content-Length": "100"})
    handler.close_connection = True


# -- gRPC -----------------------------------------------------------------------------------------------------------


class GrpcAcceptor(Acceptor):
    """The gRPC side. *secure* are server credentials."""

    def __init__(self, secure: grpc.ServerCredentials | None = None, max_message: int = 4 * 1024 * 1024) -> None:
        super().__init__(accept_call)
        self._pool = ThreadPoolExecutor(4)
        self._server = grpc.server(self._pool, options=[("grpc.max_receive_message_length", max_message)])
        for service, signal in ((LOGS_SERVICE, "logs"), (TRACES_SERVICE, "traces")):
            handler = grpc.unary_unary_rpc_method_handler(self._export(signal))
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": handler}),))
        if secure is None:
            self.port = self._server.add_insecure_port("127.0.0.1:0")
        else:
            self.port = self._server.add_secure_port("127.0.0.1:0", secure)
        self.scheme = "https" if secure else "http"

    def url(self, _signal: str = "logs", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.stop(0).wait()
        self._pool.shutdown()

    def _export(self, signal: str) -> Callable[[bytes, grpc.ServicerContext], bytes]:
        def export(body: bytes, context: grpc.ServicerContext) -> bytes:
            headers = dict(context.invocation_metadata())
            request = Request(signal, headers, body, read_request(signal, body), time.monotonic())
            return self.note(request)((self, context), request)

        return export


def accept_call(call: tuple[GrpcAcceptor, Any], request: Request) -> bytes:
    """Take all."""
    call[0].take(request.names)
    return success(request.signal)


def reject_call(count: int, message: str) -> Behaviour:
    """Take all but the first *count* records."""

    def behave(call: tuple[GrpcAcceptor, Any], request: Request) -> bytes:
        call[0].take(request.names[count:])
        return success(request.signal, count, message)

    return behave


def fail_call(code: grpc.StatusCode, details: str = "", retry_delay: float | None = None) -> Behaviour:
    """Take nothing, and end with *code*, a RetryInfo beside it if *retry_delay* says so."""

    def behave(call: tuple[GrpcAcceptor, Any], _: Request) -> Any:
        if retry_delay is not None:
            status = Status(code=code.value[0], message=details)
            delay = Duration(nanos=round(retry_delay * 1e9) % 10**9, seconds=int(retry_delay))
            status.details.add().Pack(RetryInfo(retry_delay=delay))
            call[1].set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        call[1].abort(code, details)

    return behave


def hang_call(call: tuple[GrpcAcceptor, Any], request: Request) -> bytes:
    """Never answer."""
    call[0].released.wait(PATIENCE)
    return success(request.signal)


@contextlib.contextmanager
def refusing_port() -> Iterator[int]:
    """Give a port of this machine where nobody listens, and nobody will meanwhile."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
