"""Take a picture of each view of the server's page, on the demo's events, wide and on a phone, dark and light.

    python -m tools.page_pictures FOLDER [VIEW ...]

It runs examples/pipeline.py against a server of its own, as `make demo` does. Needs playwright and a Chromium.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from tests.server.chromium import browser_options

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))

from demo_run import run_pipeline  # noqa: E402
from demo_server import running_server  # noqa: E402

SIZES = {"wide": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}
SCHEMES = ("dark", "light")
# Where each view is, what has to be there before it is shown, and the keys that lead on from there.
VIEWS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "live": ("#/live", ".list .row", ()),
    "filtered": ("#/live?filter=task.*%20severity%3E%3Dwarn", ".list .row", ()),
    "mistake": ("#/live?filter=task.*%20severity%3E%3Dloud", ".filter-problem", ()),
    "details": ("#/live?filter=task.failed", ".list .row", ("Enter",)),
    "hidden": ("#/live?filter=no.such.event", ".empty h2", ()),
    "types": ("#/types", ".name-tile", ()),
    "type": ("#/types?name=evidence.*", "tbody tr", ()),
    "tasks": ("#/tasks", ".lanes .bar", ()),
    "story": ("#/tasks?task=draft-2", ".waterfall .bar", ()),
    "failed": ("#/tasks?task=challenge-2", ".waterfall .bar", ()),
    "cycles": ("#/cycles", ".cycle-stage", ()),
    "errors": ("#/errors", "td .error-what", ()),
    "alerts": ("#/alerts", "td .badge", ()),
    "catalogue": ("#/catalogue", "td a", ()),
    "never": ("#/catalogue?show=never", "td a", ()),
    "unknown": ("#/catalogue?show=unknown", ".page h1", ()),
    "health": ("#/health", ".tile-value", ()),
    "help": ("#/tasks", ".lanes .bar", ("?",)),
}


def take_all(browser: Browser, login: str, page_address: str, folder: Path, views: list[str]) -> None:
    """Put a picture of each of *views* in *folder*, in every size and scheme."""
    context = browser.new_context()
    context.new_page().goto(login)
    state: Any = context.storage_state()
    context.close()
    for size, viewport in SIZES.items():
        for scheme in SCHEMES:
            context = browser.new_context(viewport=viewport, color_scheme=scheme, storage_state=state)
            page = context.new_page()
            for view in views:
                open_view(page, page_address, view)
                page.screenshot(path=folder / f"{view}-{size}-{scheme}.png")
            context.close()


def open_view(page: Page, address: str, view: str) -> None:
    """Show *view*, and wait until it is there."""
    fragment, awaited, keys = VIEWS[view]
    page.goto("about:blank")
    page.goto(address + fragment)
    page.locator(awaited).first.wait_for()
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)  # until fonts and curves are drawn


def main(arguments: list[str]) -> int:
    """Take the pictures that *arguments* ask for; return the exit code."""
    if not arguments or set(arguments[1:]) - set(VIEWS):
        print(f"{__doc__}\nVIEW is one of {', '.join(VIEWS)}", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        running_server(Path(scratch) / "events.jsonl") as server,
        sync_playwright() as playwright,
    ):
        run_pipeline({"OTEL_EXPORTER_OTLP_ENDPOINT": server.endpoint})
        browser = playwright.chromium.launch(**browser_options())
        take_all(browser, server.login, f"{server.login.partition('/login')[0]}/", folder, arguments[1:] or list(VIEWS))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
