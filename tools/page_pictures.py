"""Take a picture of each view of the server's page, on the demo's events, wide and on a phone, dark and light.

    python -m tools.page_pictures FOLDER [VIEW ...]      to look at
    python -m tools.page_pictures --docs                  those in docs/images, anew

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

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "examples"))

from demo_run import running  # noqa: E402
from demo_server import running_server  # noqa: E402

# Its stack traces name the file as seen from here, not where somebody's checkout lies.
PROGRAM = f"name = 'examples/pipeline.py'; exec(compile(open({str(ROOT)!r} + '/' + name).read(), name, 'exec'))"
SIZES = {"wide": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}
SCHEMES = ("dark", "light")
# Small, so that whoever reads the documents need not load much.
DOCS = ROOT / "docs" / "images"
IN_DOCS = (
    ("live", {"width": 1000, "height": 480}, "dark"),
    ("tasks", {"width": 1000, "height": 540}, "light"),
    ("failed", {"width": 1000, "height": 620}, "dark"),
    ("cycles", {"width": 1000, "height": 900}, "light"),
    ("details", {"width": 360, "height": 640}, "dark"),
    ("tasks", {"width": 360, "height": 640}, "light"),
)
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


class Photographer:
    """Takes pictures of a server's page, to which it is logged in."""

    def __init__(self, browser: Browser, login: str) -> None:
        self._browser = browser
        self._address = f"{login.partition('/login')[0]}/"
        context = browser.new_context()
        context.new_page().goto(login)
        self._state: Any = context.storage_state()
        context.close()

    def take(self, view: str, viewport: Any, scheme: Any, path: Path) -> None:
        """Put a picture of *view* into *path*."""
        context = self._browser.new_context(viewport=viewport, color_scheme=scheme, storage_state=self._state)
        page = context.new_page()
        open_view(page, self._address, view)
        page.screenshot(path=path)
        context.close()

    def take_all(self, folder: Path, views: list[str]) -> None:
        """Put a picture of each of *views* in *folder*, in every size and scheme."""
        for size, viewport in SIZES.items():
            for scheme in SCHEMES:
                for view in views:
                    self.take(view, viewport, scheme, folder / f"{view}-{size}-{scheme}.png")

    def take_for_docs(self) -> None:
        """Take those anew that docs/page.md shows."""
        for view, viewport, scheme in IN_DOCS:
            size = "phone" if viewport["width"] < SIZES["wide"]["width"] / 2 else "wide"
            self.take(view, viewport, scheme, DOCS / f"page-{view}-{size}.png")


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
    is_for_docs = arguments == ["--docs"]
    if not arguments or set(arguments[1:]) - set(VIEWS) or (arguments[0].startswith("-") and not is_for_docs):
        print(f"{__doc__}\nVIEW is one of {', '.join(VIEWS)}", file=sys.stderr)
        return 2
    folder = DOCS if is_for_docs else Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        running_server(Path(scratch) / "events.jsonl") as server,
        sync_playwright() as playwright,
    ):
        with running([sys.executable, "-c", PROGRAM], {"OTEL_EXPORTER_OTLP_ENDPOINT": server.endpoint}) as program:
            program.communicate()
        options: Any = browser_options()
        browser = playwright.chromium.launch(**options)
        photographer = Photographer(browser, server.login)
        if is_for_docs:
            photographer.take_for_docs()
        else:
            photographer.take_all(folder, arguments[1:] or list(VIEWS))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
