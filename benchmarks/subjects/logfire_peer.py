"""logfire, sending to our acceptor in place of its own service."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import logfire
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from benchmarks.event import CORRELATION, MESSAGE, METHOD, SERVICE, SOURCES, Say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.subjects.subject import Place


class Logfire:
    """Scrubbing on, as by default; no console; the SDK's batch processor and exporter."""

    def __init__(self, place: Place) -> None:
        processor = BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{place.endpoint}/v1/traces"))
        logfire.configure(
            send_to_logfire=False,
            console=False,
            metrics=False,
            service_name=SERVICE,
            data_dir=place.directory,
            additional_span_processors=[processor],
        )

    @contextmanager
    def speaking(self, *, in_span: bool = False) -> Iterator[Say]:  # noqa: ARG002  # only measured without one
        """Name correlation in each call."""
        info: Any = logfire.info
        bound = CORRELATION

        def say(i: int) -> None:
            info(MESSAGE, source=SOURCES[i & 63], quality=i * 0.001, tokens=i, method=METHOD, **bound)

        yield say

    def drain(self, timeout: float) -> bool:
        """Flush."""
        return bool(logfire.force_flush(int(timeout * 1000)))
