"""A host that computes and emits now and then: how much slower it gets, and its longest stalls."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.event import Say
    from benchmarks.subjects.subject import Subject

_STEPS = 400  # of one unit of work: some 20 microseconds


def _unit() -> int:
    total = 0
    for step in range(_STEPS):
        total += step * step
    return total


def _run(say: Say, rate: int, seconds: float) -> dict[str, float]:
    taken, said = [], 0
    began = now = perf_counter_ns()
    end = began + int(seconds * 1e9)
    gap = int(1e9 / rate) if rate else 0
    while now < end:
        _unit()
        if gap and now - began >= said * gap:
            say(said)
            said += 1
        before, now = now, perf_counter_ns()
        taken.append(now - before)
    taken.sort()
    return {
        "units_per_s": len(taken) / seconds,
        "worst_ms": taken[-len(taken) // 1000] / 1e6,
        "max_ms": taken[-1] / 1e6,
    }


def slowdown(subject: Subject, *, rates: list[int], seconds: float) -> dict[str, Any]:
    """Compute for *seconds* at each of *rates*, the first of which is 0; how many percent slower than at 0, and stalls."""
    with subject.speaking() as say:
        runs = [_run(say, rate, seconds) for rate in rates]
    subject.drain(60.0)
    free = runs[0]["units_per_s"]
    figures: dict[str, Any] = {}
    for rate, run in zip(rates, runs, strict=True):
        figures[f"slower_{rate}"] = 100 * (1 - run["units_per_s"] / free)
        figures[f"worst_ms_{rate}"] = run["worst_ms"]
        figures[f"max_ms_{rate}"] = run["max_ms"]
    return figures
