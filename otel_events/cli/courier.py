"""Requests carried to one endpoint from the command line: answered for one by one, and counted truly."""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING

from otel_events.otlp import encode
from otel_events.otlp.compression import compress, decompress
from otel_events.otlp.outcome import Accepted, Refused, Retry, TooLarge, Unreachable
from otel_events.otlp.transport import make_transport
from otel_events.sinks.backoff import Backoff
from otel_events.spool import Refusal
from otel_events.spool.queue import REFUSED, TOO_LARGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from otel_events.otlp.endpoint import Endpoint, Signal
    from otel_events.otlp.transport import Transport
    from otel_events.sinks.joining import Part
    from otel_events.spool.queue import Encoding

    Cut: TypeAlias = Callable[[bytes], tuple[Part, Part] | None]

_BACKOFF = Backoff(initial=0.25, maximum=5.0)


class Courier:
    """Sends requests one after the other, on this thread, without a queue.

    What is too large goes in halves; what is to be sent again is, until *patience* seconds have passed. An endpoint that
    cannot be reached at all is not waited for.

    Args:
        transport: how to send. The courier closes it.
        timeout: seconds for one attempt.
        patience: seconds without progress after which it gives up.
        name: before the causes of what is given up.
        cut: returns the halves of a body, None if there are none.

    Attributes:
        accepted: records that the receiver has taken.
        rejected: records that it took and would not keep.
        failure: why the last request did not arrive; empty if all did.
        message: what the receiver said beside its last partial success.
        compresses: what is sent should be compressed.
        refusal: set if the last request that did not arrive never will.
    """

    def __init__(
        self, transport: Transport, *, timeout: float, patience: float, name: str = "otlp", cut: Cut = encode.split
    ) -> None:
        self.compresses = False
        self.accepted = 0
        self.rejected = 0
        self.failure = ""
        self.message = ""
        self.refusal: Refusal | None = None
        self._patience = patience
        self._transport = transport
        self._timeout = timeout
        self._name = name
        self._cut = cut

    @classmethod
    def to(cls, endpoint: Endpoint, signal: Signal, *, patience: float) -> Courier:
        """Return one for requests of *signal* to *endpoint*."""
        courier = cls(make_transport(endpoint, signal), timeout=endpoint.timeout, patience=patience)
        courier.compresses = endpoint.is_compressed and endpoint.protocol == "http/protobuf"  # gRPC does by itself
        return courier

    def deliver(self, body: bytes, records: int, encoding: Encoding = None) -> bool:
        """Send *body*; return whether the receiver has all of it, else see `failure`."""
        give_up_at = time.monotonic() + self._patience
        failures, self.refusal = 0, None
        while True:
            outcome = self._transport.send(body, encoding, time.monotonic() + self._timeout)
            if isinstance(outcome, Accepted):
                self._count(outcome, records)
                return True
            if isinstance(outcome, TooLarge):
                return self._deliver_halves(body, encoding, outcome)
            failures += 1
            self.failure = outcome.reason
            if isinstance(outcome, Refused):
                self.refusal = Refusal(f"{self._name}_{REFUSED}", outcome.reason)
                return False
            wait = _BACKOFF.delay(failures, outcome.after if isinstance(outcome, Retry) else None)
            is_away = isinstance(outcome, Unreachable) and not self.accepted
            if is_away or time.monotonic() + wait > give_up_at:
                return False
            time.sleep(wait)

    def close(self) -> None:
        """Let go of the connection."""
        self._transport.close()

    def _count(self, outcome: Accepted, records: int) -> None:
        rejected = min(outcome.rejected, records)
        self.accepted += records - rejected
        self.rejected += rejected
        self.message = outcome.message or self.message
        self.failure = ""

    def _deliver_halves(self, body: bytes, encoding: Encoding, outcome: TooLarge) -> bool:
        try:
            halves = self._cut(decompress(body) if encoding == "gzip" else body)
        except (OSError, EOFError, zlib.error):
            halves = None
        if halves is None:
            self.failure = f"one record alone is too large: {outcome.reason}"
            self.refusal = Refusal(f"{self._name}_{TOO_LARGE}", outcome.reason)
            return False
        return all(
            self.deliver(compress(half) if encoding == "gzip" else half, records, encoding) for half, records in halves
        )
