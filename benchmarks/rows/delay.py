"""How long an event takes to arrive, and what it costs to have it on disk when `emit` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.contest import Entry
from benchmarks.results import Aim, Line, compare, halves, percentile
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


def journal(bench: Bench) -> list[Line]:
    """Measure the caller with `durability="journal"`, if that puts an event on disk at all."""
    what = "journal mode, caller p50"
    with bench.contest(Entry(OURS, {"durability": "journal"})) as contest:
        contest.arrived(OURS, "hang")
        if not contest.rounds(1, "is_journaled", warm_up=False)[OURS][0]["is_journaled"]:
            return [Line("journal", what, "µs", note="not built yet: no event was on disk when `emit` returned")]
        contest.arrived(OURS, "release")
        figures = contest.rounds(bench.effort.rounds, "calls", count=500)
    return [compare("journal", what, "µs", halves(figures), Aim(10, 15, of_ratio=False), note=contest.told())]
