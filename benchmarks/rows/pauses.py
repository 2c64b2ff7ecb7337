"""The caller with cold caches, and inside a recording span."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.results import Aim, Line, compare, halves, taken_off
from benchmarks.rows.bursts import BURSTS, SIZE
from benchmarks.subjects import OURS, SDK

if TYPE_CHECKING:
    from benchmarks.contest import Bench

_PAUSE = 0.001
_CALLS = 100  # few, and many rounds: the machine's sleep states change every few tenths of a second


def pauses(bench: Bench) -> list[Line]:
    """Measure calls a millisecond apart: the pipeline thread wakes and works in between."""
    with bench.contest(OURS, SDK) as contest:
        figures = contest.rounds(2 * bench.effort.rounds, "calls_apart", count=_CALLS, pause=_PAUSE)
    what = "caller, no span, 1 ms pauses: p50"
    note = _join(contest.told(), taken_off(figures, SDK))
    return [compare("pauses", what, "µs", halves(figures), Aim(1 / 12, 1 / 8), against=SDK, note=note)]


def in_span(bench: Bench) -> list[Line]:
    """Measure calls that also make a span event; the SDK's user calls `Logger.emit` and `span.add_event`."""
    with bench.contest(OURS, SDK, "span_event") as contest:
        dense = contest.rounds(bench.effort.rounds, "calls", count=SIZE, bursts=BURSTS, in_span=True)
        apart = contest.rounds(2 * bench.effort.rounds, "calls_apart", count=_CALLS, in_span=True, pause=_PAUSE)
        span_events = contest.arrived(OURS)["span_events"]
    expected = SIZE * BURSTS * (bench.effort.rounds + 1) + _CALLS * (2 * bench.effort.rounds + 1)
    lost = "" if span_events == expected else f"{span_events} of {expected} span events arrived"
    note, note_apart = _join(contest.told(), lost, taken_off(dense, SDK)), taken_off(apart, SDK)
    in_bursts, with_pauses = "caller in a span, bursts: p50", "caller in a span, 1 ms pauses: p50"
    total = {name: [one["cpu_ns"] / 1e3 for one in rounds] for name, rounds in dense.items()}
    return [
        compare("span", in_bursts, "µs", halves(dense), Aim(1 / 10, 1 / 8), against=SDK, note=note),
        compare("span", with_pauses, "µs", halves(apart), Aim(1 / 7, 1 / 5), against=SDK, note=note_apart),
        compare("span", "total CPU per event in a span, bursts", "µs", total, against=SDK),
    ]


def _join(*notes: str) -> str:
    return "; ".join(filter(None, notes))
