"""What a sink is: where finished batches go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_events.event import Event


class Sink(Protocol):
    """Where finished batches go. `write` is called by the pipeline thread alone, so it must not wait on a network;
    `flush` and `close` by any thread, also while a `write` is under way.

    `write` may raise: the batch then counts as dropped by this sink, and no other sink notices.
    """

    name: str

    def write(self, events: Sequence[Event]) -> None:
        """Take a batch of events."""

    def flush(self, deadline: float) -> bool:
        """Return True only if all that was written is safe by *deadline* (`time.monotonic()` seconds)."""

    def close(self, deadline: float) -> bool:
        """Flush, then let go of every resource by *deadline*; True as for `flush`."""


@runtime_checkable
class SpanSink(Protocol):
    """A sink that takes ended spans as well."""

    def write_spans(self, spans: Sequence[ReadableSpan]) -> None:
        """Take a batch of ended spans."""
