"""The real server, as users run it: a process of its own on free ports, and programs that send to it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from tests.effort import usual_room
from tests.program import PATIENCE, environment, send_rest

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "correct-horse-battery-staple"
BEARER = {"Authorization": f"Bearer {SECRET}"}


@dataclass
class Served:
    """A running server, what it has said, and a client that knows the token."""

    process: subprocess.Popen
    ports: dict[str, int]
    home: Path
    said: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.client = httpx.Client(base_url=self.url, headers=BEARER, timeout=PATIENCE, trust_env=False, verify=False)
        self._listener = threading.Thread(target=lambda: self.said.extend(self.process.stdout), daemon=True)
        self._listener.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.ports['page']}"

    @property
    def otlp(self):
        return f"http://127.0.0.1:{self.ports['otlp']}"

    @property
    def ledger(self):
        return self.home / "state" / "otel-events" / "events.jsonl"

    def post(self, path, body, **headers):
        """Post *body* to the port for OTLP, where no token is asked for."""
        headers = {"content-type": "application/x-protobuf", **{k.replace("_", "-"): v for k, v in headers.items()}}
        with httpx.Client(trust_env=False, verify=False, timeout=PATIENCE) as client:
            return client.post(f"{self.otlp}{path}", content=body, headers=headers)

    def senders(self, **more):
        """What points a program at the server."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.otlp, "OTEL_EVENTS_SPOOL_DIR": str(self.home / "spool"), **more}

    def end(self, by=signal.SIGTERM):
        """Ask it to stop; return its exit code and what it said."""
        self.process.send_signal(by)
        self.process.wait(PATIENCE)
        return self._ended()

    def kill(self):
        """Leave it no time for anything; return the same."""
        self.process.kill()
        self.process.wait(PATIENCE)
        return self._ended()

    def _ended(self):
        self._listener.join(PATIENCE)
        self.process.stdout.close()
        self.client.close()
        return self.process.returncode, "".join(self.said)


@contextmanager
def serving(home, *options, **more):
    """A server until the end of the block."""
    served = start(home, *options, **more)
    try:
        yield served
    finally:
        if served.process.poll() is None:
            served.end()


def start(home, *options, ports=None, scheme="http", **env):
    """Start a server and wait until it serves."""
    ports = ports or dict(zip(("page", "otlp", "grpc"), free_ports(3), strict=True))
    named = [f"--{'port' if name == 'page' else f'{name}-port'}={port}" for name, port in ports.items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "otel_events", "serve", *named, *options],
        env=environment(home, OTEL_EVENTS_SERVER_TOKEN=SECRET, TZ="UTC", **env),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    served = Served(process, ports, home)
    deadline = time.monotonic() + PATIENCE
    while not _answers(served, scheme):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(served.kill())
        time.sleep(0.05)
    return served


def run_serve(home, *arguments, **env):
    """Run `serve` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "otel_events", "serve", *arguments],
        env=environment(home, **env),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def run_program(server, script, *arguments, **variables):
    """Run a program that sends to *server*, to its end; it must say nothing but what it prints."""
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": server.otlp,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_SERVICE_NAME": "orchestrator",
        "OTEL_EVENTS_EXIT_TIMEOUT": str(PATIENCE),  # on a busy machine the usual two seconds may be too few
        **usual_room(),
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        check=False,
        env=environment(server.home, **settings),
        cwd=server.home,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    send_rest(server.home, **settings)
    return done.stdout


def free_ports(count):
    """Ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _answers(served, scheme):
    try:
        address = f"{scheme}://127.0.0.1:{served.ports['otlp']}/healthz"
        return httpx.get(address, trust_env=False, verify=False, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
