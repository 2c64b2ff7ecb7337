"""Servers, and who visits them."""

from __future__ import annotations

import pytest

from tests.server.page.visiting import Visitor, serving, wait_for


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server to which the story was told."""
    with serving(tmp_path_factory.mktemp("site")) as running:
        running.tell()
        wait_for(lambda: any(event["event"] == "wibble.happened" for event in running.events(limit=5)))
        yield running


@pytest.fixture(scope="module")
def empty_site(tmp_path_factory):
    """A server that has not received anything."""
    with serving(tmp_path_factory.mktemp("empty")) as running:
        yield running


@pytest.fixture
def visitor(browser):
    """A visitor who must have heard no complaint of the browser's."""
    visitor = Visitor(browser)
    yield visitor
    visitor.context.close()
    assert visitor.complaints == []


@pytest.fixture
def live(visitor, site):
    """The live view, following."""
    page = visitor.visit(site)
    page.wait_for_selector(".list .row")
    page.get_by_text("Following", exact=True).wait_for()
    return page
