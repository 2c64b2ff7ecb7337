"""What it costs to have events on disk: the durability modes beside `memory`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.contest import Entry
from benchmarks.results import Aim, Line, compare, halves
from benchmarks.rows.bursts import BURSTS, SIZE
from benchmarks.subjects import OURS

if TYPE_CHECKING:
    from benchmarks.contest import Bench

_MODES = ("async", "journal", "sync")
_RATE = 500  # events a second; `sync` may take milliseconds for each


def modes(bench: Bench) -> list[Line]:
    """Measure the caller and the CPU of all threads in each mode that touches a disk, beside `memory`."""
    with bench.contest(*(Entry(OURS, {"durability": mode}, label=mode) for mode in ("memory", *_MODES))) as contest:
        figures = halves(contest.rounds(bench.effort.few, "calls", count=300, bursts=BURSTS))
        steady = contest.rounds(max(3, bench.effort.rounds * 2 // 3), "paced", rate=_RATE, seconds=1.0)
    total = {name: [one["cpu_ns"] / 1e3 for one in rounds] for name, rounds in steady.items()}
    return [
        compare("modes", f"{mode}: {what}", "µs", {OURS: of[mode], "memory": of["memory"]}, against="memory")
        for mode in _MODES
        for what, of in (("caller p50", figures), (f"total CPU per event, steady {_RATE}/s", total))
    ]


def journal(bench: Bench) -> list[Line]:
    """Measure the caller with `durability="journal"`, once it is seen that an event is on disk when `emit` returns."""
    what = "journal mode, caller p50"
    with bench.contest(Entry(OURS, {"durability": "journal"})) as contest:
        contest.arrived(OURS, "hang")
        if not contest.rounds(1, "is_journaled", warm_up=False)[OURS][0]["is_journaled"]:
            return [Line("journal", what, "µs", note="no event was on disk when `emit` returned")]
        contest.arrived(OURS, "release")
        figures = contest.rounds(bench.effort.rounds, "calls", count=SIZE, bursts=BURSTS)
    return [compare("journal", what, "µs", halves(figures), Aim(10, 15, of_ratio=False), note=contest.told())]
