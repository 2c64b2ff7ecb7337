"""A host that computes and emits now and then: how much slower it gets, and its longest stalls."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.event import Say
    from benchmarks.subjects.subject import Subject

_STEPS = 800  # of one unit of work: some 20 microseconds


def _unit() -> int:
    total = 0
    for step in range(_STEPS):
        total += step * step
    return total


def _run(say: Say, rate: int, seconds: float) -> list[int]:
    """Compute for *seconds*, emitting at *rate*; return what each unit of work took, calls included."""
    taken, said = [], 0
    began = now = perf_counter_ns()
    end = began + int(seconds * 1e9)
    gap = 1e9 / rate if rate else seconds * 2e9
    due = began + gap
    while now < end:
        _unit()
        if now >= due:
            say(said)
            said += 1
            due += gap
        before, now = now, perf_counter_ns()
        taken.append(now - before)
    return taken


def slowdown(subject: Subject, *, rates: list[int], seconds: float) -> dict[str, Any]:
    """Compute for *seconds* at each of *rates*; how many percent slower than without events, and stalls.

    It begins and ends without events; what those two differ by shows how far to trust the rest.

    Args:
        subject: who is told of the events.
        rates: events per second.
        seconds: longer than a subject gathers, for what it puts off beyond the end is not seen.
    """
    with subject.speaking() as say:
        runs = [(rate, _run(say, rate, seconds)) for rate in _each_drained(subject, (0, *rates, 0))]
    before, after = len(runs[0][1]), len(runs[-1][1])
    figures: dict[str, Any] = {}
    for rate, taken in runs[1:]:
        taken.sort()
        figures[f"slower_{rate}"] = 100 * (1 - len(taken) / ((before + after) / 2 if rate else before))
        figures[f"worst_ms_{rate}"] = taken[-max(1, len(taken) // 1000)] / 1e6
        figures[f"max_ms_{rate}"] = taken[-1] / 1e6
    return figures


def _each_drained(subject: Subject, rates: tuple[int, ...]) -> Any:
    for rate in rates:
        subject.drain(60.0)  # what the last slice left behind is its own, not the next one's
        yield rate
