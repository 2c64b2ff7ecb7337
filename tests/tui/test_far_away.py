"""What has to look at very many events never holds the screen up, says how far it is, and can be ended."""

from __future__ import annotations

import pytest

from otel_events.event import Severity
from tests.tui.given_source import GivenSource

pytestmark = pytest.mark.slow

CHUNK = 4_096


def steps(event, count, **severities):
    return [
        event("a.b", n / 1_000, step=n, episode=n // 5_000, severity=severities.get(f"at{n}", Severity.INFO))
        for n in range(count)
    ]


@pytest.fixture
def held(event):
    """A source of 30,000 events, of which the last thousand are there and the others can be read; step 7 is an error."""
    events = steps(event, 30_000, at7=Severity.ERROR)
    return GivenSource(events[29_000:], older=events[:29_000])


async def all_events(seen):
    await seen.press("g")
    await seen.until(lambda: seen.log.older.has_all and seen.log.log_view.cursor == 0)


def step_at_cursor(seen):
    return seen.at_cursor.attributes["step"]


def test_searches_go_on_through_events_that_were_not_read_yet(watch, held):
    """`E` finds the error near the beginning of it all; `[` goes to the episode before, `N` to a mark."""

    async def look(seen):
        assert seen.log.feed.timeline.events == 1_000
        await seen.press("left_square_bracket")
        await seen.until(lambda: step_at_cursor(seen) == 24_999)
        await seen.press("slash")
        await seen.write("step")
        await seen.press("equals_sign")
        await seen.write("1234")
        await seen.press("ctrl+n", "N")
        await seen.until(lambda: step_at_cursor(seen) == 1_234)
        await seen.press("G", "E")
        await seen.until(lambda: step_at_cursor(seen) == 7)
        await seen.press("E")
        await seen.until_says("no error before this")
        await seen.press("right_square_bracket")
        await seen.until(lambda: step_at_cursor(seen) == 5_000)

    watch(look, held)


def test_a_search_says_how_far_it_is_and_esc_ends_it(watch, held):
    """The cursor stays meanwhile; keys that go by the rows wait for what is found, and are forgotten if nobody wants it any more."""

    async def look(seen):
        held.gate.clear()
        await seen.press("k", "E")
        await seen.until_says("looking for the error before: 998 ... (Esc)")
        await seen.press("j", "left_square_bracket")
        await seen.press("p", "p", "question_mark", "escape")
        assert "looking for the error before" in seen.text
        await seen.press("escape")
        await seen.until(lambda: "looking for" not in seen.text)
        assert step_at_cursor(seen) == 29_998
        await seen.press("j")
        held.gate.set()
        await seen.pilot.pause(0.2)
        assert step_at_cursor(seen) == 29_999

    watch(look, held)


def test_another_filter_shows_what_is_near_at_once_and_the_rest_as_it_is_found(watch, held):
    """The event at the cursor stays where it is on the screen while rows come above and below it."""

    async def look(seen):
        await all_events(seen)
        seen.log.log_view.go_to(12_345)
        held.gate.clear()
        await seen.press("slash")
        await seen.write("step>9")
        await seen.press("enter")
        await seen.until_says("to go ...")
        assert step_at_cursor(seen) == 12_345
        assert len(seen.log.feed.timeline) < 3 * CHUNK
        await seen.press("j", "k")
        before = seen.rows
        held.gate.set()
        await seen.until(lambda: len(seen.log.feed.timeline) == 29_990)
        assert seen.rows == before
        assert step_at_cursor(seen) == 12_345
        await seen.press("escape")
        await seen.until(lambda: len(seen.log.feed.timeline) == 30_000)
        assert step_at_cursor(seen) == 12_345

    watch(look, held)


def test_of_a_filter_that_hides_the_event_at_the_cursor_the_nearest_one_is_found(watch, held):
    """Also if it is far away, and rows that are farther are made first; searches wait for rows that are being made."""

    async def look(seen):
        await all_events(seen)
        seen.log.log_view.go_to(14_000)
        await seen.press("slash")
        await seen.write("episode=1, step>29980")
        held.gate.clear()
        await seen.press("enter")
        await seen.until_says("to go ...")
        assert "step=29981" in "".join(seen.rows)  # what there is by then
        held.gate.set()
        await seen.until(lambda: not seen.log.remaking.is_under_way)
        assert step_at_cursor(seen) == 9_999
        await seen.press("escape", "E")
        await seen.until(lambda: step_at_cursor(seen) == 7)

    watch(look, held)


def test_saving_and_stories_can_be_ended(watch, held, tmp_path, monkeypatch):
    """What was written by then is deleted; while one thing is done no other begins."""
    monkeypatch.chdir(tmp_path)

    async def look(seen):
        await all_events(seen)
        held.gate.clear()
        await seen.press("s")
        await seen.until_says("saving: 0 of 30,000 ... (Esc)")
        await seen.press("x")
        await seen.until_says("saving still: Esc ends it")
        await seen.press("escape", "x")
        await seen.until_says("grouping errors: 0 of 30,000 ... (Esc)")
        held.gate.set()
        await seen.until_says("1 error in 1 group")

    watch(look, held)
    assert not list(tmp_path.glob("events-*"))


def test_leaving_waits_for_nothing_long(watch, held, tmp_path, monkeypatch):
    """Of what is under way no more than a piece is done."""
    monkeypatch.chdir(tmp_path)

    async def look(seen):
        await all_events(seen)
        held.gate.clear()
        await seen.press("slash")
        await seen.write("step>9")
        await seen.press("enter", "s")
        await seen.until_says("saving")
        held.reads = 0

    watch(look, held)
    assert held.reads <= 2
    assert not list(tmp_path.glob("events-*"))


def test_what_was_not_read_is_said_beside_what_was_found(watch, held, tmp_path, monkeypatch):
    """A story, a list of errors or a saved file of some of the events does not look like one of all."""
    monkeypatch.chdir(tmp_path)

    async def look(seen):
        await seen.press("s")
        await seen.until_says("1,000 events saved", "not read: older ones, if any (g)")
        await seen.press("x")
        await seen.until_says("0 errors in 0 groups; not read: older ones, if any (g)")
        await seen.press("escape")
        await all_events(seen)
        await seen.press("x")
        await seen.until_says("1 error in 1 group")
        assert "not read" not in seen.text

    watch(look, held, size=(300, 30))
