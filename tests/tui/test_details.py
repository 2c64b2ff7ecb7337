"""What is behind a row: the event, its task's story, its trace, errors by group."""

from __future__ import annotations

import pytest

from otel_events.event import Severity

STACK = 'Traceback (most recent call last):\n  File "draft.py", line 3, in draft\n    raise ValueError("bad")\nValueError: bad\n'

pytestmark = pytest.mark.slow


def a_story(event):
    trace = {"trace": 0xABC, "persona": "thesis"}
    return (
        event("task.started", 0, number=1, task_id="t-1", task_name="draft", span=1, **trace),
        event("task.started", 1, number=2, task_id="t-2", task_name="search", parent_task_id="t-1", span=2, **trace),
        event("evidence.added", 2, number=3, task_id="t-2", parent_task_id="t-1", quality=0.5, tags=["a"], span=2, **trace),
        event("task.completed", 3, number=4, task_id="t-2", parent_task_id="t-1", duration=2.0, span=2, **trace),
        event(
            "task.failed", 4, number=5, task_id="t-1", span=1, severity=Severity.ERROR, duration=4.0,
            **{"exception.type": "ValueError", "exception.message": "bad", "exception.stacktrace": STACK}, **trace,
        ),
        event("other", 5, number=6),
    )  # fmt: skip


def test_enter_shows_all_of_an_event(watch, ledger, event):
    """Attributes with their types, facts, and what else happened in the task."""

    async def look(seen):
        await seen.press("slash")
        await seen.write("evidence.added")
        await seen.press("enter", "enter")
        await seen.until_says("quality", "double", "0.5", "tags", "array", "in the same task", "+1.00s")
        await seen.press("escape")
        await seen.until(lambda: "in the same task" not in seen.text)

    watch(look, ledger(*a_story(event)), size=(140, 60))


def test_the_stack_is_shown_as_it_was(watch, ledger, event):
    """Line by line, in colours, at the end of the event."""

    async def look(seen):
        await seen.press("E", "enter")
        await seen.until_says('File "draft.py", line 3, in draft', "ValueError: bad")

    watch(look, ledger(*a_story(event)), size=(140, 60))


def test_c_copies_the_event_as_json(watch, ledger, event):
    """By the terminal's own clipboard (OSC 52), so that it works over ssh."""

    async def look(seen):
        await seen.press("enter")
        await seen.until_says("c copy")
        await seen.press("c")
        await seen.until(lambda: '"event":"other"' in seen.app.clipboard)

    watch(look, ledger(*a_story(event)))


def test_what_no_clipboard_holds_is_not_copied(watch, ledger, event):
    """Megabytes are not sent through the terminal."""

    async def look(seen):
        await seen.press("enter")
        await seen.until_says("c copy")
        await seen.press("c")
        assert not seen.app.clipboard

    watch(look, ledger(event("long", 0, text="x" * 200_000)))


def test_t_tells_the_story_of_the_task(watch, ledger, event):
    """With the tasks inside it, as a tree; Enter shows an event of it."""

    async def look(seen):
        await seen.press("E", "t")
        await seen.until_says("task t-1 draft", "search", "evidence.added", "5 events")
        lines = seen.text.splitlines()
        depth = {
            name: next(line.index(name) for line in lines[1:] if name in line)
            for name in ("draft", "search", "evidence.added")
        }
        assert depth["draft"] < depth["search"] < depth["evidence.added"]
        await seen.press("escape")
        await seen.until(lambda: "5 events" not in seen.text)

    watch(look, ledger(*a_story(event)))


def test_keys_of_the_rows_do_nothing_where_these_are_not_seen(watch, ledger, event):
    """`a` in a story filters nothing behind it, and Enter pressed twice opens one event."""

    async def look(seen):
        await seen.press("E", "t")
        await seen.until_says("5 events")
        await seen.press("a", "p", "x")
        assert "5 events" in seen.text
        assert seen.log.view.text == ""
        await seen.press("escape")
        seen.log.action_open()
        seen.log.action_open()
        await seen.until_says("c copy")
        await seen.pilot.pause(0.2)
        await seen.press("escape")
        await seen.until(lambda: "c copy" not in seen.text)

    watch(look, ledger(*a_story(event)))


def test_capital_t_tells_the_trace(watch, ledger, event):
    """From the rows, and from an event's details."""

    async def look(seen):
        await seen.press("T")
        await seen.until_says("this event is in no trace")
        await seen.press("k", "enter")
        await seen.until_says("T trace")
        await seen.press("T")
        await seen.until_says("trace 00000000000000000000000000000abc", "search")

    watch(look, ledger(*a_story(event)))


def test_failures_without_an_exception_are_grouped_by_their_reason(watch, ledger, event):
    """Which is shown in the place of the exception's message."""
    failed = {"severity": Severity.ERROR, "message": "Task failed", "error.type": "_OTHER"}
    reasons = ["card refused", "card refused", "no source found"]

    async def look(seen):
        await seen.press("x")
        await seen.until_says("3 errors in 2 groups", "card refused", "no source found")

    watch(look, ledger(*(event("task.failed", at, **failed, reason=reason) for at, reason in enumerate(reasons))))


def test_x_groups_errors(watch, ledger, event):
    """By what is the same about them, the largest group first."""
    errors = [
        event(
            "script.error",
            number,
            severity=Severity.ERROR,
            message=f"no answer from {number}",
            **{"exception.type": kind},
        )
        for number, kind in enumerate(["OSError"] * 5 + ["KeyError"] * 2)
    ]

    async def look(seen):
        await seen.press("x")
        await seen.until_says("7 errors in 2 groups", "OSError", "KeyError")
        assert seen.text.index("OSError") < seen.text.index("KeyError")
        await seen.press("j", "enter")
        await seen.until_says("exception.type")
        await seen.press("escape", "escape")
        await seen.until(lambda: "7 errors" not in seen.text)

    watch(look, ledger(*errors))


def test_a_long_or_hostile_stack_is_shown_harmless_and_in_part(watch, ledger, event):
    """A stack of ten thousand lines does not hold the screen up."""
    stack = "Traceback\n" + "\n".join(f"line {number} \x1b[31m" for number in range(10_000))

    async def look(seen):
        await seen.press("enter")
        await seen.until_says("exception.stacktrace")
        await seen.press("end")
        await seen.until_says("line 9999")
        assert "\x1b" not in seen.text

    watch(look, ledger(event("error", 0, **{"exception.stacktrace": stack})))
