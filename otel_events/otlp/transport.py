"""What a transport is, and which one an endpoint needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from otel_events.otlp.decode import decode_logs_response, decode_traces_response

if TYPE_CHECKING:
    from otel_events.otlp.endpoint import Endpoint, Signal
    from otel_events.otlp.outcome import Outcome

_DECODERS = {"logs": decode_logs_response, "traces": decode_traces_response}


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

        return GrpcTransport(endpoint, signal=signal, decode_response=_DECODERS[signal])
    from otel_events.otlp.http import HttpTransport

    return HttpTransport(endpoint, decode_response=_DECODERS[signal])
