"""The span processor that puts ended spans on the same way as events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import SpanProcessor

from otel_events import runtime
from otel_events.bridges.flushing import force_flush

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span

_SPAN_BYTES = 2048  # what a span weighs in the queue's bound, beyond an ordinary draft
_SPAN_EVENT_BYTES = 768


def capture_span(span: ReadableSpan) -> None:
    """Queue *span*, or drop it and count that, if there is no room. Never waits."""
    capture = runtime.capture
    # Races between threads may lose a subtraction; the pipeline thread sets it right when the queue is empty.
    capture.span_room -= 1
    if capture.span_room < 0:
        capture.span_room += 1
        capture.span_accounts.dropped.add("queue_full")
        return
    # `events` would be a copy of the list, for its length.
    events = getattr(span, "_events", None)
    if events is None:
        events = span.events
    capture.put(span, None, _SPAN_BYTES + _SPAN_EVENT_BYTES * len(events))


class DurableSpanProcessor(SpanProcessor):
    """Send ended spans as events are sent: through the queue, the pipeline thread and the OTLP sink.

    Add it to a TracerProvider of the program's own; `configure` adds it to the one it makes. It never blocks, and has
    no queue of its own to overflow.

    Attributes:
        reads_no_start: `on_start` does nothing, so it need not be called. Classes made of this say so themselves or not.
    """

    reads_no_start = True

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Do nothing: what matters of a span is known at its end."""

    def on_end(self, span: ReadableSpan) -> None:
        """Queue *span* if it was sampled."""
        context = span.get_span_context()
        if context is not None and context.trace_flags.sampled:
            capture_span(span)

    def shutdown(self) -> None:
        """Do nothing: the pipeline has its own end, and other providers may use it still."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Return True only if all spans that ended before are safe within *timeout_millis*."""
        return force_flush(timeout_millis)
