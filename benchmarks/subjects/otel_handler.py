"""The OTel SDK's handler of stdlib logging."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.event import CORRELATION, MESSAGE, METHOD, SOURCES, Say
from benchmarks.subjects import otel_logs_provider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.subjects.subject import Place


class OtelHandler:
    """`logger.info(..., extra=...)` into the handler."""

    def __init__(self, place: Place) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the SDK's is on its way into the instrumentation
            from opentelemetry.sdk._logs import LoggingHandler

            self._provider = otel_logs_provider.make_provider(place)
            handler = LoggingHandler(logger_provider=self._provider)
        self._logger = logging.getLogger("benchmarks.otel_handler")
        self._logger.setLevel(logging.INFO)
        self._logger.propagate = False
        self._logger.addHandler(handler)

    @contextmanager
    def speaking(self, *, in_span: bool = False) -> Iterator[Say]:  # noqa: ARG002  # only measured without one
        """Name correlation in each call."""
        info, bound = self._logger.info, CORRELATION

        def say(i: int) -> None:
            extra = {"source": SOURCES[i & 63], "quality": i * 0.001, "tokens": i, "method": METHOD, **bound}
            info(MESSAGE, extra=extra)

        yield say

    def drain(self, timeout: float) -> bool:
        """Flush the provider."""
        return bool(self._provider.force_flush(int(timeout * 1000)))
