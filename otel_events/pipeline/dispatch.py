"""Hand finished batches to the sinks: each gets what its routes choose, and none can hurt another."""

from __future__ import annotations

import time
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from otel_events.pipeline.sink import SpanSink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_events.accounting import Accounts
    from otel_events.event import Event
    from otel_events.notices import Notices
    from otel_events.pipeline.sink import Sink


@dataclass(frozen=True, slots=True)
class Route:
    """Events whose name matches *pattern* go to the sinks named, and to no other.

    Attributes:
        pattern: as in shell file names: `task.*`, `*`.
        sinks: names of sinks.
    """

    pattern: str
    sinks: frozenset[str]


class Dispatch:
    """The sinks and the routes to them. The first route that matches counts; without one, every sink gets the event."""

    def __init__(self, sinks: Sequence[Sink], routes: Sequence[Route], accounts: Accounts, notices: Notices) -> None:
        self._sinks = tuple(sinks)
        self._routes = tuple(routes)
        self._accounts = accounts
        self._notices = notices
        self._chosen: dict[str, frozenset[str] | None] = {}

    def write(self, events: Sequence[Event]) -> None:
        """Give every sink the events that are routed to it."""
        for sink in self._sinks:
            chosen = events if not self._routes else [event for event in events if self._takes(sink.name, event.name)]
            if not chosen:
                continue
            try:
                sink.write(chosen)
            except Exception as error:
                self._failed(sink, len(chosen), error)

    def write_spans(self, spans: Sequence[ReadableSpan]) -> None:
        """Give every sink that takes spans all of them."""
        for sink in self._sinks:
            if isinstance(sink, SpanSink):
                try:
                    sink.write_spans(spans)
                except Exception as error:
                    self._failed(sink, len(spans), error)

    def flush(self, deadline: float) -> bool:
        """Return True only if every sink says that all is safe."""
        return all([self._try(sink, "flush", deadline) for sink in self._sinks])

    def close(self, deadline: float) -> bool:
        """Close every sink; True only if all of them were left with nothing."""
        return all([self._try(sink, "close", deadline) for sink in self._sinks])

    def _takes(self, sink_name: str, event_name: str) -> bool:
        if event_name not in self._chosen:
            if len(self._chosen) > 4096:  # names are few; a program that makes them up must not fill the memory
                self._chosen.clear()
            self._chosen[event_name] = next(
                (route.sinks for route in self._routes if fnmatchcase(event_name, route.pattern)), None
            )
        names = self._chosen[event_name]
        return names is None or sink_name in names

    def _try(self, sink: Sink, what: str, deadline: float) -> bool:
        try:
            return bool(getattr(sink, what)(max(deadline, time.monotonic())))
        except Exception as error:
            self._failed(sink, 0, error)
            return False

    def _failed(self, sink: Sink, count: int, error: Exception) -> None:
        if count:
            self._accounts.dropped.add(f"{sink.name}_failed", count)
        self._notices.warn(f"sink_failed:{sink.name}", f"sink '{sink.name}' failed: {error!r}")
