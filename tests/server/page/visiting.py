"""A real server that holds events of a real program, and somebody in front of a browser."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.effort import usual_room
from tests.program import PATIENCE, ROOT, environment
from tests.server import served
from tests.server.served import SECRET

if TYPE_CHECKING:
    from collections.abc import Sequence

STORY = Path(__file__).with_name("story.py")
WIDE = {"width": 1440, "height": 900}


@dataclass(frozen=True)
class Site:
    """A running server, and where its programs write."""

    url: str
    otlp: str
    folder: Path

    def tell(self, *arguments: str) -> None:
        """Run the story, or repeat one event; it writes into the ledger that the server follows."""
        self._run(arguments)

    def send(self, *arguments: str, service: str = "storyteller") -> None:
        """Do the same, but send events and spans to the server."""
        self._run(arguments, OTEL_EXPORTER_OTLP_ENDPOINT=self.otlp, STORY_SERVICE=service)

    def post(self, name: str, indices: range, second: int | None = None) -> None:
        """Send events of one second, now if it is not said which, wherever that begins for the machine."""
        common = {"eventName": name, "timeUnixNano": f"{second or int(time.time())}000000000", "severityNumber": 9}
        records = [{**common, "attributes": [{"key": "index", "value": {"intValue": str(index)}}]} for index in indices]
        body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()
        request = urllib.request.Request(f"{self.otlp}/v1/logs", body, {"content-type": "application/json"})
        urllib.request.urlopen(request, timeout=PATIENCE).close()

    def _run(self, arguments: Sequence[str], **variables: str) -> None:
        # On a busy machine the usual two seconds of an end may leave some of what was said on the disk.
        env = environment(self.folder, OTEL_EVENTS_EXIT_TIMEOUT=str(PATIENCE), **usual_room(), **variables)
        told = subprocess.run(
            [sys.executable, str(STORY), *arguments], check=False, env=env, cwd=ROOT, timeout=PATIENCE
        )
        assert told.returncode == (-signal.SIGKILL if "killed" in arguments else 0)

    def text(self, path: str, **parameters: object) -> str:
        """Return what the API answers."""
        query = urllib.parse.urlencode(parameters)
        request = urllib.request.Request(f"{self.url}{path}?{query}", headers={"authorization": f"Bearer {SECRET}"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def events(self, **parameters: object) -> list[dict]:
        """Return events, the newest first."""
        return json.loads(self.text("/api/events", order="newest", **parameters))["events"]


@contextlib.contextmanager
def serving(folder: Path, *options: str):
    """Run a server until the block ends."""
    with served.serving(folder, "--fsync", "never", *options) as server:
        yield Site(server.url, server.otlp, folder)


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
            self.page.goto(f"{site.url}/?token={SECRET}")
        self.page.goto("about:blank")
        self.page.goto(f"{site.url}/{fragment}")
        return self.page


def until(page, expression: str) -> None:
    """Wait for what holds in the page. Asked from outside: the page's policy lets nobody evaluate anything within."""
    wait_for(lambda: page.evaluate(expression))


def address_of(page) -> str:
    """Return what stands in the address bar. Asked of the page: `page.url` is what playwright was told last, and while a test
    sleeps it hears nothing, so whoever waits for that may wait in vain."""
    return page.evaluate("location.href")
