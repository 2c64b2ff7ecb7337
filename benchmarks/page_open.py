"""A page that stays open while events come: frames while it follows and while it scrolls, and its memory.

    python -m benchmarks.page_open --minutes 10 --rate 2000

It needs playwright and a Chromium. Frames are counted beside those of an empty page, before and after, because on a busy machine
no page has all of them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "a-token-of-the-benchmark-0123456789"
SAMPLE = 20  # seconds in which frames are counted

SENDER = """
import random, sys, time
import otel_events as ev

rate, seconds = float(sys.argv[1]), float(sys.argv[2])
ev.configure(service_name="sender")
chance, began, sent = random.Random(1), time.monotonic(), 0
FEW = ("evidence.added", "state.mood", "decision", "rag.retrieval", "wave.result", "quality.check")
while (passed := time.monotonic() - began) < seconds:
    while sent < passed * rate:
        sent += 1
        draw = chance.random()
        if draw < 0.6:
            ev.emit("reward.computed", env_id=sent % 8, episode=sent // 1000, reward=draw)
        elif draw < 0.999:
            ev.emit(chance.choice(FEW), quality=draw, source=f"paper-{sent % 100}.pdf", task_id=f"t-{sent % 40}", persona="thesis")
        else:
            ev.emit("task.failed", task_id=f"t-{sent % 40}", severity="error")
    time.sleep(0.02)
print(sent, "sent")
"""

FRAMES = """(milliseconds) => new Promise((resolve) => {
  const gaps = []; let last = performance.now(); const end = last + milliseconds;
  const frame = (now) => { gaps.push(now - last); last = now;
    if (now < end) return requestAnimationFrame(frame);
    gaps.sort((a, b) => a - b);
    resolve({ fps: gaps.length * 1000 / milliseconds, p95: gaps[Math.floor(gaps.length * 0.95)], p99: gaps[Math.floor(gaps.length * 0.99)] }); };
  requestAnimationFrame(frame); })"""

SCROLL = """() => { const list = document.querySelector('.list'); let turn = 0;
  window.scrolling = setInterval(() => { list.scrollTop += (turn++ % 200 < 100 ? -60 : 60); }, 16); }"""


@dataclass(frozen=True)
class Sample:
    """What was seen at one moment.

    Attributes:
        minute: since the page was opened.
        following: frames while it follows.
        scrolling: frames while it is scrolled, with events still coming.
        heap: megabytes of the page after a collection.
        said: what the page says of itself.
    """

    minute: float
    following: dict[str, float]
    scrolling: dict[str, float]
    heap: float
    said: str

    def __str__(self) -> str:
        following, scrolling = (
            f"{one['fps']:.0f} fps (p99 {one['p99']:.0f} ms)" for one in (self.following, self.scrolling)
        )
        return f"{self.minute:5.1f} min  following {following}  scrolling {scrolling}  heap {self.heap:.1f} MB  {self.said}"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def _serving(home: Path) -> Iterator[str]:
    port = str(_free_port())
    env = {**os.environ, "OTEL_EVENTS_SERVER_TOKEN": TOKEN, "XDG_STATE_HOME": str(home)}
    command = [sys.executable, "-m", "otel_events", "serve", "--port", port, "--otlp-port", port, "--grpc-port", "off"]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen([*command, "--ledger", str(home / "events.jsonl")], env=env, stdout=log, stderr=log)
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(200):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=1):
                    break
                time.sleep(0.1)
            yield url
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(20)


def _sender(url: str, home: Path, rate: float, seconds: float) -> subprocess.Popen[bytes]:
    env = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": url, "XDG_STATE_HOME": str(home / "sender")}
    return subprocess.Popen([sys.executable, "-c", SENDER, str(rate), str(seconds)], env=env)


def _sample(page: Any, session: Any, opened: float) -> Sample:
    following = page.evaluate(FRAMES, SAMPLE * 1000)
    page.mouse.move(600, 500)
    page.mouse.wheel(0, -1500)
    page.locator(".offer").wait_for()
    page.evaluate(SCROLL)
    scrolling = page.evaluate(FRAMES, SAMPLE * 1000)
    page.evaluate("() => clearInterval(window.scrolling)")
    said = page.locator(".toolbar-state").inner_text()
    page.keyboard.press("G")
    session.send("HeapProfiler.collectGarbage")
    figures = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return Sample((time.monotonic() - opened) / 60, following, scrolling, figures["JSHeapUsedSize"] / 1e6, said)


def measure(minutes: float, rate: float, home: Path) -> list[Sample]:
    """Open the page, send, and look at it about once a minute."""
    from playwright.sync_api import sync_playwright

    browser_path = os.environ.get("OTEL_EVENTS_TEST_BROWSER") or shutil.which("chromium")
    samples = []
    with _serving(home) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        page.goto("about:blank")
        print("an empty page:", page.evaluate(FRAMES, 5000), flush=True)
        page.goto(f"{url}/?token={TOKEN}")
        page.goto(f"{url}/#/live")
        sender = _sender(url, home, rate, minutes * 60)
        opened = time.monotonic()
        try:
            while sender.poll() is None and (time.monotonic() - opened) / 60 < minutes:
                samples.append(_sample(page, session, opened))
                print(samples[-1], flush=True)
                time.sleep(max(0, min(60 - 2 * SAMPLE, minutes * 60 - (time.monotonic() - opened))))
        finally:
            sender.terminate()
            sender.wait(20)
        page.goto("about:blank")
        print("an empty page:", page.evaluate(FRAMES, 5000), flush=True)
        browser.close()
    return samples


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_open", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=2000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="otel-events-page-") as folder:
        samples = measure(arguments.minutes, arguments.rate, Path(folder))
    heaps = [sample.heap for sample in samples]
    print(
        f"heap: {min(heaps):.1f} to {max(heaps):.1f} MB over {arguments.minutes:g} minutes at {arguments.rate:g} events/s"
    )


if __name__ == "__main__":
    main()
