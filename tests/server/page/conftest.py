"""A browser, servers, and who visits them."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.server.page.visiting import Visitor, serving, wait_for

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser():
    """Chromium, closed with the module: while it runs, its event loop is the thread's, and no test may run another."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = os.environ.get("OTEL_EVENTS_TEST_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


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
