"""Frequent types in the live view: one row a second with what it counts, and each event on demand."""

from __future__ import annotations

import re
import time

import pytest

from tests.server.page.visiting import until, wait_for

pytestmark = pytest.mark.slow

ROW = ".list .row"


def counts(page):
    return [int(re.sub(r"\D", "", text)) for text in page.locator(".row-count").all_inner_texts()]


def open_filtered(visitor, site, text):
    page = visitor.visit(site, f"#/live?filter={text}")
    page.wait_for_selector(ROW)
    page.get_by_text("Following", exact=True).wait_for()
    return page


def test_a_type_that_turns_out_to_be_frequent_has_no_single_rows(visitor, site):
    """Those that came before it was known to be frequent are counted too, whether the page was open or came later."""
    page = open_filtered(visitor, site, "task.*, flood.event")
    rows, second = page.locator(ROW).filter(has_text="flood.event"), int(time.time())
    site.post("flood.event", range(10), second)
    wait_for(lambda: rows.count() == 10)

    site.post("flood.event", range(10, 300), second)

    wait_for(lambda: counts(page) == [300])
    assert rows.count() == 1

    page.reload()
    wait_for(lambda: counts(page) == [300])
    assert rows.count() == 1


def test_a_counted_row_says_what_its_numbers_come_to(visitor, site):
    """Mean, least and most of each numeric attribute."""
    site.post("level.measured", range(30))
    page = open_filtered(visitor, site, "level.measured")

    page.locator(".row-details").get_by_text("mean index=14.5 (0 to 29)").wait_for()


def test_each_event_of_a_counted_row_is_shown_on_demand(visitor, site):
    """A click on the count shows them in its place, the rows above stand still; another counts them again."""
    page = open_filtered(visitor, site, "reward.computed")
    size = counts(page)[-1]
    rows = int(re.search(r"([\d,]+) rows?", page.locator(".toolbar-state").inner_text())[1])

    page.locator(".row-count").last.click()

    page.get_by_text(f"{rows - 1 + size} rows").wait_for()
    page.locator(".offer").get_by_text("Standing still").wait_for()
    page.get_by_role("button", name=f"Count these {size} events in one row").click()
    page.get_by_text(re.compile(rf"^ ?{rows} rows?")).wait_for()


def test_keys_open_and_close_a_counted_row(visitor, site):
    """Right shows each event, left counts them again and selects the count."""
    page = open_filtered(visitor, site, "reward.computed")
    page.keyboard.press("Enter")
    page.locator('.row-rollup[aria-selected="true"]').wait_for()

    page.keyboard.press("ArrowRight")
    page.locator('.row-part[aria-selected="true"]').wait_for()
    page.keyboard.press("j")
    until(page, "document.querySelectorAll('.row-part').length > 1")
    page.keyboard.press("ArrowLeft")

    page.locator('.row-rollup[aria-selected="true"]').wait_for()
    assert page.locator(".row-part").count() == 0


def test_a_link_to_a_counted_event_shows_it_by_itself(visitor, site):
    """Who is sent to one of many frequent events sees that one, selected, among the counts."""
    event = site.events(filter="reward.computed")[3]
    page = visitor.visit(site, f"#/live?filter=reward.computed&event={event['seq']}")

    page.locator(f'#row-{event["seq"]}[aria-selected="true"]').wait_for()


def test_events_before_few_rows_are_a_click_away(visitor, site):
    """Where counted rows fill no screen nobody can scroll back; older events can be loaded all the same."""
    site.tell("torrent.event", "12000")
    wait_for(lambda: site.events(filter="torrent.event index=11999"))  # else what is not stored yet comes by itself
    page = open_filtered(visitor, site, "torrent.event")
    before = sum(counts(page))
    assert before < 12_000

    page.get_by_role("button", name="Load older events").click()

    wait_for(lambda: sum(counts(page)) > before)
    page.locator(".offer").get_by_text("Standing still").wait_for()
