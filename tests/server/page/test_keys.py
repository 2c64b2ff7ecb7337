"""The keys of the live view, as somebody without a mouse uses them."""

from __future__ import annotations

import re

import pytest

from tests.server.page.visiting import address_of, wait_for

pytestmark = pytest.mark.slow


def selected_row(page):
    """The id of the row that is selected."""
    return page.locator('.row[aria-selected="true"]').get_attribute("id")


def test_e_goes_from_error_to_error(live):
    """`E` and `e` select errors, and pass over everything else."""
    live.keyboard.press("E")
    live.locator('.row[aria-selected="true"].level-error').wait_for()
    last = address_of(live)
    live.keyboard.press("E")
    wait_for(lambda: address_of(live) != last)
    live.locator('.row[aria-selected="true"].level-error').wait_for()
    live.keyboard.press("e")

    wait_for(lambda: address_of(live) == last)


def test_j_k_enter_and_esc(live):
    """Keys alone lead through the list and into the details and out again."""
    live.keyboard.press("Enter")
    live.locator(".details h2").wait_for()
    newest = address_of(live)
    live.keyboard.press("k")
    wait_for(lambda: address_of(live) != newest)
    live.keyboard.press("j")
    wait_for(lambda: address_of(live) == newest)
    live.keyboard.press("Escape")
    live.locator(".details").wait_for(state="detached")
    live.keyboard.press("Escape")

    live.get_by_text("Following", exact=True).wait_for()


def test_keys_that_are_pressed_at_once_are_all_heard(live):
    """Each goes on from what the one before has done, drawn or not."""
    live.keyboard.press("Enter")
    newest = selected_row(live)
    live.evaluate(
        """() => { for (const key of "kkkkkjj") document.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true})) }"""
    )

    live.locator(f'.row[aria-selected="true"]:not(#{newest})').wait_for()
    ids = live.evaluate(
        "[...document.querySelectorAll('.list .row')].sort((a, b) => a.offsetTop - b.offsetTop).map((row) => row.id)"
    )
    assert ids.index(newest) - ids.index(selected_row(live)) == 3


def test_enter_gives_the_keys_back(live):
    """What is typed after a filter was applied goes to the list, not into the filter."""
    live.keyboard.press("/")
    live.keyboard.type("task.failed")
    live.keyboard.press("Enter")
    wait_for(lambda: "task.failed" in address_of(live))
    live.keyboard.press("j")

    live.locator('.row[aria-selected="true"]', has_text="task.failed").wait_for()
    assert live.get_by_label("Filter events").input_value() == "task.failed"


def test_keys_wait_for_the_rows_of_a_new_filter(live):
    """What is pressed while a slow server looks for them goes to those rows, not to the ones of before."""
    asked = []
    wanted = re.compile("/api/events.*task.failed")
    live.route(wanted, lambda route: asked.append(route), times=1)
    live.keyboard.press("/")
    live.keyboard.type("task.failed")
    with live.expect_request(wanted):
        live.keyboard.press("Enter")
    live.keyboard.press("j")
    assert "event=" not in address_of(live)
    asked.pop().continue_()

    live.locator('.row[aria-selected="true"]', has_text="task.failed").wait_for()


def test_the_help_has_the_keys_to_itself(live):
    """Esc closes it, and neither goes on with a list that was paused nor closes the details behind it."""
    live.keyboard.press("Enter")
    live.locator(".details h2").wait_for()
    live.keyboard.press("?")
    live.get_by_role("dialog").wait_for()
    for key in ("j", "k", "G", "2", "Escape"):
        live.keyboard.press(key)
    live.get_by_role("dialog").wait_for(state="detached")

    assert live.locator(".details h2").count() == 1
    assert live.get_by_text("Following", exact=True).count() == 0


def test_the_question_mark_explains_the_keys(live):
    """`?` opens the help, Esc closes it."""
    live.keyboard.press("?")
    live.get_by_role("dialog").get_by_text("next, previous error").wait_for()
    live.keyboard.press("Escape")

    live.get_by_role("dialog").wait_for(state="detached")
