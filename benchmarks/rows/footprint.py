"""What events hold in memory, and what an idle process costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.contest import Entry
from benchmarks.results import Aim, Line, compare
from benchmarks.subjects import OURS, SDK

if TYPE_CHECKING:
    from benchmarks.contest import Bench

_MIB = 1 << 20
_BOUND = 16 * _MIB
_WAITING = 50_000
_AWAY = 300_000


def memory(bench: Bench) -> list[Line]:
    """Measure events that wait in the queue: flushing is put off, and the SDK's queue is made large enough."""
    late = Entry(OURS, {"flush_interval": 600.0})
    large = {"max_queue_size": 4 * _WAITING, "max_export_batch_size": 4 * _WAITING, "schedule_delay_millis": 600_000}
    with bench.contest(late, Entry(SDK, large)) as contest:
        figures = contest.rounds(1, "memory", count=_WAITING, warm_up=False)
    each = {name: [one["per_event"] for one in rounds] for name, rounds in figures.items()}
    aim = Aim(400, 500, of_ratio=False)
    return [compare("memory", "memory per queued event", "bytes", each, aim, against=SDK, note=contest.told())]


def growth(bench: Bench) -> list[Line]:
    """Measure the growth over 300,000 events with the Collector hung, beyond a queue of 16 MiB."""
    with bench.contest(Entry(OURS, {"queue_bytes": _BOUND})) as contest:
        contest.rounds(1, "calls", count=500, warm_up=False)
        contest.arrived(OURS, "hang")
        figures = contest.rounds(1, "memory", count=_AWAY, burst=1_000, warm_up=False)
    beyond = {OURS: [max(0.0, (one["bytes"] - _BOUND) / _MIB) for one in figures[OURS]]}
    what = "growth over 300,000 events, Collector hung, beyond the queue's bound"
    return [compare("growth", what, "MiB", beyond, Aim(32, 32, of_ratio=False), note=contest.told())]


def idle(bench: Bench) -> list[Line]:
    """Measure a process that has emitted and does nothing."""
    seconds = max(2.5, 2 * bench.effort.seconds)
    with bench.contest(OURS, SDK) as contest:
        figures = contest.rounds(1, "idle", seconds=seconds, warm_up=False)
    cpu = {name: [one["cpu_ms"] for one in rounds] for name, rounds in figures.items()}
    wakeups = {name: [one["wakeups"] for one in rounds] for name, rounds in figures.items()}
    none = Aim(0.05, 0.2, of_ratio=False)  # what the clock of CPU time itself costs and jitters
    return [
        compare("idle", "idle process: CPU per second", "ms", cpu, none, note=contest.told()),
        compare("idle", "idle process: wake-ups per second", "", wakeups, Aim(0.2, 0.5, of_ratio=False)),
    ]
