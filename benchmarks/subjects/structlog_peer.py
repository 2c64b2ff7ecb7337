"""structlog, by its guide to performance: orjson, bytes, a file."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from benchmarks.event import CORRELATION, METHOD, NAME, SERVICE, SOURCES, Say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.subjects.subject import Place


class Structlog:
    """Correlation by contextvars; written by the caller itself, without a lock between processes."""

    def __init__(self, place: Place) -> None:
        self._file = (place.directory / "structlog.jsonl").open("wb")
        structlog.configure(
            cache_logger_on_first_use=True,
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(serializer=orjson.dumps),
            ],
            logger_factory=structlog.BytesLoggerFactory(self._file),
        )
        self._logger: Any = structlog.get_logger(service=SERVICE).bind()

    @contextmanager
    def speaking(self, *, in_span: bool = False) -> Iterator[Say]:  # noqa: ARG002  # knows no spans
        """Bind correlation once."""
        info = self._logger.info

        def say(i: int) -> None:
            info(NAME, source=SOURCES[i & 63], quality=i * 0.001, tokens=i, method=METHOD)

        with structlog.contextvars.bound_contextvars(**CORRELATION):
            yield say

    def drain(self, timeout: float) -> bool:  # noqa: ARG002  # written already
        """Push the buffer out."""
        self._file.flush()
        return True
