"""A key acts on what the one before it asked for, however fast the keys come and however slow the disk is."""

from __future__ import annotations

import pytest
from textual.events import Key, Paste

from otel_events.event import Severity
from tests.tui.given_source import GivenSource

pytestmark = pytest.mark.slow


def steps(event, count, *, begin=0, errors=()):
    return [
        event("a.b", n / 1_000, step=n, task_id="t-1", severity=Severity.ERROR if n in errors else Severity.INFO)
        for n in range(begin, begin + count)
    ]


@pytest.fixture
def held(event):
    """A source of 30,000 events that are all there; reading them anew waits for its gate."""
    return GivenSource(steps(event, 30_000, errors=(5_000, 15_000)))


def step_at_cursor(seen):
    return seen.at_cursor.attributes["step"] if seen.at_cursor is not None else None


async def at(seen, step):
    await seen.until(lambda: step_at_cursor(seen) == step, f"the cursor at {step}, not at {step_at_cursor(seen)}")


async def all_there(seen):
    await seen.until(lambda: seen.log.feed.timeline.events == 30_000)


def test_what_is_typed_after_a_slash_is_the_filters_and_what_comes_after_enter_the_lists(watch, ledger, event):
    """In one go: `a` filters no alerts, and `k` is no letter of the filter."""

    async def look(seen):
        await seen.type_ahead("/", *"step<7", "enter", "k", "k")
        await seen.until(lambda: seen.log.view.text == "step<7")
        await at(seen, 4)
        await seen.type_ahead("escape", "/", *"a.b", "enter", "G", "k", "r")
        await seen.until(lambda: seen.log.view.text == "a.b" and not seen.log.view.rolls_up)
        await at(seen, 18)

    watch(look, ledger(*steps(event, 20)))


def test_what_is_pasted_after_a_slash_is_the_filters(watch, ledger, event):
    """Also if the terminal gives both at once."""

    async def look(seen):
        seen.app.post_message(Key("slash", "/"))
        seen.app.post_message(Paste("step<7"))
        await seen.type_ahead("enter")
        await seen.until(lambda: seen.log.view.text == "step<7")

    watch(look, ledger(*steps(event, 20)))


@pytest.mark.parametrize("opens", ["enter", "t", "x", "?", "v"])
def test_q_right_after_what_opens_something_closes_that_and_no_more(watch, held, opens):
    """Not the screen, though what was asked for is still being read; the keys after it are the list's again."""

    async def look(seen):
        await all_there(seen)
        held.gate.clear()
        await seen.type_ahead(opens, "q", "k", "k")
        await at(seen, 29_997)
        assert seen.app.is_running
        assert len(seen.app.screen_stack) == 1

    watch(look, held)


def test_keys_go_by_the_rows_of_a_filter_that_are_still_being_made(watch, held):
    """`k` waits for the row before, `g` for the first one, `n` and `e` go from where the keys before them have led."""

    async def look(seen):
        await all_there(seen)
        held.gate.clear()
        await seen.type_ahead("/", *"step<20000", "enter", "k", "k", "E", "k")
        await seen.until_says("to go ...")
        held.gate.set()
        await at(seen, 14_999)
        await seen.type_ahead("escape", "escape", "g", "j", "e")
        await at(seen, 5_000)

    watch(look, held)


def test_g_after_a_filter_was_cleared_is_the_first_of_all(watch, held):
    """Rows that come before the cursor while they are made do not take it along."""

    async def look(seen):
        await all_there(seen)
        await seen.type_ahead("/", *"step>14000", "enter")
        await seen.until(lambda: seen.log.view.text and not seen.log.remaking.is_under_way)
        held.gate.clear()
        await seen.type_ahead("escape", "g", "j")
        await seen.until_says("to go ...")
        held.gate.set()
        await at(seen, 1)
        await seen.until(lambda: len(seen.log.feed.timeline) == 30_000)
        assert step_at_cursor(seen) == 1

    watch(look, held)


def test_j_does_not_jump_over_rows_that_are_being_made(watch, held):
    """At the edge of those that there are it waits for the next."""

    async def look(seen):
        await all_there(seen)
        seen.log.log_view.go_to(12_345)
        held.gate.clear()
        await seen.type_ahead("/", *"step>9", "enter", *["pagedown"] * 200)
        await seen.until_says("to go ...")
        held.gate.set()
        await at(seen, 12_345 + 200 * (seen.log.log_view.size.height - 1))

    watch(look, held)


def test_filters_one_after_the_other_keep_the_event_at_the_cursor(watch, held):
    """Though no rows near it were made for the first of them."""

    async def look(seen):
        await all_there(seen)
        seen.log.log_view.go_to(9_999)
        held.gate.clear()
        await seen.type_ahead("/", *"step>29980", "enter", "/", "ctrl+u", *"step>5", "enter")
        held.gate.set()
        await seen.until(lambda: len(seen.log.feed.timeline) == 29_994)
        assert step_at_cursor(seen) == 9_999
        for _ in range(3):
            await seen.type_ahead("o", "o", "r", "o", "o", "r")
        await seen.until(lambda: not seen.log.remaking.is_under_way)
        assert step_at_cursor(seen) == 9_999

    watch(look, held)


def test_searches_one_after_the_other_go_that_many_steps(watch, event):
    """Also through events that were not read yet; Esc ends the search and forgets the keys behind it."""
    events = steps(event, 30_000, errors=(5_000, 15_000))
    source = GivenSource(events[29_000:], older=events[:29_000])

    async def look(seen):
        source.gate.clear()
        await seen.type_ahead("E", "E", "k")
        await seen.until_says("looking for the error before")
        source.gate.set()
        await at(seen, 4_999)
        await seen.type_ahead("G", "E")
        await at(seen, 15_000)

    watch(look, source)


def test_what_leads_elsewhere_ends_what_the_keys_before_it_wait_for(watch, event):
    """`G` after `g` is at the newest, however long the first ones take to be read."""
    events = steps(event, 30_000)
    source = GivenSource(events[29_000:], older=events[:29_000])

    async def look(seen):
        source.gate.clear()
        await seen.type_ahead("g", "j", "j", "G")
        source.gate.set()
        await seen.type_ahead("k")
        await at(seen, 29_998)
        await seen.until(lambda: not seen.log.older.is_reading)
        assert step_at_cursor(seen) == 29_998

    watch(look, source)
