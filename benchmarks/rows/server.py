"""What `otel-events serve` costs: to take events in, and to find them among a million."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Any

from benchmarks.results import Aim, Line, compare
from benchmarks.subjects import OURS
from otel_events.event import Event
from otel_events.filter_language import parse_filter
from otel_events.otlp.encode_logs import LogEncoder
from otel_events.server.ingest.arrivals import Arrivals
from otel_events.server.ingest.requests import Sent
from otel_events.server.serving import COLLECTED_AFTER
from otel_events.server.settings import ServerSettings
from otel_events.server.store.appending import Appending
from otel_events.server.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.contest import Bench

_NAMES = ("evidence.added", "reward.computed", "page.read", "epoch.completed")
_EVENTS_OF_TASK = 100
_BATCH = 512
_MERELY = "parsed and appended"
_START = 1_795_000_000_000_000_000


def ingest(bench: Bench) -> list[Line]:
    """Store and index OTLP requests, beside merely parsing the same ones and appending the same lines; CPU time."""
    requests = list(_requests(40 if bench.effort.name == "quick" else 100))
    figures: dict[str, list[float]] = {OURS: [], _MERELY: []}
    before = gc.get_threshold()
    gc.set_threshold(*COLLECTED_AFTER)
    for turn in range(max(3, bench.effort.few)):
        for name, take in ((OURS, _store), (_MERELY, _append)):
            began = time.process_time()
            take(bench.home / f"{name[:3]}-{turn}" / "events.jsonl", requests)
            figures[name].append((time.process_time() - began) / (len(requests) * _BATCH) * 1e6)
    gc.set_threshold(*before)
    quickest, merely = min(figures[OURS]), min(figures[_MERELY])
    note = (
        f"{1e6 / quickest:,.0f} events/s a core in the quickest turn; to parse and append takes {merely:.3g} µs of {quickest:.3g},"
        f" {merely / quickest:.0%}"
    )
    return [
        compare(
            "server", "OTLP stored and indexed, CPU an event", "µs", figures, Aim(50, 75, of_ratio=False), note=note
        )
    ]


def finding(bench: Bench) -> list[Line]:
    """Ask a store of a million events (50,000 with `--quick`) what the page asks most often."""
    count = 50_000 if bench.effort.name == "quick" else 1_000_000
    store = Store(bench.home / "million" / "events.jsonl", ServerSettings(fsync="never", keep_bytes=None))
    store.open()
    try:
        arrivals = Arrivals()
        for request in _requests(count // _BATCH):
            store.append(arrivals.read(Sent("logs", request).parse(1 << 24), 0).arrivals)
        asked: tuple[tuple[str, Callable[[], object], Aim], ...] = (
            ("the last 200", lambda: store.select(newest_first=True), Aim(5, 20, of_ratio=False)),
            ("200 of a task", lambda: store.select(parse_filter("task_id=t-25")), Aim(5, 20, of_ratio=False)),
            (
                "200 of a prefix",
                lambda: store.select(parse_filter("task.*"), newest_first=True),
                Aim(5, 20, of_ratio=False),
            ),
            ("counts by type", store.views.counts, Aim(20, 50, of_ratio=False)),
        )
        return [
            compare("server", f"{what}, of {count:,} events", "ms", {OURS: _times(ask)}, aim if count > 1e5 else None)
            for what, ask, aim in asked
        ]
    finally:
        store.close()


def server(bench: Bench) -> list[Line]:
    """Measure what comes in and what is asked for."""
    return [*ingest(bench), *finding(bench)]


def _store(path: Path, requests: list[bytes]) -> None:
    store = Store(path, ServerSettings(fsync="never"))
    store.open()
    arrivals = Arrivals()
    for request in requests:
        store.append(arrivals.read(Sent("logs", request).parse(1 << 24), 0).arrivals)
    store.close()


def _append(path: Path, requests: list[bytes]) -> None:
    from otel_events.accounting import Accounts

    appending = Appending(path, ServerSettings(fsync="never"), follow_symlinks=True, next_seq=None, accounts=Accounts())
    arrivals = Arrivals()
    for request in requests:
        appending.append(arrivals.read(Sent("logs", request).parse(1 << 24), 0).arrivals)
    appending.close()


def _requests(count: int) -> Iterator[bytes]:
    encoder = LogEncoder({"service.name": "orchestrator", "host.name": "here"})
    bound = [
        {"task_id": f"t-{task}", "persona": "thesis", "session_id": "s-1", "cycle": task // 10} for task in range(50)
    ]
    for batch in range(count):
        yield encoder.encode([_event(batch * _BATCH + at, bound) for at in range(_BATCH)])


def _event(number: int, bound: list[dict[str, Any]]) -> Event:
    time_ns = _START + number * 50_000
    task, at = divmod(number, _EVENTS_OF_TASK)
    return Event(
        # Each run of a task begins and ends once.
        {0: "task.started", _EVENTS_OF_TASK - 1: "task.completed"}.get(at) or _NAMES[at % len(_NAMES)],
        time_ns,
        time_ns,
        body="Evidence added",
        attributes={"source": f"paper-{number}.pdf", "quality": number % 1_000 / 1_000, "step": number},
        bound=bound[task % len(bound)],
        trace_id=0x5B8EFFF798038103D269B633813FC60C + task,
        span_id=0xEEE19B7EC3C1B174,
        trace_flags=1,
        uid=f"{0xABCDEF0123456789:016x}-{number:x}",
    )


def _times(ask: Callable[[], object]) -> list[float]:
    """Return milliseconds of some calls, the first one left out: its pages may not be in memory."""
    ask()
    times = []
    for _ in range(20):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1e3)
    return times
