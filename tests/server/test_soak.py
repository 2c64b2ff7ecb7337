"""The short form of `python -m tools.soak`: nothing is lost, doubled or out of order while a server works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.soak.__main__ import soak
from tools.soak.judging import faults_of, growth
from tools.soak.tracing import Work, work_of

needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the soak reads Linux's /proc")


@needs_proc
@pytest.mark.slow
def test_each_event_is_stored_once_and_seen_once_in_order(tmp_path):
    """Program, ledger, index and two readers of the stream agree on every event, and the server ends well."""
    found = soak(tmp_path, 10, 300, with_page=False)

    assert faults_of(found) == []
    assert (found["ledger"], found["indexed"], found["reader"]["events"]) == (
        {"stored": 3_000, "missing": 0, "twice": 0},
        3_000,
        3_000,
    )


@pytest.mark.parametrize(
    ("sizes", "is_flat"),
    [
        ([10, 60, 80, 100, 101, 99, 100, 100, 101], True),
        ([10, 20, 30, 40, 50, 60, 70, 80, 90], False),
        ([100, 110, 98, 112, 97, 111, 99, 113, 98], True),
    ],
)
def test_growth_is_told_from_a_beginning_and_from_swings(sizes, is_flat):
    """What fills at the beginning and stays, or swings, is flat; what goes on growing is not."""
    found = growth(enumerate(sizes), since=3, allowed=4)

    assert found.is_flat is is_flat


def test_of_a_short_run_nothing_is_said_about_growth():
    """Before what is bounded has filled, everything grows."""
    assert growth(enumerate([10, 20, 30]), since=60, allowed=4) is None


def test_the_cost_of_frames_is_told_from_a_trace():
    """Of the thread that draws: what script took without the layout inside of it, all tasks, and those that cost a frame."""

    def event(name, start, milliseconds, thread=1):
        return {
            "ph": "X",
            "pid": 1,
            "tid": thread,
            "name": name,
            "ts": start * 1000,
            "dur": milliseconds * 1000,
            "tdur": milliseconds * 1000,
        }

    task = "ThreadControllerImpl::RunTask"
    drawing = [event(task, 0, 20), event("FunctionCall", 1, 12), event("Layout", 2, 4), event("Commit", 15, 2)]
    later = [event(task, 30, 6), event("FunctionCall", 31, 2), event("Commit", 34, 1)]

    assert work_of([*drawing, *later, event(task, 0, 90, thread=2)]) == Work(2, 5.0, 13.0, 1)
