"""A page whose server goes away and comes back."""

from __future__ import annotations

import pytest

from tests.server.page.visiting import Site, Visitor
from tests.server.served import serving, start

pytestmark = pytest.mark.slow


def test_a_lost_connection_is_said_and_made_again(browser, tmp_path):
    """The page says when it tries again, tries at once where it is told to, and takes up what it missed."""
    visitor = Visitor(browser)
    with serving(tmp_path, "--fsync", "never") as running:
        site = Site(running.url, running.otlp, tmp_path)
        site.tell("before.event", "1")
        page = visitor.visit(site)
        page.get_by_text("Following", exact=True).wait_for()

        running.end()
        page.get_by_text("Connection lost, trying again").wait_for()
        assert page.locator(".connection.is-lost").count() == 1
        site.tell("meanwhile.event", "3")
        page.get_by_role("button", name="Try now").wait_for()  # once the waits are longer than a moment
        again = start(tmp_path, "--fsync", "never", ports=running.ports)
        try:
            page.locator(".connection.is-open").wait_for()
            page.get_by_text("Following", exact=True).wait_for()
            page.locator(".row-name", has_text="meanwhile.event").nth(2).wait_for()
        finally:
            again.end()
    visitor.context.close()


def test_an_empty_page_without_a_server_promises_nothing(browser, tmp_path):
    """No event can appear within a tenth of a second while nobody is there to send it."""
    visitor = Visitor(browser)
    with serving(tmp_path, "--fsync", "never") as running:
        page = visitor.visit(Site(running.url, running.otlp, tmp_path))
        page.get_by_text("within a tenth of a second").wait_for()

        running.end()

        page.get_by_text("There is no connection to the server").wait_for()
        assert page.get_by_text("within a tenth of a second").count() == 0
    visitor.context.close()


def test_a_page_that_opens_with_a_mistake_does_not_wait_for_a_connection(visitor, site):
    """It says what it waits for, and follows as soon as the filter can be read."""
    page = visitor.visit(site, "#/live?filter=severity>=loud")
    page.locator(".toolbar").get_by_text("This filter cannot be read").wait_for()

    page.get_by_title("Clear the filter").click()

    page.get_by_text("Following", exact=True).wait_for()
