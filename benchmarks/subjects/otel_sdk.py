"""The OTel SDK's logs: `Logger.emit`, in a span with `span.add_event` beside it."""

from __future__ import annotations

from contextlib import contextmanager
from time import time_ns
from typing import TYPE_CHECKING

from opentelemetry._logs import SeverityNumber

from benchmarks.event import CORRELATION, MESSAGE, METHOD, NAME, SOURCES, Say
from benchmarks.subjects import otel_logs_provider, otel_spans_provider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.subjects.subject import Place

_INFO = SeverityNumber.INFO


class OtelSdk:
    """Batch processors for logs and spans, their defaults, OTLP/HTTP."""

    def __init__(self, place: Place) -> None:
        self._logs = otel_logs_provider.make_provider(place)
        self._spans = otel_spans_provider.make_provider(place)
        self._logger = self._logs.get_logger("benchmarks")
        self._tracer = self._spans.get_tracer("benchmarks")

    @contextmanager
    def speaking(self, *, in_span: bool = False) -> Iterator[Say]:
        """Name correlation in each call: the SDK binds none."""
        emit, bound = self._logger.emit, CORRELATION

        def say(i: int) -> None:
            attributes = {"source": SOURCES[i & 63], "quality": i * 0.001, "tokens": i, "method": METHOD, **bound}
            emit(timestamp=time_ns(), event_name=NAME, severity_number=_INFO, body=MESSAGE, attributes=attributes)

        if not in_span:
            yield say
            return
        with self._tracer.start_as_current_span("work") as span:
            add_event = span.add_event

            def say_twice(i: int) -> None:
                attributes = {"source": SOURCES[i & 63], "quality": i * 0.001, "tokens": i, "method": METHOD, **bound}
                emit(timestamp=time_ns(), event_name=NAME, severity_number=_INFO, body=MESSAGE, attributes=attributes)
                add_event(NAME, attributes)

            yield say_twice

    def drain(self, timeout: float) -> bool:
        """Flush both providers."""
        milliseconds = int(timeout * 1000)
        return bool(self._logs.force_flush(milliseconds)) and self._spans.force_flush(milliseconds)

    @contextmanager
    def tasks(self) -> Iterator[Say]:
        """Give a bare span."""
        start = self._tracer.start_as_current_span

        def work(_: int) -> None:
            with start("draft"):
                pass

        yield work
