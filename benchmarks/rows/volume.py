"""Many events: their CPU, a tight loop, and the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.contest import Entry
from benchmarks.results import Aim, Line, compare, halves
from benchmarks.rows.bursts import BURSTS, SIZE
from benchmarks.subjects import OURS, SDK

if TYPE_CHECKING:
    from benchmarks.contest import Bench

_TIGHT = 200_000
_LEDGER = Entry(OURS, {"to_ledger": True})


def cpu(bench: Bench) -> list[Line]:
    """Measure the CPU of all threads at a steady 2,000 events/s, delivered as the defaults say, in slices of a second."""
    with bench.contest(OURS, SDK) as contest:
        figures = contest.rounds(bench.effort.rounds, "paced", rate=2_000, seconds=1.0)
    total = {name: [one["cpu_ns"] / 1e3 for one in rounds] for name, rounds in figures.items()}
    what = "total CPU per event, steady 2,000/s"
    return [compare("cpu", what, "µs", total, Aim(1 / 8, 1 / 6), against=SDK, note=contest.told())]


def tight(bench: Bench) -> list[Line]:
    """Measure 200,000 events as fast as the caller can, and how many of them never arrive."""
    rounds = 1 if bench.effort.few < 5 else 3
    lost: dict[str, list[float]] = {OURS: [], SDK: []}
    with bench.contest(OURS, SDK) as contest:
        contest.rounds(1, "calls", count=500)
        figures = contest.rounds(rounds, "tight", count=_TIGHT, warm_up=False)
        for name, counts in lost.items():
            arrived = contest.arrived(name)["whole"] - 2 * 500
            counts.append(100 * (1 - arrived / (rounds * _TIGHT)))
    middles = {name: [one["ns"] / 1e3 for one in of] for name, of in figures.items()}
    drained = {name: [_TIGHT / one["said_s"] for one in of] for name, of in figures.items()}
    return [
        compare("tight", "tight loop of 200,000: lost", "%", lost, Aim(0, 0, of_ratio=False), note=contest.told()),
        compare("tight", "tight loop: caller p50", "µs", middles, Aim(1 / 16, 1 / 12), against=SDK),
        compare("tight", "tight loop: rate at which the caller gets through", "events/s", drained),
    ]


def ledger(bench: Bench) -> list[Line]:
    """Measure the ledger sink against the ledger that programs write by hand."""
    with bench.contest(_LEDGER, "naive") as contest:
        rates = contest.rounds(bench.effort.few, "throughput", count=20_000)
        figures = contest.rounds(bench.effort.rounds, "calls", count=SIZE, bursts=BURSTS)
    per_s = {name: [one["per_s"] for one in rounds] for name, rounds in rates.items()}
    more = Aim(5, 4, is_more_better=True)
    return [
        compare("ledger", "ledger sink: rate", "events/s", per_s, more, against="naive", note=contest.told()),
        compare("ledger", "ledger sink: caller p50", "µs", halves(figures), Aim(1 / 20, 1 / 15), against="naive"),
    ]
