"""Panels: what runs, how much, who, what is wrong, who writes; and the layouts."""

from __future__ import annotations

import time

import pytest

from otel_events.event import Severity

pytestmark = pytest.mark.slow


def now():
    """Seconds from the beginning of the tests' time until now."""
    return time.time() - 1_771_095_683


def test_running_tasks_are_listed_with_their_progress(watch, ledger, event, append):
    """Those that ended are counted."""
    path = ledger(
        event("task.started", now() - 65, task_id="t-1", task_name="draft", persona="thesis"),
        event("task.progress", now() - 60, task_id="t-1", progress=0.25),
        event("task.started", now() - 30, task_id="t-2", task_name="search"),
        event("task.completed", now() - 20, task_id="t-2", task_name="search"),
    )

    async def look(seen):
        await seen.until_says("draft thesis", "25%", "1m")
        append(path, event("task.failed", now(), task_id="t-1", severity=Severity.ERROR))
        await seen.until_says("none; 1 done, 1 failed")

    watch(look, path)


def test_rates_are_drawn_by_category(watch, ledger, event):
    """A bar a second over the last minute."""
    events = [event("seed.germinated", now() - 30 + number / 10, slot_id="a") for number in range(100)]

    async def look(seen):
        await seen.until(lambda: any("seed " in line and "█" in line for line in seen.text.splitlines()))

    watch(look, ledger(*events))


def test_who_is_at_work_is_listed(watch, ledger, event):
    """Environments by number, each with its key, what it did last, its events and its errors."""
    path = ledger(
        *[event("seed.germinated", now() - 20, env_id=env) for env in (10, 2, 2)],
        event("seed.pruned", now() - 5, env_id=2, severity=Severity.ERROR),
    )

    async def look(seen):
        await seen.until_says("1 env 2 seed.pruned", "3 1!", "2 env 10 seed.germinated")

    watch(look, path)


def test_alerts_are_open_until_they_are_resolved(watch, ledger, event, append):
    """The status line counts them, the panel names them, `a` shows alerts alone."""
    path = ledger(
        event("alert.triggered", now() - 60, component="proxy", severity=Severity.WARN, message="Proxy not responding"),
        event("a.b", now()),
    )

    async def look(seen):
        await seen.until_says("proxy Proxy not responding", "1 open alert")
        await seen.press("a")
        await seen.until(lambda: len(seen.rows) == 1)
        await seen.press("a")
        await seen.until(lambda: len(seen.rows) == 2)
        append(path, event("alert.resolved", now(), component="proxy"))
        await seen.until_says("none open")
        await seen.until(lambda: "open alert" not in seen.text)

    watch(look, path)


def test_writers_show_holes_and_ends(watch, ledger, event):
    """Numbers that are missing without a word are loss."""
    path = ledger(*[event("a.b", now(), number=number) for number in (1, 2, 3, 7)])

    async def look(seen):
        await seen.until_says("orchestrator", "3 missing")

    watch(look, path)


def test_in_a_small_terminal_the_events_have_all_of_it(watch, ledger, event):
    """`p` shows the panels in their place."""

    async def look(seen):
        assert "Running" not in seen.text
        assert "a.b" in seen.text
        await seen.press("p")
        await seen.until_says("Running", "Writers")
        assert seen.log.display is False
        await seen.press("p")
        await seen.until(lambda: seen.log.display)

    watch(look, ledger(event("a.b", 0)), size=(80, 24))


def test_in_a_tiny_terminal_the_rows_say_when_what_and_more(watch, ledger, event):
    """What they carry comes before domain, environment and age; help and details can be read."""

    async def look(seen):
        assert seen.rows[0].startswith("19:01:23 seed.germinat… slot_id=r0c1")
        await seen.press("question_mark")
        await seen.until_says("Keys", "move")
        await seen.press("escape", "enter")
        await seen.until_says("slot_id", "r0c1")

    watch(look, ledger(event("seed.germinated", 0, env_id=1, episode=2, slot_id="r0c1")), size=(40, 10))


def test_resizing_again_and_again_keeps_the_place(watch, ledger, event):
    """From tiny to huge; the event at the cursor stays in view."""
    path = ledger(*[event("a.b", number, step=number) for number in range(500)])

    async def look(seen):
        await seen.press("pageup", "pageup")
        step = seen.at_cursor.attributes["step"]
        for width, height in [(80, 24), (20, 5), (200, 60), (1, 1), (132, 43), (40, 3), (80, 24)] * 3:
            await seen.pilot.resize_terminal(width, height)
        await seen.pilot.pause(0.2)
        assert seen.at_cursor.attributes["step"] == step
        await seen.until(lambda: any(f"step={step}" in row for row in seen.rows))

    watch(look, path)
