"""The demo's server: a receiver, a ledger and a page of this machine, for as long as somebody looks."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo_run import DemoError, running, say

from otel_events.server.access.opening import open_access
from otel_events.server.access.token import keep_token
from otel_events.server.settings import resolve_server_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PORT = 5001
_SLICE = 0.2  # seconds between two looks at whether the server still runs


@dataclass(frozen=True, slots=True)
class DemoServer:
    """A server that runs.

    Attributes:
        login: the address of its page, which logs in once.
        endpoint: where it takes OTLP.
        token_file: holds what opens it.
    """

    login: str
    endpoint: str
    token_file: Path
    process: subprocess.Popen[str]

    def new_login(self) -> str:
        """Return another address that logs in, once and soon."""
        settings = resolve_server_settings({"token_file": str(self.token_file)}, {})
        return open_access(settings, lambda _: None, time.time).login_link(self.login.partition("/login")[0])

    def stay(self, seconds: float) -> None:
        """Wait until Ctrl-C, or for *seconds*."""
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                if self.process.poll() is not None:
                    raise DemoError(f"the server ended by itself, with exit code {self.process.returncode}")
                time.sleep(min(_SLICE, max(0.0, until - time.monotonic())))
        except KeyboardInterrupt:
            say("")


@contextmanager
def running_server(ledger: Path) -> Iterator[DemoServer]:
    """Start a server that keeps its events in *ledger*, and end it with the block; raise DemoError if it does not start."""
    port = str(_PORT if _is_free(_PORT) else 0)
    command = [sys.executable, "-m", "otel_events", "serve", "--ledger", str(ledger), "--grpc-port", "off"]
    # A token of its own: what the user's other servers are opened with is none of the demo's business. In a file, for
    # `serve --print-login` to find it.
    token_file = ledger.with_name("token")
    keep_token(token_file)
    command += ["--token-file", str(token_file), "--port", port, "--otlp-port", port]
    with running(command, {"DEMO_SECONDS": ""}, stderr=subprocess.PIPE) as process:
        yield _introduced(process, token_file)
        process.send_signal(signal.SIGTERM)
        process.communicate()


def open_browser(address: str) -> bool:
    """Open *address* in a browser with windows; return False if there is none, or nobody who would look at it."""
    has_windows = sys.platform in {"win32", "darwin"} or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    try:
        return has_windows and sys.stdout.isatty() and webbrowser.open(address)
    except webbrowser.Error:
        return False


def seconds_to_stay() -> float:
    """Return DEMO_SECONDS; without it for ever at a terminal, and no time elsewhere: nobody could end it there."""
    given = os.environ.get("DEMO_SECONDS", "")
    try:
        return float(given) if given else float("inf") if sys.stdout.isatty() else 0.0
    except ValueError as error:
        raise DemoError(f"DEMO_SECONDS must be a number of seconds, not {given!r}") from error


def _introduced(process: subprocess.Popen[str], token_file: Path) -> DemoServer:
    """Return what the server says of itself when it begins."""
    assert process.stderr is not None
    said: dict[str, str] = {}
    lines = []
    for line in process.stderr:
        lines.append(line)
        what, _, where = line.partition(" ")
        said[what] = where.strip()
        if what == "ledger":
            return DemoServer(said["page"], said["OTLP"], token_file, process)
    raise DemoError(f"otel-events serve did not start: {''.join(lines).strip()}")


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        if sys.platform != "win32":  # where it would allow two to listen at the same port
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
