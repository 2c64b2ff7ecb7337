"""What a transport is, and which one an endpoint needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from otel_events.whole_imports import whole_import

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.otlp.endpoint import Endpoint, Signal
    from otel_events.otlp.outcome import Outcome

# A response that says nothing, or of its `partial_success` nothing: how servers answer when they keep everything.
_ALL_KEPT = frozenset({b"", b"\n\0"})


class Transport(Protocol):
    """Sends requests of one signal to one endpoint, one at a time, on one thread."""

    def send(self, body: bytes, encoding: str | None, deadline: float) -> Outcome:
        """Send *body* and return what became of it by *deadline* (`time.monotonic()` seconds). Never raises an OSError."""

    def interrupt(self) -> None:
        """End the sending in flight at once, and every later one. The one method that another thread may call."""

    def close(self) -> None:
        """Let go of the connection. The sending thread calls it, last of all."""


def make_transport(endpoint: Endpoint, signal: Signal) -> Transport:
    """Return a transport for *signal* to *endpoint*; it connects at its first `send`."""
    if endpoint.protocol == "grpc":
        from otel_events.otlp.grpc import GrpcTransport

        return GrpcTransport(endpoint, signal=signal, decode_response=_decoder(signal))
    return _LateHttpTransport(endpoint, _decoder(signal))


def prepare_http() -> None:
    """Import what HTTP takes, if that has not been done: before the first request, rather than with it."""
    with whole_import():
        import otel_events.otlp.http  # noqa: F401


class _LateHttpTransport:
    """An HttpTransport that is made with its first request: what HTTP takes is imported longer than all of ours."""

    def __init__(self, endpoint: Endpoint, decode_response: Callable[[bytes], tuple[int, str]]) -> None:
        self._endpoint = endpoint
        self._decode_response = decode_response
        self._made: Transport | None = None
        self._is_interrupted = False

    def send(self, body: bytes, encoding: str | None, deadline: float) -> Outcome:
        """Post *body*, as `HttpTransport.send`."""
        return (self._made or self._make()).send(body, encoding, deadline)

    def interrupt(self) -> None:
        """End the sending in flight at once, and every later one."""
        self._is_interrupted = True
        if self._made is not None:
            self._made.interrupt()

    def close(self) -> None:
        """Close the connection, if there ever was one."""
        if self._made is not None:
            self._made.close()

    def _make(self) -> Transport:
        prepare_http()
        from otel_events.otlp.http import HttpTransport

        self._made = made = HttpTransport(self._endpoint, decode_response=self._decode_response)
        if self._is_interrupted:  # before there was anything to interrupt
            made.interrupt()
        return made


def _decoder(signal: Signal) -> Callable[[bytes], tuple[int, str]]:
    """Return what reads (rejected records, message) out of a response."""

    def decode_response(body: bytes) -> tuple[int, str]:
        if body in _ALL_KEPT:
            return 0, ""
        # The classes of protobuf take long to import, and most programs never need them.
        with whole_import():
            from otel_events.otlp.decode import decode_logs_response, decode_traces_response

        return decode_logs_response(body) if signal == "logs" else decode_traces_response(body)

    return decode_response
