"""Rare long waits: several threads, a hung Collector, and a host that computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.results import Aim, Line, compare, percentile
from benchmarks.subjects import OURS, SDK

if TYPE_CHECKING:
    from benchmarks.contest import Bench

_AIM = Aim(1 / 50, 1 / 20)
_RATES = [1_000, 10_000]
# What is judged: 8,000 events a second, in bursts that fit into the SDK's queue, of the size that all rows have.
_BURSTS: dict[str, Any] = {"count": 4, "size": 500, "pause": 0.25}
# The pattern decides over the tail, so two more are told: 5,000 a second, and more at once than the SDK's queue holds.
_SMALL: dict[str, Any] = {"count": 4, "size": 25, "pause": 0.02}
_LARGE: dict[str, Any] = {"count": 4, "size": 2_000, "pause": 0.5}


def threads(bench: Bench) -> list[Line]:
    """Measure 4 threads at once, in bursts of 500, of 25 and of 2,000."""
    with bench.contest(OURS, SDK) as contest:
        contest.rounds(1, "calls", count=500)
        middle, small, large = (
            contest.rounds(bench.effort.few, "threads", warm_up=False, bursts=_turns(bench, pattern), **pattern)
            for pattern in (_BURSTS, _SMALL, _LARGE)
        )
    what = "caller, 4 threads"
    return [
        _line("threads", f"{what}: p99.9", middle, 0.999, aim=_AIM, note=contest.told()),
        _line("threads", f"{what}: p50", middle, 0.5),
        _line("threads", f"{what}: worst", middle, 1.0),
        _line("threads", f"{what}, bursts of 25: p99.9", small, 0.999),
        _line("threads", f"{what}, bursts of 2,000: p99.9", large, 0.999),
        _line("threads", f"{what}, bursts of 2,000: worst", large, 1.0),
    ]


def hung(bench: Bench) -> list[Line]:
    """Measure the bursts of 500 while the Collector takes requests and never answers."""
    with bench.contest(OURS, SDK) as contest:
        contest.rounds(1, "calls", count=500)
        for name in (OURS, SDK):
            contest.arrived(name, "hang")
        figures = contest.rounds(bench.effort.few, "threads", warm_up=False, bursts=_turns(bench, _BURSTS), **_BURSTS)
    what = "caller, 4 threads, Collector hung"
    return [
        _line("hung", f"{what}: p99.9", figures, 0.999, aim=_AIM, note=contest.told()),
        _line("hung", f"{what}: p50", figures, 0.5),
    ]


def host(bench: Bench) -> list[Line]:
    """Measure by how much a loop that computes gets slower if it emits, and its longest stalls."""
    seconds = max(1.2, bench.effort.seconds / 2)  # the SDK gathers 512 events, or for a second
    with bench.contest(OURS, SDK) as contest:
        figures = contest.rounds(bench.effort.few - 1, "slowdown", rates=_RATES, seconds=seconds, warm_up=False)
    lines = []
    for rate in (0, *_RATES):
        what = f"host slower at {rate:,} events/s" if rate else "host slower without events (control: noise)"
        slower = {name: [one[f"slower_{rate}"] for one in rounds] for name, rounds in figures.items()}
        lines.append(compare("host", what, "%", slower, note=contest.told()))
    for name, word in (("worst_ms", "p99.9"), ("max_ms", "worst")):
        for rate in (0, *_RATES):
            stalls = {of: [one[f"{name}_{rate}"] for one in rounds] for of, rounds in figures.items()}
            what = f"host: {word} of a 20 µs step at {rate:,} events/s"
            lines.append(compare("host", what, "ms", stalls, against=SDK))
    return lines


def _turns(bench: Bench, pattern: dict[str, float]) -> int:
    return round(max(0.8, bench.effort.seconds / 2) / pattern["pause"])


def _line(
    row: str, what: str, figures: dict[str, list[Any]], share: float, *, aim: Aim | None = None, note: str = ""
) -> Line:
    values = {name: [percentile(one["ns"], share) / 1e3 for one in rounds] for name, rounds in figures.items()}
    return compare(row, what, "µs", values, aim, against=SDK, note=note)
