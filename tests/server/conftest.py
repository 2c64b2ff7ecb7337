"""What tests with programs in JavaScript need, and with pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.chromium import browser_options
from tests.server.node_packages import require_packages

JS = Path(__file__).with_name("js")


@pytest.fixture(scope="session")
def javascript():
    """The packages that JavaScript programs of the tests use come from the project's own lock file."""
    require_packages(JS)


@pytest.fixture(scope="module")
def browser():
    """Chromium, closed with the module: while it runs, its event loop is the thread's, and no test may run another."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(**browser_options())
        yield running
        running.close()
