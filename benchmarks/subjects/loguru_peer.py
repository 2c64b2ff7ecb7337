"""loguru with `serialize`, and `enqueue` so that the caller does not write."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from loguru import logger

from benchmarks.event import CORRELATION, MESSAGE, METHOD, SERVICE, SOURCES, Say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.subjects.subject import Place


class Loguru:
    """Correlation by `contextualize`; a queue and a thread behind the caller."""

    def __init__(self, place: Place) -> None:
        logger.remove()
        logger.configure(extra={"service": SERVICE})
        logger.add(place.directory / "loguru.jsonl", serialize=True, enqueue=place.options.get("enqueue", True))

    @contextmanager
    def speaking(self, *, in_span: bool = False) -> Iterator[Say]:  # noqa: ARG002  # knows no spans
        """Bind correlation once."""
        info = logger.info

        def say(i: int) -> None:
            info(MESSAGE, source=SOURCES[i & 63], quality=i * 0.001, tokens=i, method=METHOD)

        with logger.contextualize(**CORRELATION):
            yield say

    def drain(self, timeout: float) -> bool:  # noqa: ARG002  # its `complete` knows no timeout
        """Wait for the queue."""
        logger.complete()
        return True
