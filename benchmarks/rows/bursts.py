"""Everybody, in bursts: what the caller waits for, and what an event costs all threads together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.results import Aim, Line, compare, halves, percentile, taken_off
from benchmarks.subjects import NAMES, OURS, SDK

if TYPE_CHECKING:
    from benchmarks.contest import Bench, Contest

SIZE = 500
# Of one trial. A burst takes us half a millisecond, after seconds in which the others had the machine: a single one would
# measure how fast caches fill, which is the row of the first burst.
BURSTS = 10
_ON_THE_WIRE = (OURS, SDK, "otel_handler")


def bursts(bench: Bench) -> list[Line]:
    """Measure ten bursts of 500, each handed over before the next one begins; no span is recording."""
    with bench.contest(*NAMES) as contest:
        figures = contest.rounds(bench.effort.rounds, "calls", count=SIZE, bursts=BURSTS)
        missing = _missing(contest, bench.effort.rounds + 1)
        note = "; ".join(filter(None, (contest.told(), missing, taken_off(figures, SDK))))
    rested = {name: [{"ns": one["ns"][:SIZE]} for one in rounds] for name, rounds in figures.items()}
    tails = {name: [percentile(one["ns"], 0.99) / 1e3 for one in rounds] for name, rounds in figures.items()}
    total = {name: [one["cpu_ns"] / 1e3 for one in rounds] for name, rounds in figures.items()}
    return [
        compare(
            "bursts", "caller, no span, bursts: p50", "µs", halves(figures), Aim(1 / 16, 1 / 12), against=SDK, note=note
        ),
        compare("bursts", "the same: p99", "µs", tails, against=SDK),
        compare("bursts", "the first burst after a rest: p50", "µs", halves(rested), against=SDK),
        compare("bursts", "total CPU per event, bursts of 500", "µs", total, Aim(1 / 8, 1 / 6), against=SDK),
    ]


def _missing(contest: Contest, rounds: int) -> str:
    """Return who lost events, or sent them without all attributes."""
    expected = rounds * BURSTS * SIZE
    arrived = {name: contest.arrived(name)["whole"] for name in _ON_THE_WIRE if name not in contest.failures}
    short = [f"{name}: {whole} of {expected} arrived whole" for name, whole in arrived.items() if whole != expected]
    return "; ".join(short)
