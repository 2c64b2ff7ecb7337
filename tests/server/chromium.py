"""The browser in which tests look at pages."""

from __future__ import annotations

import os
import shutil

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def browser_options() -> dict[str, object]:
    """Return how playwright launches it; where there is none skip the test, or fail it where CI is set."""
    path = os.environ.get("OTEL_EVENTS_TEST_BROWSER") or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium on this machine")
    return {"executable_path": path, "args": ["--no-sandbox"]}
