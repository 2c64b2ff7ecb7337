"""The live view in a real browser: its frames while it follows and while it is scrolled, what they cost, and its heap."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tools.soak.tracing import Work, traced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tools.soak.serving import Served

_TRACED = 3000  # milliseconds; apart from the frames that are counted, since a trace costs some
_FRAMES = """(milliseconds) => new Promise((resolve) => {
  const gaps = []; let last = performance.now(); const began = last;
  const frame = (now) => { gaps.push(now - last); last = now;
    if (now < began + milliseconds) return requestAnimationFrame(frame);
    gaps.sort((a, b) => a - b);
    resolve({ fps: gaps.length * 1000 / (now - began), p99: gaps[Math.floor(gaps.length * 0.99)] }); };
  requestAnimationFrame(frame); })"""

# Of the rows that a frame is about to show and the one before had not, ten that are as far from each other: the list has no
# more in the document than can be seen, and the program is as fast as told.
_DELAYS = """(milliseconds) => new Promise((resolve) => {
  const delays = [], until = performance.now() + milliseconds, midnight = new Date().setHours(0, 0, 0, 0);
  const ofDay = (text) => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 1000;
  const newest = () => ofDay([...document.querySelectorAll('.list .row-time')].map((each) => each.textContent).sort().pop() ?? '');
  let before = newest();
  const frame = () => {
    const now = Date.now() - midnight, latest = newest();
    for (let part = 1; before && latest > before && part <= 10; part++) delays.push(now - (before + (latest - before) * part / 10));
    before = latest;
    performance.now() < until ? requestAnimationFrame(frame) : resolve(delays); };
  requestAnimationFrame(frame); })"""

_SCROLL = """() => { const list = document.querySelector('.list'); let turn = 0;
  window.scrolling = setInterval(() => { list.scrollTop += (turn++ % 200 < 100 ? -60 : 60); }, 16); }"""


@dataclass(frozen=True, slots=True)
class PageSample:
    """The page at one moment.

    Attributes:
        at: seconds since the page was opened.
        delays: milliseconds from `emit` to a frame with the row, while it follows.
        following: frames a second while it follows.
        scrolling: frames a second while it is scrolled and events wait.
        worst: milliseconds between two frames while it is scrolled; one in a hundred is longer.
        work: what a frame cost while it was scrolled.
        heap: megabytes of JavaScript's, after a collection.
        said: what the page says of itself.
    """

    at: float
    delays: Sequence[float]
    following: float
    scrolling: float
    worst: float
    work: Work
    heap: float
    said: str


class OpenPage:
    """The live view with a row for every event, open for as long as the soak goes on."""

    def __init__(self, page: Any, session: Any, served: Served) -> None:
        self._page, self._session = page, session
        self.complaints: list[str] = []
        self.empty = [page.evaluate(_FRAMES, 3000)["fps"]]
        self.samples: list[PageSample] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{served.url}/?token={served.token}")
        # With frequent types counted there are few rows a second, and that is no load for a page.
        page.goto(f"{served.url}/#/live?rollup=off")
        self._opened = time.monotonic()

    def sample(self, seconds: float) -> None:
        """Look at it for so many seconds: a quarter while it follows, then while it is scrolled; and how late rows are for as long."""
        delays = self._page.evaluate(_DELAYS, seconds * 1000)
        following = self._page.evaluate(_FRAMES, seconds * 250)
        self._scroll_back()
        self._page.evaluate(_SCROLL)
        scrolling = self._page.evaluate(_FRAMES, seconds * 750)
        work = traced(self._page, lambda: self._page.wait_for_timeout(_TRACED))
        self._page.evaluate("() => clearInterval(window.scrolling)")
        said = self._page.locator(".toolbar-state").inner_text()
        self._page.keyboard.press("G")
        at = time.monotonic() - self._opened
        self.samples.append(
            PageSample(
                at,
                delays,
                following["fps"],
                scrolling["fps"],
                scrolling["p99"],
                work,
                self._heap(),
                " ".join(said.split()),
            )
        )
        print(replace(self.samples[-1], delays=[max(delays)]), file=sys.stderr, flush=True)

    def _scroll_back(self) -> None:
        from playwright.sync_api import TimeoutError as NotSeenError

        self._page.mouse.move(600, 500)
        for last in (False,) * 9 + (True,):
            self._page.mouse.wheel(0, -1500)
            try:
                self._page.locator(".offer").wait_for(timeout=5_000)
            except NotSeenError:  # a busy machine's page may have no rows yet to scroll
                if last:
                    raise
            else:
                return

    def leave(self) -> None:
        """See once more what an empty page has: on a busy machine no page has all frames."""
        self._page.goto("about:blank")
        self.empty.append(self._page.evaluate(_FRAMES, 3000)["fps"])

    def _heap(self) -> float:
        self._session.send("HeapProfiler.collectGarbage")
        figures = {each["name"]: each["value"] for each in self._session.send("Performance.getMetrics")["metrics"]}
        return float(figures["JSHeapUsedSize"]) / 1e6


@contextlib.contextmanager
def page_open(served: Served) -> Iterator[OpenPage]:
    """Open the live view in a browser of its own, closed at the end of the block."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("OTEL_EVENTS_TEST_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        yield OpenPage(page, session, served)
        browser.close()
