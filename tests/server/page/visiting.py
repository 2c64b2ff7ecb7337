"""A real server that holds events of a real program, and somebody in front of a browser."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.program import PATIENCE, ROOT, environment

STORY = Path(__file__).with_name("story.py")
TOKEN = "a-token-of-the-tests-0123456789"
WIDE = {"width": 1440, "height": 900}


@dataclass(frozen=True)
class Site:
    """A running server, and where its programs write."""

    url: str
    ledger: Path
    home: Path

    def tell(self, *arguments: str) -> None:
        """Run the story, or repeat one event."""
        program = [sys.executable, str(STORY), *arguments]
        env = environment(self.home, OTEL_EVENTS_LEDGER_PATH=str(self.ledger))
        subprocess.run(program, check=True, env=env, cwd=ROOT, timeout=PATIENCE)

    def text(self, path: str, **parameters: object) -> str:
        """Return what the API answers."""
        query = urllib.parse.urlencode(parameters)
        request = urllib.request.Request(f"{self.url}{path}?{query}", headers={"authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def events(self, **parameters: object) -> list[dict]:
        """Return events, the newest first."""
        return json.loads(self.text("/api/events", order="newest", **parameters))["events"]


@contextlib.contextmanager
def serving(home: Path):
    """Run the server until the block ends."""
    port, ledger = free_port(), home / "events.jsonl"
    arguments = ["serve", "--port", str(port), "--otlp-port", str(port), "--ledger", str(ledger), "--fsync", "never"]
    arguments += ["--grpc-port", "off"]
    env = environment(home, OTEL_EVENTS_SERVER_TOKEN=TOKEN, DEMO_SECONDS="900")
    log = home / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "otel_events", *arguments], env=env, cwd=ROOT, stdout=out, stderr=out
        )
        try:
            site = Site(f"http://127.0.0.1:{port}", ledger, home)
            wait_for(lambda: process.poll() is not None or answers(f"{site.url}/healthz"))
            assert process.poll() is None, log.read_text()
            yield site
        finally:
            process.terminate()
            process.wait(PATIENCE)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def wait_for(condition) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("it did not happen")
        time.sleep(0.05)


class Visitor:
    """Somebody in front of the browser."""

    def __init__(self, browser, **options) -> None:
        self.context = browser.new_context(**{"viewport": WIDE, "color_scheme": "dark", **options})
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self._hear(said))

    def _hear(self, said) -> None:
        # A request that was refused is said by the browser; what the page makes of it is the tests' matter.
        if said.type == "error" and "Failed to load resource" not in said.text:
            self.complaints.append(said.text)

    def visit(self, site: Site, fragment: str = "#/live"):
        """Open a view, logged in."""
        if not self.context.cookies():
            self.page.goto(f"{site.url}/?token={TOKEN}")
        self.page.goto("about:blank")
        self.page.goto(f"{site.url}/{fragment}")
        return self.page


def until(page, expression: str) -> None:
    """Wait for what holds in the page. Asked from outside: the page's policy lets nobody evaluate anything within."""
    wait_for(lambda: page.evaluate(expression))
