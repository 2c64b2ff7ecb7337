"""otel_events, by its public names alone."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from opentelemetry import trace

import otel_events as ev
from benchmarks.event import CORRELATION, METHOD, NAME, SERVICE, SOURCES, Say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.subjects.subject import Place

_LEDGER = "to_ledger"  # an option of ours alone: the ledger in place of OTLP


class OtelEvents:
    """Default settings: all guards on, `async` durability, OTLP/HTTP to the acceptor."""

    def __init__(self, place: Place) -> None:
        self.place = place
        options = dict(place.options)
        if options.pop(_LEDGER, False):
            options |= {"sink": "ledger", "ledger": str(place.directory / "events.jsonl")}
        else:
            options |= {"endpoint": place.endpoint}
        options.setdefault("spool_dir", str(place.directory / "spool"))
        ev.configure(service_name=SERVICE, **options)
        self._tracer = trace.get_tracer("benchmarks")

    @contextmanager
    def speaking(self, *, in_span: bool = False) -> Iterator[Say]:
        """Bind correlation once, as a program does, and emit inside."""
        emit = ev.emit

        def say(i: int) -> None:
            emit(NAME, source=SOURCES[i & 63], quality=i * 0.001, tokens=i, method=METHOD)

        span = self._tracer.start_as_current_span("work") if in_span else nullcontext()
        with ev.context(**CORRELATION), span:
            yield say

    def drain(self, timeout: float) -> bool:
        """Flush."""
        return ev.flush(timeout)

    @contextmanager
    def tasks(self) -> Iterator[Say]:
        """Give the whole of `with task(...)`, opening and closing event included."""

        def work(_: int) -> None:
            with ev.task("draft"):
                pass

        with ev.context(**CORRELATION):
            yield work

    def backlog(self) -> int:
        """Return how many events are emitted and not delivered."""
        stats = ev.stats()
        return stats.queued + stats.spooled
