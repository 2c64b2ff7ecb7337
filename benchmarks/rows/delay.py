"""How long an event takes to arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.results import Aim, Line, compare, percentile
from benchmarks.subjects import OURS, SDK

if TYPE_CHECKING:
    from benchmarks.contest import Bench


def delay(bench: Bench) -> list[Line]:
    """Measure emit to acceptor at 1,000 events/s, by the record's own timestamp."""
    half: dict[str, list[float]] = {OURS: [], SDK: []}
    tail: dict[str, list[float]] = {OURS: [], SDK: []}
    with bench.contest(OURS, SDK) as contest:
        for _ in range(bench.effort.few if bench.effort.seconds > 2 else 2):
            contest.rounds(1, "paced", rate=1_000, seconds=max(1.5, bench.effort.seconds), warm_up=False)
            for name, of in half.items():
                delays = [one / 1e6 for one in contest.arrived(name)["delays"]]
                of.append(percentile(delays, 0.5))
                tail[name].append(percentile(delays, 0.99))
    return [
        compare("delay", "emit to acceptor at 1,000/s: p50", "ms", half, Aim(40, 60, of_ratio=False), against=SDK),
        compare("delay", "emit to acceptor at 1,000/s: p99", "ms", tail, Aim(120, 150, of_ratio=False), against=SDK),
    ]
