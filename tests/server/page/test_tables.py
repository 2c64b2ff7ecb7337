"""Tables of the page: of a type by its attributes, sorted, and led through by keys."""

from __future__ import annotations

import pytest

from tests.server.page.visiting import address_of, serving, until

pytestmark = pytest.mark.slow


def prompts(visitor, site):
    """The table of prompts and their responses."""
    page = visitor.visit(site, "#/types?name=llm.interaction")
    page.locator("td .value-long").first.wait_for()
    return page


def test_a_type_is_a_table_of_its_attributes(visitor, site):
    """Its attributes are columns, long texts are folded, and a search in all of them finds a needle."""
    page = prompts(visitor, site)

    assert {"model", "prompt", "response", "file_path"} <= set(page.locator("th").all_inner_texts())
    fold = page.locator("td .value-long button").first
    fold.click()
    assert page.locator("td .value-long").first.inner_text().count("needle") == 40
    page.get_by_label("Search in all texts").fill("chapter 2")
    until(page, "document.querySelectorAll('tbody tr').length === 1")


@pytest.mark.parametrize(
    ("view", "table", "column"),
    [
        ("#/types?name=reward.computed", "Events of type reward.computed", "reward"),
        ("#/tasks", "Tasks, the newest first", "Took"),
        ("#/cycles", "Cycles, the newest first", "Events"),
        ("#/errors", "Groups of errors", "Count"),
        ("#/catalogue", "Event types", "Seen"),
        ("#/health", "Writers", "Received"),
    ],
)
def test_a_table_is_sorted_by_its_column(visitor, site, view, table, column):
    """By a click on its head or by the keyboard: the largest first, then the smallest, then as before; the address says it."""
    page = visitor.visit(site, view)
    head = page.get_by_label(table, exact=True).get_by_role("columnheader", name=column, exact=True)
    head.wait_for()
    assert head.get_attribute("aria-sort") == "none"

    head.get_by_role("button").click()

    page.locator("th[aria-sort=descending]").wait_for()
    assert "sort" in address_of(page)
    page.reload()
    page.locator("th[aria-sort=descending]").wait_for()
    head.get_by_role("button").press("Enter")
    page.locator("th[aria-sort=ascending]").wait_for()
    head.get_by_role("button").press(" ")
    page.locator("th[aria-sort=ascending]").wait_for(state="detached")


def test_the_rows_of_a_sorted_table_are_in_its_order(visitor, site):
    """Numbers by their size, whatever they look like."""
    page = visitor.visit(site, "#/types?name=reward.computed&sort=reward")
    page.locator("th[aria-sort=ascending]").wait_for()
    place = page.get_by_role("columnheader").all_inner_texts().index("reward")

    cells = page.locator(f"tbody td:nth-child({place + 1})").all_inner_texts()

    assert [float(text.replace("−", "-")) for text in cells] == sorted(float(text.replace("−", "-")) for text in cells)


def test_a_table_of_the_newest_says_so(visitor, tmp_path):
    """And that sorting them does not bring the largest of all to the top."""
    with serving(tmp_path) as site:
        site.tell("brick.laid", "230")
        page = visitor.visit(site, "#/types?name=brick.laid")
        page.get_by_text("The newest 200 of 230.").wait_for()
        page.get_by_role("columnheader", name="index").get_by_role("button").click()

        page.get_by_text("The newest 200 of 230, sorted among themselves").wait_for()
        page.goto("about:blank")  # before its server goes


def test_j_k_and_enter_lead_through_a_table(visitor, site):
    """Row by row, without the mouse; Enter chooses, as a click does."""
    page = prompts(visitor, site)
    for key in "jjk":
        page.keyboard.press(key)
    assert page.evaluate("[...document.querySelectorAll('tbody tr')].indexOf(document.activeElement)") == 0

    page.keyboard.press("Enter")

    page.locator(".details h2", has_text="llm.interaction").wait_for()
