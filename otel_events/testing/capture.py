"""Let memory stand in for every sink, for as long as a test lasts."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from otel_events import process
from otel_events.emit import refuse_departures
from otel_events.testing.captured import describe
from otel_events.testing.events import CapturedEvents
from otel_events.testing.renumbering import Renumbering

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_events.event import Event
    from otel_events.testing.captured import CapturedEvent


@contextmanager
def capture_events(*, deterministic: bool = False, strict: bool = False) -> Iterator[CapturedEvents]:
    """Capture what the process emits inside the block: it passes the usual stages, then goes to memory and nowhere else.

    The whole process is captured: every thread and asyncio task, all that `configure` does inside included. Afterwards
    everything is as it was. Of nested blocks the innermost captures.

    Args:
        deterministic: number timestamps, uids, trace ids, span ids and made task ids in the order of emission, and set
            the durations of tasks to 0, so that a whole event can be compared.
        strict: raise StrictModeError where an event departs from the catalogue.

    Yields:
        The captured events, a sequence; whoever looks at it sees all that was emitted until then.
    """
    sink = _CapturingSink(Renumbering() if deterministic else None)
    with process.stand_in(sink) as captured:
        sink.process = captured
        captured.ready_pipeline()
        if strict:
            captured.capture.be_strict(refuse_departures)
        yield CapturedEvents(sink.events, sink.spans, lambda: _hand_over(captured))
    _hand_over(captured)


def _hand_over(captured: process.Process) -> None:
    captured.ready_pipeline().hand_over(threading.TIMEOUT_MAX)


class _CapturingSink:
    """Keeps events as tests see them, and spans."""

    name = "captured"
    process: process.Process

    def __init__(self, renumbering: Renumbering | None) -> None:
        self.events: list[CapturedEvent] = []
        self.spans: list[ReadableSpan] = []
        self._renumbering = renumbering

    def write(self, events: Sequence[Event]) -> None:
        for event in events:
            captured = describe(event)
            self.events.append(captured if self._renumbering is None else self._renumbering(captured))
        self.process.capture.accounts.delivered.add(self.name, len(events))

    def write_spans(self, spans: Sequence[ReadableSpan]) -> None:
        self.spans.extend(spans)
        self.process.capture.span_accounts.delivered.add(self.name, len(spans))

    def flush(self, _deadline: float) -> bool:
        return True

    def close(self, _deadline: float) -> bool:
        return True
