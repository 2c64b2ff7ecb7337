"""A whole task beside a bare span."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.results import Aim, Line, compare, halves
from benchmarks.rows.bursts import BURSTS
from benchmarks.subjects import OURS, SDK

if TYPE_CHECKING:
    from benchmarks.contest import Bench


def tasks(bench: Bench) -> list[Line]:
    """Measure `with task("draft")`, two events included, against `with start_as_current_span("draft")`."""
    with bench.contest(OURS, SDK) as contest:
        figures = contest.rounds(bench.effort.rounds, "tasks", count=200, bursts=BURSTS)
    what = "`with task(...)` whole, against a bare `start_as_current_span`: p50"
    return [compare("task", what, "µs", halves(figures), Aim(1.5, 1.7), against=SDK, note=contest.told())]
