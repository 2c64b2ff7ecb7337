"""What does not end as it began: interrupted by a signal handler's time limit, or ended elsewhere."""

import contextvars
import gc
import signal
import sys
import threading
from pathlib import Path

import pytest

import otel_events as ev
from otel_events import binding, scoping
from otel_events.pipeline.turn import Turns
from otel_events.pipeline.worker import Pipeline
from tests.fresh import KeepingSink, fresh  # noqa: F401

PACKAGE = str(Path(ev.__file__).parent)
# Python itself gives no way to do anything about an interruption at the very door.
DOORS = {scoping.Scope.__enter__.__code__, scoping.Scope.__exit__.__code__}
DOORS |= {Turns.begin.__code__, Turns.end.__code__, Pipeline._take_turn.__code__}
DOORS |= {binding._forget_stale.__code__}  # which Python calls when it frees something, and lets nothing out of


class TimeLimitError(Exception):
    """Raised by the handler."""


def limit(*_):
    raise TimeLimitError


def interrupted(work, at):
    """Run *work*, interrupted at its *at*-th line in the package as by a signal; return whether it has so many."""
    seen = 0

    def trace(frame, event, _argument):
        nonlocal seen
        if not frame.f_code.co_filename.startswith(PACKAGE) or frame.f_code in DOORS:
            return trace if frame.f_code in DOORS else None
        if event == "line":
            seen += 1
            if seen == at:
                limit()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except TimeLimitError:
        pass
    finally:
        sys.settrace(before)
    return seen >= at


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("make", [lambda n: ev.context(day=n), lambda n: ev.task("t", task_id=f"t-{n}")])
def test_what_was_interrupted_holds_no_more(make):
    """Wherever the interruption comes in beginning or ending it, nothing is bound afterwards, and a task ends once at most."""
    kept = KeepingSink()
    ev.configure(sink=kept)
    before = signal.signal(signal.SIGTERM, limit)

    def work():
        with make(lines):
            pass

    left, lines = [], 1
    try:
        while True:
            context = contextvars.copy_context()
            is_longer = context.run(interrupted, work, lines)
            if bound := context.run(ev.bound_attributes):
                left.append((lines, bound))
            if not is_longer:
                break
            lines += 1
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ev.flush(10)

    assert left == []
    assert lines > 30
    ended = [event.bound["task_id"] for event in kept.events if event.name in {"task.completed", "task.failed"}]
    assert len(ended) == len(set(ended))


@pytest.mark.parametrize("make", [lambda: ev.context(persona="p"), lambda: ev.task("t")])
def test_a_scope_that_ended_elsewhere_is_looked_for_as_long_as_anybody_holds_it(events, make):
    """As frameworks do that begin a block in one copy of the context and end it in another. Then looking costs nothing again."""
    gc.collect()
    before = set(binding._stale)  # of other tests, whose Context somebody still holds, or just lets go of
    elsewhere = contextvars.copy_context()
    scope = make()
    elsewhere.run(scope.__enter__)
    scope.__exit__(None, None, None)

    assert (elsewhere.run(ev.bound_attributes), binding.some_are_stale) == ({}, True)
    events.clear()  # the events inside hold their Context until they are delivered
    del elsewhere
    assert (binding._stale <= before, binding.some_are_stale) == (True, bool(binding._stale))


@pytest.mark.slow
def test_a_turn_that_was_interrupted_holds_up_none_that_follows(events):
    """Wherever a time limit comes while events are handed over, other threads can hand them over afterwards."""
    before = signal.signal(signal.SIGTERM, limit)
    lines, count, is_longer = 0, 0, True
    try:
        while is_longer:
            lines += 211
            count += 1
            ev.emit("x.y")
            is_longer = interrupted(lambda: len(events), lines)
    finally:
        signal.signal(signal.SIGTERM, before)
    seen = []
    thread = threading.Thread(target=lambda: seen.append(len(events)), daemon=True)
    thread.start()
    thread.join(20)

    assert count > 1
    assert len(seen) == 1
    assert seen[0] >= count
