"""What somebody reads stays where it is, whatever comes, from wherever."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.conftest import make
from tests.tui.conftest import shown
from tests.tui.given_source import GivenSource

pytestmark = pytest.mark.slow

OLDER = 2_000
HAPPENS = st.lists(
    st.one_of(
        st.tuples(st.just("newer"), st.integers(1, 700)),
        st.tuples(st.just("older"), st.integers(1, 300)),
        st.tuples(st.just("drawn"), st.just(0)),
    ),
    max_size=8,
)


def steps(begin, end):
    return [make("a.b", n / 1_000, step=n) for n in range(begin, end)]


@settings(max_examples=20)
@given(begin=st.integers(0, 99), happens=HAPPENS, is_paused=st.booleans())
def test_rows_that_are_read_stay_where_they_are(begin, happens, is_paused):
    """Older events come above and newer ones below, many before the screen is drawn once; the lines in sight are the same."""
    import asyncio

    source = GivenSource(steps(OLDER, OLDER + 100), older=steps(0, OLDER))

    async def look():
        async with shown(source, size=(80, 24)) as seen:
            log = seen.log
            log.older.has_all = True  # they come when the test says so
            log.log_view.go_to(begin)
            log.log_view.follows = False
            log.log_view.pause(is_on=is_paused)
            before, newest = seen.rows, OLDER + 100
            for what, count in happens:
                if what == "newer":
                    source.come(*steps(newest, newest + count))
                    newest += count
                    log._tick()
                elif what == "older":
                    arrivals = source.older(count)
                    log.log_view.show_inserted(0, log.feed.timeline.prepend(arrivals))
                else:
                    await seen.pilot.pause()
            await seen.pilot.pause()
            # Ages are those of a day that is long gone.
            assert seen.rows[: len(before)] == before
            assert seen.at_cursor.attributes["step"] == OLDER + begin

    asyncio.run(look())


def test_who_leaves_the_end_is_not_taken_back_there(watch, event):
    """A key that comes right after new rows, before they are drawn, counts."""
    source = GivenSource(steps(0, 500))

    async def look(seen):
        source.come(*steps(500, 600))
        seen.log._tick()
        for _ in range(3):
            seen.log.action_page(-1)
        cursor = seen.log.log_view.cursor
        await seen.pilot.pause(0.3)
        assert seen.log.log_view.cursor == cursor
        top = seen.log.log_view.scroll_offset.y
        assert top <= cursor < top + seen.log.log_view.size.height

    watch(look, source)
