"""The counts of `stats()` as OpenTelemetry metrics, under the names that the conventions give to an SDK's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry import metrics
from opentelemetry.metrics import Observation

from otel_events.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from opentelemetry.metrics import CallbackOptions

    from otel_events.stats import Stats

    Measure = Callable[[Stats], Iterable[Observation]]

_COMPONENT = {"otel.component.type": "otel_events", "otel.component.name": "otel_events/0"}
_is_registered = False  # a forked child has its parent's instruments


def register(stats: Callable[[], Stats]) -> None:
    """Have the program's MeterProvider, whenever it comes, ask *stats* at each collection. Once a process."""
    global _is_registered
    if _is_registered:
        return
    _is_registered = True
    meter = metrics.get_meter("otel_events", VERSION)
    for name, unit, brief, measure in _COUNTERS:
        meter.create_observable_counter(name, [_callback(stats, measure)], unit, brief)
    for name, unit, brief, measure in _LEVELS:
        meter.create_observable_up_down_counter(name, [_callback(stats, measure)], unit, brief)


def _callback(stats: Callable[[], Stats], measure: Measure) -> Callable[[CallbackOptions], Iterable[Observation]]:
    return lambda _options: measure(stats())


def _one(value: int, **attributes: str) -> Observation:
    return Observation(value, {**_COMPONENT, **attributes})


def _by(counts: Mapping[str, int], key: str) -> Iterator[Observation]:
    for value, count in counts.items():
        yield Observation(count, {**_COMPONENT, key: value})


def _processed(delivered: Mapping[str, int], dropped: Mapping[str, int]) -> Iterator[Observation]:
    yield _one(max(delivered.values(), default=0))
    yield from _by(dropped, "error.type")


def _exported(delivered: Mapping[str, int]) -> Iterator[Observation]:
    for sink, count in delivered.items():
        yield Observation(count, {"otel.component.type": f"otel_events_{sink}", "otel.component.name": sink})


def _spool_bytes(stats: Stats) -> Iterator[Observation]:
    for spool in stats.spools:
        yield _one(spool.bytes, signal=spool.signal, destination=spool.destination)


_COUNTERS: tuple[tuple[str, str, str, Measure], ...] = (
    ("otel.sdk.log.created", "{log_record}", "Events that were emitted.", lambda s: [_one(s.emitted + s.own)]),
    (
        "otel.sdk.processor.log.processed",
        "{log_record}",
        "Events that were delivered, or dropped: then with the reason as error.type.",
        lambda s: _processed(s.delivered, s.dropped),
    ),
    (
        "otel.sdk.exporter.log.exported",
        "{log_record}",
        "Events that were delivered, by sink.",
        lambda s: _exported(s.delivered),
    ),
    (
        "otel.sdk.processor.span.processed",
        "{span}",
        "Spans that were delivered, or dropped: then with the reason as error.type.",
        lambda s: _processed(s.spans_delivered, s.spans_dropped),
    ),
    (
        "otel.sdk.exporter.span.exported",
        "{span}",
        "Spans that were delivered, by sink.",
        lambda s: _exported(s.spans_delivered),
    ),
    (
        "otel_events.summarised",
        "{log_record}",
        "Events for which another one stands, by the stage that made it.",
        lambda s: _by(s.summarised, "otel_events.stage"),
    ),
    ("otel_events.retries", "{request}", "Requests that were sent again.", lambda s: [_one(s.retries)]),
    (
        "otel_events.problems",
        "{problem}",
        "What was not as it should be, though the event went on, by cause.",
        lambda s: _by(s.problems, "otel_events.cause"),
    ),
    ("otel_events.redacted", "{value}", "What was taken out, by kind.", lambda s: _by(s.redacted, "otel_events.kind")),
    ("otel_events.cut", "{value}", "What limits took away, by kind.", lambda s: _by(s.cut, "otel_events.kind")),
)
_LEVELS: tuple[tuple[str, str, str, Measure], ...] = (
    (
        "otel.sdk.processor.log.queue.size",
        "{log_record}",
        "Events that wait for the pipeline, or are on their way.",
        lambda s: [_one(s.queued)],
    ),
    ("otel.sdk.exporter.log.inflight", "{log_record}", "Events that wait to be sent.", lambda s: [_one(s.spooled)]),
    ("otel.sdk.processor.span.queue.size", "{span}", "Spans that wait.", lambda s: [_one(s.spans_queued)]),
    ("otel.sdk.exporter.span.inflight", "{span}", "Spans that wait to be sent.", lambda s: [_one(s.spans_spooled)]),
    ("otel_events.spool.size", "By", "What waits to be sent, by signal and destination.", _spool_bytes),
)
