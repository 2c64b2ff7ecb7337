"""Rare long waits: several threads, a hung Collector, and a host that computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.results import Aim, Line, compare, percentile
from benchmarks.subjects import OURS, SDK

if TYPE_CHECKING:
    from benchmarks.contest import Bench

_RATES = [0, 1_000, 10_000]
# What is judged: 8,000 events a second, in bursts that fit into the SDK's queue, of the size that all rows have.
_BURSTS = {"count": 4, "size": 500, "pause": 0.25}
# The pattern decides over the tail, so two more are told: 5,000 a second, and more at once than the SDK's queue holds.
_SMALL = {"count": 4, "size": 25, "pause": 0.02}
_LARGE = {"count": 4, "size": 2_000, "pause": 0.5}


def threads(bench: Bench) -> list[Line]:
    """Measure 4 threads at once, in bursts of 500, of 25 and of 2,000."""
    with bench.contest(OURS, SDK) as contest:
        middle, small, large = (
            contest.rounds(bench.effort.few, "threads", bursts=_turns(bench, pattern), **pattern)
            for pattern in (_BURSTS, _SMALL, _LARGE)
        )
    what = "caller, 4 threads"
    return [
        _line("threads", f"{what}: p99.9", middle, 0.999, Aim(1 / 50, 1 / 20), contest.told()),
        _line("threads", f"{what}: p50", middle, 0.5),
        _line("threads", f"{what}: worst", middle, 1.0),
        _line("threads", f"{what}, bursts of 25: p99.9", small, 0.999),
        _line("threads", f"{what}, bursts of 2,000: p99.9", large, 0.999),
        _line("threads", f"{what}, bursts of 2,000: worst", large, 1.0),
    ]


def hung(bench: Bench) -> list[Line]:
    """Measure the bursts of 500 while the Collector takes requests and never answers."""
    with bench.contest(OURS, SDK) as contest:
        for name in (OURS, SDK):
            contest.arrived(name, "hang")
        figures = contest.rounds(bench.effort.few, "threads", bursts=_turns(bench, _BURSTS), **_BURSTS)
    what = "caller, 4 threads, Collector hung"
    return [
        _line("hung", f"{what}: p99.9", figures, 0.999, Aim(1 / 50, 1 / 20), contest.told()),
        _line("hung", f"{what}: p50", figures, 0.5),
    ]


def host(bench: Bench) -> list[Line]:
    """Measure by how much a loop that computes gets slower if it emits, and its longest stalls."""
    with bench.contest(OURS, SDK) as contest:
        figures = contest.rounds(bench.effort.few, "slowdown", rates=_RATES, seconds=bench.effort.seconds / 2)
    lines = []
    for rate in _RATES[1:]:
        slower = _pick(figures, f"slower_{rate}")
        lines.append(
            compare("host", f"host slower at {rate:,} events/s", "%", slower, against=SDK, note=contest.told())
        )
    for rate in _RATES:
        stalls = _pick(figures, f"worst_ms_{rate}")
        lines.append(compare("host", f"host: p99.9 of a 20 µs step at {rate:,} events/s", "ms", stalls, against=SDK))
    return lines


def _turns(bench: Bench, pattern: dict[str, Any]) -> int:
    return round(max(1.2, bench.effort.seconds / 2) / pattern["pause"])


def _pick(figures: dict[str, list[Any]], key: str) -> dict[str, list[float]]:
    return {name: [one[key] for one in rounds] for name, rounds in figures.items()}


def _line(
    row: str, what: str, figures: dict[str, list[Any]], share: float, aim: Aim | None = None, note: str = ""
) -> Line:
    values = {name: [percentile(one["ns"], share) / 1e3 for one in rounds] for name, rounds in figures.items()}
    return compare(row, what, "µs", values, aim, against=SDK, note=note)
