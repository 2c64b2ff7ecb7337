"""How much gets through one process into the real Collector, and what that Collector could take at most."""

from __future__ import annotations

import http.client
import re
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from benchmarks.contest import Entry
from benchmarks.event import ATTRIBUTES, MESSAGE, NAME, SERVICE
from benchmarks.results import Aim, Line, compare
from benchmarks.subjects import OURS, SDK
from tools.backends.collector import Collector
from tools.backends.process import BackendError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.contest import Bench

_WHAT = "sustained into the real Collector, nothing lost"
_RECORDS = 512
_SENT = re.compile(r"^otelcol_exporter_sent_log_records[^ ]* ([0-9.e+]+)$", re.MULTILINE)
_SETTLING = 5.0


@contextmanager
def _running(bench: Bench, name: str) -> Iterator[Collector]:
    collector = Collector(bench.home / f"collector-{name}")
    collector.start()
    try:
        yield collector
    finally:
        collector.stop()


def sustained(bench: Bench) -> list[Line]:
    """Measure one process that says as much as gets through: its own rate, and what the Collector has written."""
    seconds = max(3.0, 2 * bench.effort.seconds)
    rates: dict[str, list[float]] = {}
    notes = []
    try:
        for name in (OURS, SDK):
            with _running(bench, name) as collector:
                rates[name], note = _rate(bench, name, collector, seconds)
                notes += note
        with _running(bench, "limit") as collector:
            limit = _limit(collector, seconds)
    except BackendError as error:
        return [Line("sustained", _WHAT, "events/s", note=f"skipped: {error}")]
    aim = Aim(60_000, 40_000, of_ratio=False, is_more_better=True)
    notes.append(f"the Collector's own limit on this machine: {limit:,.0f} events/s")
    return [compare("sustained", _WHAT, "events/s", rates, aim, against=SDK, note="; ".join(notes))]


def _rate(bench: Bench, name: str, collector: Collector, seconds: float) -> tuple[list[float], list[str]]:
    with bench.contest(Entry(name, endpoint=collector.http_endpoint)) as contest:
        contest.rounds(1, "calls", count=500, warm_up=False)
        figure = contest.rounds(1, "sustained", seconds=seconds, warm_up=False)[name][0]
    expected = figure["count"] + 500
    written = _written(collector, expected)
    return [figure["per_s"]], [] if written == expected else [f"{name}: {written:,} of {expected:,} written"]


def _written(collector: Collector, expected: int) -> int:
    """Return how many records the Collector says that it has written, once it is all of them or some seconds went by."""
    until = time.monotonic() + _SETTLING
    while (count := _sent(collector)) < expected and time.monotonic() < until:
        time.sleep(0.2)
    return count


def _sent(collector: Collector) -> int:
    with urllib.request.urlopen(collector.metrics_url) as answer:
        return round(sum(float(found) for found in _SENT.findall(answer.read().decode())))


def _limit(collector: Collector, seconds: float) -> float:
    """Post one encoded request again and again, over one connection: records per second."""
    body = _body()
    at = urlsplit(collector.http_endpoint)
    connection = http.client.HTTPConnection(at.hostname or "", at.port)
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        connection.request("POST", "/v1/logs", body, {"Content-Type": "application/x-protobuf"})
        connection.getresponse().read()
        count += _RECORDS
    connection.close()
    return count / (time.perf_counter() - began)


def _body() -> bytes:
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    group.resource.attributes.add(key="service.name").value.string_value = SERVICE
    scope = group.scope_logs.add()
    for number in range(_RECORDS):
        record = scope.log_records.add(time_unix_nano=time.time_ns(), severity_number=9, event_name=NAME)
        record.body.string_value = MESSAGE
        for attribute in range(ATTRIBUTES):
            record.attributes.add(key=f"attribute_{attribute}").value.string_value = f"value-{number:06}"
    body: bytes = request.SerializeToString()
    return body
