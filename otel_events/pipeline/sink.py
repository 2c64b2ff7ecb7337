"""What a sink is: where finished batches go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_events.event import Event


class NamedSink(Protocol):
    """What sinks of events and of spans have in common.

    One whose `flush` returns by the deadline whatever hangs may have `hurry()`, which sets it going: then `flush` is called on
    the thread that wants it, and on another one otherwise.
    """

    name: str

    def flush(self, deadline: float) -> bool:
        """Return True only if all that was written is safe by *deadline* (`time.monotonic()` seconds)."""

    def close(self, deadline: float) -> bool:
        """Flush, then let go of every resource by *deadline*; True as for `flush`."""


class Sink(NamedSink, Protocol):
    """Where finished batches of events go.

    `write` is called by one thread alone, `flush` and `close` by any, also while a `write` is under way. `write` may raise: the batch then counts as dropped by this sink, and no other sink notices.

    One that may have some of it in memory alone has `outlives_process`, a bool: whether a kill would take nothing of what it was
    given. Meanwhile a journal keeps that.
    """

    def write(self, events: Sequence[Event]) -> None:
        """Take a batch of events."""


class SpanSink(NamedSink, Protocol):
    """Where ended spans go; a sink may be both."""

    def write_spans(self, spans: Sequence[ReadableSpan]) -> None:
        """Take a batch of ended spans."""
