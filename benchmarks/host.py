"""A host that computes and emits now and then: how much slower it gets, and its longest stalls."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.event import Say
    from benchmarks.subjects.subject import Subject

_STEPS = 800  # of one unit of work: some 20 microseconds
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class _Slice:
    """What the host did in a fraction of a second.

    Attributes:
        taken: nanoseconds of each unit of work, calls included, in order of size.
        pace: units per nanosecond.
    """

    taken: list[int]
    pace: float


def _unit() -> int:
    total = 0
    for step in range(_STEPS):
        total += step * step
    return total


def _compute(subject: Subject, say: Say, rate: int, seconds: float) -> _Slice:
    """Compute for *seconds*, emitting at *rate*, and go on until all of that is handed over.

    So a slice pays for what it said itself, whether the subject gathers for a twentieth of a second or for five.
    """
    taken, said = [], 0
    began = now = perf_counter_ns()
    end = began + int(seconds * 1e9)
    gap = 1e9 / rate if rate else seconds * 2e9
    due = began + gap
    draining: threading.Thread | None = None
    while draining is None or draining.is_alive():
        _unit()
        if now >= end:
            if draining is None:
                draining = threading.Thread(target=subject.drain, args=(_PATIENCE,))
                draining.start()
        elif now >= due:
            say(said)
            said += 1
            due += gap
        before, now = now, perf_counter_ns()
        taken.append(now - before)
    draining.join()
    return _Slice(sorted(taken), len(taken) / (now - began))


def slowdown(subject: Subject, *, rates: list[int], seconds: float, times: int) -> dict[str, Any]:
    """Compute in slices of *seconds*, every other one without events, *times* with each of *rates*.

    By how many percent a slice is slower is told against the two around it: what the machine does meanwhile, it does to all
    three. With a rate of 0 among *rates*, slices without events are compared in the same way: the noise that is left.
    """
    slower: dict[str, list[float]] = {f"slower_{rate}": [] for rate in rates}
    taken: dict[int, list[int]] = {rate: [] for rate in rates}
    subject.drain(_PATIENCE)
    with subject.speaking() as say:
        before = _compute(subject, say, 0, seconds)
        for rate in rates * times:
            busy, after = (_compute(subject, say, each, seconds) for each in (rate, 0))
            slower[f"slower_{rate}"].append(100 * (1 - 2 * busy.pace / (before.pace + after.pace)))
            taken[rate] += busy.taken
            before = after
    return {**slower, **_stalls(taken)}


def _stalls(taken: dict[int, list[int]]) -> dict[str, float]:
    found = {}
    for rate, units in taken.items():
        units.sort()
        found[f"worst_ms_{rate}"] = units[-max(1, len(units) // 1000)] / 1e6
        found[f"max_ms_{rate}"] = units[-1] / 1e6
    return found
