"""The details of one event, as somebody reads and uses them."""

from __future__ import annotations

import json

import pytest

from tests.server.page.visiting import Visitor

pytestmark = pytest.mark.slow
ROW = ".list .row"


def test_details_show_values_as_the_program_wrote_them(visitor, site):
    """Large integers and whole floats keep their digits; each value says its kind."""
    event = site.events(filter="task.completed task_id=draft-3")[0]
    page = visitor.visit(site, f"#/live?event={event['seq']}")
    page.locator(".details h2").wait_for()

    assert page.locator(".pair", has_text="big").locator(".value").inner_text() == str(2**53 + 1)
    assert page.locator(".pair", has_text="whole").locator(".value").inner_text() == "1.0"
    assert page.locator(".pair", has_text="whole").locator(".kind").inner_text() == "double"


@pytest.mark.parametrize("width", [1280, 360])
def test_a_stack_is_seen_whole_at_any_width(browser, site, width):
    """Long lines are wrapped: the number of a line, at their end, is never cut off."""
    visitor = Visitor(browser, viewport={"width": width, "height": 740})
    event = site.events(filter="task.failed task_id=draft-2")[0]
    page = visitor.visit(site, f"#/live?event={event['seq']}")
    stack = page.locator(".details .stack pre")
    stack.wait_for()

    assert stack.evaluate("stack => stack.scrollWidth <= stack.clientWidth")
    visitor.context.close()


def test_neighbours_of_the_same_task_stand_beside_an_event(visitor, site):
    """The details lead to what happened before and after in the task."""
    event = site.events(filter="task.failed")[0]
    page = visitor.visit(site, f"#/live?event={event['seq']}")

    page.locator(".details .event-line", has_text="task.started").click()

    page.locator(".details h2", has_text="task.started").wait_for()


def test_an_event_is_copied_as_json_filter_and_link(browser, site):
    """What is copied is the ledger's line, a filter, and an address that shows the event again."""
    visitor = Visitor(browser, permissions=["clipboard-read", "clipboard-write"])
    event = site.events(filter="task.failed")[0]
    page = visitor.visit(site, f"#/live?event={event['seq']}")

    def copied(button, said):
        page.get_by_role("button", name=button).click()
        page.locator(".notice span", has_text=said).wait_for()  # not what was said of the one before
        return page.evaluate("navigator.clipboard.readText()")

    assert json.loads(copied("Copy JSON", "JSON copied")) == event
    assert copied("Copy as filter", "Filter task.failed") == "task.failed task_id=draft-2"
    page.goto("about:blank")
    page.goto(f"{site.url}/#/live?event={event['seq']}")
    page.goto(copied("Copy link", "Link copied"))
    page.locator(".details h2", has_text="task.failed").wait_for()
    visitor.context.close()


def test_the_content_of_an_event_is_never_markup(visitor, site):
    """Tags in an event are text, in the list, in the details and in tables."""
    event = site.events(filter="wibble.happened")[0]
    for fragment in (f"#/live?event={event['seq']}", f"#/types?name=wibble.happened&event={event['seq']}"):
        page = visitor.visit(site, fragment)
        page.locator(".details-message", has_text="<img src=x").wait_for()

        assert page.locator("#app img, #app script").count() == 0
        assert page.title() in {"Live - otel-events", "Types - otel-events"}
