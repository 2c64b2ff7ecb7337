"""`span.add_event` of the OTel SDK, for those who have a span."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.event import CORRELATION, METHOD, NAME, SOURCES, Say
from benchmarks.subjects import otel_spans_provider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.subjects.subject import Place


class SpanEvent:
    """The event only on the span; nobody sees it before the span ends."""

    def __init__(self, place: Place) -> None:
        self._provider = otel_spans_provider.make_provider(place)
        self._tracer = self._provider.get_tracer("benchmarks")

    @contextmanager
    def speaking(self, *, in_span: bool = True) -> Iterator[Say]:  # noqa: ARG002  # always in one
        """Open a span."""
        bound = CORRELATION
        with self._tracer.start_as_current_span("work") as span:
            add_event = span.add_event

            def say(i: int) -> None:
                attributes = {"source": SOURCES[i & 63], "quality": i * 0.001, "tokens": i, "method": METHOD, **bound}
                add_event(NAME, attributes)

            yield say

    def drain(self, timeout: float) -> bool:
        """Flush the provider."""
        return self._provider.force_flush(int(timeout * 1000))
