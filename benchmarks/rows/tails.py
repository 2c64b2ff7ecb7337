"""Rare long waits: several threads, a hung Collector, and a host that computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.results import Aim, Line, compare, percentile
from benchmarks.subjects import OURS, SDK

if TYPE_CHECKING:
    from benchmarks.contest import Bench, Contest

_AIM = Aim(1 / 50, 1 / 20)
_RATES = [0, 1_000, 10_000]  # without events: what is noise
_SLICE = 0.4  # seconds
# What is judged: 8,000 events a second, in bursts that fit into the SDK's queue, of the size that all rows have.
_BURSTS: dict[str, Any] = {"count": 4, "size": 500, "pause": 0.25}
# The pattern decides over the tail, so two more are told: 5,000 a second, and more at once than the SDK's queue holds.
_SMALL: dict[str, Any] = {"count": 4, "size": 25, "pause": 0.02}
_LARGE: dict[str, Any] = {"count": 4, "size": 2_000, "pause": 0.5}


def threads(bench: Bench) -> list[Line]:
    """Measure 4 threads at once, in bursts of 500, of 25 and of 2,000."""
    with bench.contest(OURS, SDK) as contest:
        contest.rounds(1, "calls", count=500)
        middle, small, large = (_emit_on_threads(bench, contest, pattern) for pattern in (_BURSTS, _SMALL, _LARGE))
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
        figures = _emit_on_threads(bench, contest, _BURSTS)
    what = "caller, 4 threads, Collector hung"
    return [
        _line("hung", f"{what}: p99.9", figures, 0.999, aim=_AIM, note=contest.told()),
        _line("hung", f"{what}: p50", figures, 0.5),
    ]


def host(bench: Bench) -> list[Line]:
    """Measure by how much a loop that computes gets slower if it emits, and its longest stalls."""
    turns, times = bench.effort.few - 1, 3 if bench.effort.few > 3 else 2
    with bench.contest(OURS, SDK) as contest:
        figures = contest.rounds(turns, "slowdown", rates=_RATES, seconds=_SLICE, times=times, warm_up=False)
    lines = []
    for rate in _RATES:
        what = f"host slower at {rate:,} events/s" if rate else "host slower without events (control: noise)"
        slower = {name: [each for one in of for each in one[f"slower_{rate}"]] for name, of in figures.items()}
        lines.append(compare("host", what, "%", slower, note=contest.told()))
    for name, word in (("worst_ms", "p99.9"), ("max_ms", "worst")):
        for rate in _RATES:
            stalls = {of: [one[f"{name}_{rate}"] for one in rounds] for of, rounds in figures.items()}
            what = f"host: {word} of a 20 µs step at {rate:,} events/s"
            lines.append(compare("host", what, "ms", stalls, against=SDK))
    return lines


def _emit_on_threads(bench: Bench, contest: Contest, pattern: dict[str, Any]) -> dict[str, list[Any]]:
    """Measure in slices of a second, so that what is compared was measured close together."""
    bursts = max(2, round(1.0 / pattern["pause"]))
    return contest.rounds(max(3, bench.effort.rounds * 2 // 3), "threads", warm_up=False, bursts=bursts, **pattern)


def _line(
    row: str, what: str, figures: dict[str, list[Any]], share: float, *, aim: Aim | None = None, note: str = ""
) -> Line:
    values = {name: [percentile(one["ns"], share) / 1e3 for one in rounds] for name, rounds in figures.items()}
    return compare(row, what, "µs", values, aim, against=SDK, note=note)
