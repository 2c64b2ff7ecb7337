"""What is not seen is said, however narrow the terminal: loss, lag, pause, filter."""

from __future__ import annotations

import time

import pytest
from textual.app import App

import otel_events as ev
from otel_events.tui.source import Condition, Notice
from tests.cli.conftest import BEGIN, SECOND
from tests.tui.conftest import Seen
from tests.tui.given_source import GivenSource

pytestmark = pytest.mark.slow

LONG = "severity>=warn, component=disk, name=a.b, duration>50ms, persona=thesis"


class Lossy(GivenSource):
    """Events that are late, behind some that are lost."""

    has_said_it = False

    def take(self):
        taken = super().take()
        if not taken or self.has_said_it:
            return taken
        self.has_said_it = True
        return [Notice("gap: 12,345 events", 12_345), *taken]

    def condition(self):
        return Condition("live", "http://127.0.0.1:5001", lost=12_345)


def late(event, count):
    """Events of ten seconds ago."""
    ago = time.time() - 10 - BEGIN / SECOND
    return [event("a.b", ago + n / 1_000, component="disk", step=n) for n in range(count)]


def status(seen):
    """The last line."""
    return seen.text.splitlines()[-1]


@pytest.mark.parametrize("width", [60, 80, 140, 300])
def test_loss_lag_and_filter_are_said_at_any_width(watch, event, width):
    """And whether new rows are followed; of a long filter as much as there is room for."""
    source = Lossy(late(event, 5))

    def come_late(seen, state):
        """Let one more come: that what comes is late is said for two seconds. Return whether that and *state* are."""
        source.come(*late(event, 1))
        line = status(seen)
        return "behind" in line and (line.strip().startswith(state) or f"live, {state}" in line)

    async def look(seen):
        await seen.type_ahead("/", *LONG, "enter")
        await seen.until(lambda: seen.log.view.text == LONG)
        for state, key in (("following", "k"), ("not following", "space"), ("PAUSED", "space")):
            await seen.until(lambda state=state: come_late(seen, state))
            line = status(seen)
            assert "LOST 12,345" in line
            assert " s behind" in line
            assert "severit" in line
            assert len(line) <= width
            await seen.press(key)

    watch(look, source, size=(width, 24))


@pytest.mark.parametrize("width", [60, 80])
def test_what_is_said_for_a_moment_takes_nothing_from_that(watch, event, width):
    """A search that goes on, and a mistake in a filter, have a line of their own where one is too short for both."""
    source = Lossy(late(event, 5), older=late(event, 5_000))

    async def look(seen):
        source.gate.clear()
        await seen.type_ahead("/", *"severity<error", "enter", "E")
        await seen.until_says("looking for the error before: ", " ... (Esc)")
        assert "LOST 12,345" in status(seen)
        assert "severity<error" in status(seen)
        source.gate.set()
        await seen.until(lambda: "looking" not in seen.text)
        await seen.type_ahead("/", *", quality>", "enter")
        await seen.until_says("column")
        assert "severity<error" in status(seen)

    watch(look, source, size=(width, 24))


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (10, 3), (4, 2), (1, 1)])
def test_in_a_terminal_of_a_few_cells_nothing_fails(watch, event, size):
    """As much as there is room for is said, and the keys work."""
    source = Lossy(late(event, 100))

    async def look(seen):
        for key in (
            "k",
            "slash",
            "a",
            "enter",
            "question_mark",
            "escape",
            "enter",
            "escape",
            "p",
            "x",
            "escape",
            "v",
            "escape",
        ):
            await seen.press(key)
        await seen.pilot.resize_terminal(80, 24)
        await seen.until_says("LOST 12,345")

    watch(look, source, size=size)


@pytest.mark.parametrize("has_line", [True, False])
def test_in_an_application_of_somebodys_own_it_is_said_too(event, has_line):
    """Below the rows, unless that application says it itself."""
    import asyncio

    log = ev.EventLog(Lossy(late(event, 5)), filter="a.*", has_status_line=has_line)

    class Dashboard(App):
        log_ = log

        def compose(self):
            yield log

    async def look():
        app = Dashboard()
        async with app.run_test(size=(80, 12)) as pilot:
            seen = Seen(app, pilot)
            await seen.until(lambda: len(log.feed.timeline) == 6)
            if has_line:
                await seen.until_says("following  LOST 12,345", "filter: a.*")
            else:
                await pilot.pause(0.2)
                assert "LOST" not in seen.text

    asyncio.run(look())
