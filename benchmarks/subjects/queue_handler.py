"""The standard library's QueueHandler and QueueListener, JSON to a file."""

from __future__ import annotations

import json
import logging
import logging.handlers
import queue
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.event import CORRELATION, MESSAGE, METHOD, SERVICE, SOURCES, Say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.subjects.subject import Place

_FIELDS = ("source", "quality", "tokens", "method", *CORRELATION)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = {name: getattr(record, name, None) for name in _FIELDS}
        return json.dumps({"time": record.created, "service": SERVICE, "message": record.msg, **fields})


class StdlibQueue:
    """`logger.info(..., extra=...)`, formatted and written by the listener's thread."""

    def __init__(self, place: Place) -> None:
        self._queue: queue.Queue[logging.LogRecord] = queue.Queue()
        file = logging.FileHandler(place.directory / "queue_handler.jsonl")
        file.setFormatter(_Json())
        self._listener = logging.handlers.QueueListener(self._queue, file)
        self._listener.start()
        self._logger = logging.getLogger("benchmarks.queue_handler")
        self._logger.setLevel(logging.INFO)
        self._logger.propagate = False
        self._logger.addHandler(logging.handlers.QueueHandler(self._queue))

    @contextmanager
    def speaking(self, *, in_span: bool = False) -> Iterator[Say]:  # noqa: ARG002  # knows no spans
        """Name correlation in each call."""
        info, bound = self._logger.info, CORRELATION

        def say(i: int) -> None:
            extra = {"source": SOURCES[i & 63], "quality": i * 0.001, "tokens": i, "method": METHOD, **bound}
            info(MESSAGE, extra=extra)

        yield say

    def drain(self, timeout: float) -> bool:
        """Wait until the listener has taken everything."""
        until = time.monotonic() + timeout
        while self._queue.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.005)
        return not self._queue.unfinished_tasks
