"""Where the pipeline thread spends its time on an event, stage by stage, with what its sinks make of it.

python -m benchmarks.stages
"""

from __future__ import annotations

import math
import time
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context

from benchmarks.event import CORRELATION, METHOD, NAME, SERVICE, SOURCES
from otel_events.accounting import Accounts
from otel_events.event import DEFAULT_SCOPE, Event
from otel_events.guards import build_stages
from otel_events.ledger.line import EventsFormat
from otel_events.notices import Notices
from otel_events.otlp.encode import LogEncoder
from otel_events.pipeline.normalize import Normalize
from otel_events.pipeline.stage import run_stages
from otel_events.settings import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

_BATCH = 500
_ROUNDS = 300


def _drafts(turn: int, bound: dict[str, Any]) -> list[Any]:
    """Return what `emit` would have captured, with values that did not occur before."""
    now, context, around = time.time_ns(), Context(), (bound, {}, DEFAULT_SCOPE)  # type: ignore[var-annotated]
    drafts = []
    for i in range(turn * _BATCH, (turn + 1) * _BATCH):
        fields = {"source": SOURCES[i & 63], "quality": i * 0.001, "tokens": i, "method": METHOD}
        said = (NAME, None, None, fields, None)
        drafts.append((i + 1, now + i, *said, context, around))
    return drafts


def _fail(event: Event, error: Exception) -> None:
    raise AssertionError(f"{event.name} has no line") from error


def measure() -> dict[str, list[float]]:
    """Return the microseconds per event that each step took in each round."""
    accounts, notices = Accounts(), Notices(quiet_seconds=math.inf)
    settings, _ = resolve({"service_name": SERVICE}, {})
    normalize = Normalize("0123456789abcdef", accounts, notices)
    stages = build_stages(settings, accounts, notices)
    encoder = LogEncoder({"service.name": SERVICE})
    ledger = EventsFormat(service=SERVICE, resource={}, writer_id="0123456789abcdef")
    taken: dict[str, list[float]] = {}

    def timed(step: str, call: Callable[[Any], Any], batch: Any) -> Any:
        began = time.perf_counter_ns()
        made = call(batch)
        taken.setdefault(step, []).append((time.perf_counter_ns() - began) / _BATCH / 1e3)
        return made

    for turn in range(_ROUNDS):
        events = timed("Normalize", normalize, _drafts(turn, dict(CORRELATION)))
        for stage in stages:
            events = timed(
                type(stage).__name__, lambda batch, stage=stage: run_stages((stage,), batch, accounts, notices), events
            )
        timed("OTLP bytes", encoder.encode_bounded, events)
        timed("lines of the ledger", lambda batch: ledger.encode_all(batch, _fail), events)
    return taken


def main() -> None:
    """Print the median and the quartiles of each step."""
    for step, rounds in measure().items():
        low, _, high = quantiles(rounds)
        print(f"{step:20} {median(rounds):6.2f} µs ({low:.2f}-{high:.2f})")


if __name__ == "__main__":
    main()
