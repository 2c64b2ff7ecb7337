"""OTLP over gRPC: the same bytes as the one message of a unary call."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_events.otlp.compression import decompress
from otel_events.otlp.outcome import Accepted, Outcome, Refused, Retry, TooLarge, Unreachable, say
from otel_events.otlp.proxy import basic
from otel_events.otlp.user_agent import USER_AGENT
from otel_events.whole_imports import whole_import

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.otlp.endpoint import Endpoint, Signal

_METHODS = {
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
}
# By the OTLP specification; RESOURCE_EXHAUSTED joins them if the server says when to come back.
_RETRYABLE = frozenset({"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"})
_STATUS_DETAILS = "grpc-status-details-bin"


class GrpcTransport:
    """Calls one endpoint's Export. Used by one thread at a time; `interrupt` alone may come from another.

    The channel is made by the first `send`, on the sending thread: gRPC's channels do not survive a fork.
    """

    def __init__(
        self, endpoint: Endpoint, *, signal: Signal, decode_response: Callable[[bytes], tuple[int, str]]
    ) -> None:
        self._endpoint = endpoint
        self._method = _METHODS[signal]
        self._decode_response = decode_response
        self._metadata = _make_metadata(endpoint)
        self._channel: Any = None
        self._is_interrupted = False
        self._lock = threading.Lock()  # between a new channel and `interrupt`

    def send(self, body: bytes, encoding: str | None, deadline: float) -> Outcome:
        """Call Export with *body* and return what became of it by *deadline* or the endpoint's timeout."""
        with whole_import():
            import grpc  # heavy: the sending thread pays for it, not the program

        message = decompress(body) if encoding == "gzip" else body  # gRPC compresses by itself
        timeout = min(self._endpoint.timeout, deadline - time.monotonic())
        if timeout <= 0:
            return Unreachable("no time left")
        try:
            # Blocking, because it needs no helper thread: those cannot be started while the interpreter exits.
            call = self._open(grpc).unary_unary(self._method)
            answer = call(message, timeout=timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            return self._interpret(error)
        except (OSError, ValueError) as error:  # unreadable certificate; a channel that `interrupt` closed
            self._drop_channel()
            return Unreachable("interrupted" if self._is_interrupted else say(type(error).__name__, str(error)))
        return Accepted(*self._decode_response(answer))

    def interrupt(self) -> None:
        """End the call in flight at once, and every later one."""
        self._is_interrupted = True
        with self._lock:
            channel = self._channel
        if channel is not None:
            channel.close()

    def close(self) -> None:
        """Close the channel. The sending thread calls it, last of all."""
        self._drop_channel()

    def _open(self, grpc: Any) -> Any:
        with self._lock:
            if self._is_interrupted:
                raise OSError("interrupted")
            if self._channel is None:
                self._channel = _make_channel(grpc, self._endpoint)
            return self._channel

    def _interpret(self, error: Any) -> Outcome:
        code = error.code().name
        if self._is_interrupted:
            return Unreachable("interrupted")
        reason = say(f"gRPC {code}", error.details() or "")
        if code in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
            # A channel waits longer and longer between its own attempts to connect. When to try is the sender's decision,
            # so that a flush is a real attempt: a new channel has not failed yet.
            self._drop_channel()
        delay = _read_retry_delay(error)
        if code == "RESOURCE_EXHAUSTED" and delay is None:
            return TooLarge(reason) if "larger than max" in reason else Refused(reason)
        if code == "UNAVAILABLE" and delay is None:
            return Unreachable(reason)
        return Retry(reason, delay) if code in _RETRYABLE or delay is not None else Refused(reason)

    def _drop_channel(self) -> None:
        with self._lock:
            channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()


def _make_channel(grpc: Any, endpoint: Endpoint) -> Any:
    options = [
        ("grpc.primary_user_agent", USER_AGENT),
        ("grpc.enable_retries", 0),  # ours are counted
        ("grpc.use_local_subchannel_pool", 1),  # else a new channel inherits the waiting times of the last
        ("grpc.enable_http_proxy", 0 if endpoint.is_loopback else 1),
    ]
    compression = grpc.Compression.Gzip if endpoint.is_compressed else grpc.Compression.NoCompression
    if not endpoint.is_secure:
        return grpc.insecure_channel(endpoint.authority, options=options, compression=compression)
    credentials = grpc.ssl_channel_credentials(
        root_certificates=_read(endpoint.certificate_file),
        private_key=_read(endpoint.client_key_file or endpoint.client_certificate_file),
        certificate_chain=_read(endpoint.client_certificate_file),
    )
    return grpc.secure_channel(endpoint.authority, credentials, options=options, compression=compression)


def _read(path: str | None) -> bytes | None:
    return None if path is None else Path(path).read_bytes()


def _make_metadata(endpoint: Endpoint) -> tuple[tuple[str, str], ...]:
    metadata = {} if endpoint.credentials is None else {"authorization": basic(*endpoint.credentials)}
    metadata.update((name.lower(), value) for name, value in endpoint.headers.items())
    return tuple(metadata.items())


def _read_retry_delay(error: Any) -> float | None:
    """Return the seconds of a RetryInfo in the status details, None if the server sent none."""
    for name, value in error.trailing_metadata() or ():
        if name == _STATUS_DETAILS:
            from otel_events.otlp.decode import decode_status  # heavy: only who fails pays for it

            return decode_status(value)[1]
    return None
