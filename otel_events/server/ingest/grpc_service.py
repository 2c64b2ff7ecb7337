"""OTLP over gRPC: the same requests, on a port of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from otel_events.server.access.connections import GRPC_CONNECTIONS
from otel_events.server.ingest.answers import message_of
from otel_events.server.ingest.calls import Calls
from otel_events.server.ingest.refusals import RefusedError, malformed, too_large, unavailable
from otel_events.server.ingest.requests import Sent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.server.ingest.requests import Signal
    from otel_events.server.server import Server

_SERVICES: dict[Signal, str] = {
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
}
_MAX_CALLS = 64
_THREADS = _MAX_CALLS + 8  # one for each call, and some that refuse what is too much
_PATIENCE = 30.0
# gRPC takes connections by itself, beside those that are counted for HTTP: without bounds of its own, idle ones would use up
# the files that this process may open.
_CONNECTIONS = {
    "grpc.max_allowed_incoming_connections": GRPC_CONNECTIONS,
    "grpc.max_concurrent_streams": _MAX_CALLS,  # a client that has as many waits by itself
    "grpc.server_handshake_timeout_ms": 10_000,
    "grpc.max_connection_idle_ms": 60_000,
}


class GrpcService:
    """Listens for gRPC.

    Args:
        server: whose store takes what comes.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._calls = Calls(_MAX_CALLS, server.refused.add)
        self._grpc: Any = None

    def start(self, address: str) -> int:
        """Listen on *address*, `host:port`; return the port, or raise OSError."""
        import grpc  # heavy, and not everybody wants it

        self._grpc = grpc.server(
            ThreadPoolExecutor(_THREADS, thread_name_prefix="otel_events-grpc"),
            options=[
                ("grpc.max_receive_message_length", self._server.settings.max_request_bytes),
                ("grpc.so_reuseport", 0),
                *_CONNECTIONS.items(),
            ],
        )
        # As if clients sent streams, which are the same on the wire: so they are looked at before what they send is read.
        handlers = [
            grpc.method_handlers_generic_handler(
                service, {"Export": grpc.stream_unary_rpc_method_handler(self._exporter(signal))}
            )
            for signal, service in _SERVICES.items()
        ]
        self._grpc.add_generic_rpc_handlers(handlers)
        port: int = self._listen(grpc, address)
        self._grpc.start()
        return port

    def stop(self) -> None:
        """Take no more calls, and let those that are there end."""
        if self._grpc is not None:
            self._grpc.stop(2).wait(5)
            self._grpc = None

    def _listen(self, grpc: Any, address: str) -> int:
        settings = self._server.settings
        try:
            if settings.tls_certificate is None or settings.tls_key is None:
                return int(self._grpc.add_insecure_port(address))
            with open(settings.tls_certificate, "rb") as certificate, open(settings.tls_key, "rb") as key:  # noqa: PTH123
                credentials = grpc.ssl_server_credentials([(key.read(), certificate.read())])
            return int(self._grpc.add_secure_port(address, credentials))
        except RuntimeError as error:  # gRPC's word for a port that is taken
            raise OSError(str(error)) from error

    def _exporter(self, signal: Signal) -> Any:
        def export(bodies: Iterator[bytes], context: Any) -> bytes:
            if not self._server.access.admits_sender(_peer(context.peer()), _authorization(context)):
                self._server.refused.add("token")
                _refuse(context, 16, "senders from elsewhere need the server's token: authorization=Bearer <token>")
            try:
                self._calls.enter(context)
                return self._take(signal, self._read(bodies, context))
            except RefusedError as error:
                self._server.refused.add(error.reason)
                if error.retry_after is not None:
                    context.set_trailing_metadata((("grpc-status-details-bin", _retry_details(error)),))
                _refuse(context, error.code, str(error))
                raise  # `_refuse` has raised
            finally:
                self._calls.leave(context)

        return export

    def _read(self, bodies: Iterator[bytes], context: Any) -> bytes:
        body = next(bodies, None)
        if body is None:
            raise malformed("a call has one request")
        self._calls.work(context)
        return body

    def _take(self, signal: Signal, body: bytes) -> bytes:
        if len(body) > self._server.settings.max_request_bytes:
            raise too_large(self._server.settings.max_request_bytes)
        intake = self._server.intake
        intake.reserve(len(body))
        try:
            return message_of(signal, intake.submit(Sent(signal, body)).result(_PATIENCE))
        except FutureTimeoutError as error:
            raise unavailable("it takes too long to store") from error
        finally:
            intake.release(len(body))


def _refuse(context: Any, code: int, problem: str) -> None:
    import grpc

    context.abort(next(each for each in grpc.StatusCode if each.value[0] == code), problem)


def _retry_details(error: RefusedError) -> bytes:
    """Return what tells the client when to come back."""
    from google.protobuf.any_pb2 import Any as AnyMessage
    from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
    from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

    info = RetryInfo()
    info.retry_delay.seconds = error.retry_after
    detail = AnyMessage()
    detail.Pack(info)
    details: bytes = Status(code=error.code, message=str(error), details=[detail]).SerializeToString()
    return details


def _authorization(context: Any) -> str:
    return next((str(value) for key, value in context.invocation_metadata() if key == "authorization"), "")


def _peer(peer: str) -> str:
    """Return the address in gRPC's word for whoever calls: `ipv4:127.0.0.1:1234`, `ipv6:[::1]:1234`."""
    kind, _, rest = unquote(peer).partition(":")
    return rest.rpartition(":")[0].strip("[]") if kind in {"ipv4", "ipv6"} else ""
