"""The ledger, until the program sets a LoggerProvider of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.otel_logs import program_provider

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_events.event import Event
    from otel_events.otel_logs import LoggerProvider
    from otel_events.pipeline.sink import Sink


class UnlessProviderSink:
    """Write to *sink* as long as the program has no LoggerProvider, then to the sink of that.

    Programs emit at import, or configure us first and OpenTelemetry later: the provider counts from when it is there.
    """

    def __init__(self, sink: Sink, make_sink: Callable[[LoggerProvider], Sink]) -> None:
        self.name = sink.name
        self._sinks = [sink]
        self._make_sink = make_sink

    @property
    def outlives_process(self) -> bool:
        """Whether neither has anything in memory alone."""
        return all(getattr(sink, "outlives_process", True) for sink in self._sinks)

    def write(self, events: Sequence[Event]) -> None:
        """Write to the one whose time it is."""
        if len(self._sinks) == 1:
            provider = program_provider()
            if provider is not None:
                self._sinks.append(self._make_sink(provider))
        self._sinks[-1].write(events)

    def flush(self, deadline: float) -> bool:
        """Return True only if all that was written to either is safe."""
        results = [sink.flush(deadline) for sink in self._sinks]  # each, whatever the first one says
        return all(results)

    def close(self, deadline: float) -> bool:
        """Close both."""
        results = [sink.close(deadline) for sink in self._sinks]
        return all(results)
