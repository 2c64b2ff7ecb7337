"""The real server, as a process of its own on free ports."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from tests.program import PATIENCE, environment

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "a-token-for-tests-0123456789"


@dataclass
class Served:
    """A running server."""

    process: subprocess.Popen
    ports: dict[str, int]
    home: Path

    @property
    def otlp(self):
        return f"http://127.0.0.1:{self.ports['otlp']}"

    @property
    def ledger(self):
        return self.home / "state" / "otel-events" / "events.jsonl"

    def post(self, path, body, **headers):
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            return client.post(
                f"{self.otlp}{path}",
                content=body,
                headers={
                    "content-type": "application/x-protobuf",
                    **{k.replace("_", "-"): v for k, v in headers.items()},
                },
            )

    def senders(self, **more):
        """What points a program at the server."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.otlp, "OTEL_EVENTS_SPOOL_DIR": str(self.home / "spool"), **more}

    def end(self):
        """Ask it to stop; return its exit code and what it said."""
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=PATIENCE)[0]
        return self.process.returncode, said

    def kill(self):
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)


def free_ports(count):
    """Ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def start(home, *arguments, ports=None, scheme="http", **env):
    """Start a server and wait until it serves."""
    ports = ports or dict(zip(("page", "otlp", "grpc"), free_ports(3), strict=True))
    command = [
        sys.executable,
        "-m",
        "otel_events",
        "serve",
        "--port",
        str(ports["page"]),
        "--otlp-port",
        str(ports["otlp"]),
    ]
    command += ["--grpc-port", str(ports["grpc"]), *arguments]
    environ = environment(home, OTEL_EVENTS_SERVER_TOKEN=TOKEN, **env)
    process = subprocess.Popen(
        command, env=environ, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    served = Served(process, ports, home)
    deadline = time.monotonic() + PATIENCE
    while not _answers(served, scheme):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(process.communicate()[0])
        time.sleep(0.05)
    return served


@contextmanager
def serving(home, *arguments, **options):
    """A server until the end of the block."""
    served = start(home, *arguments, **options)
    try:
        yield served
    finally:
        if served.process.poll() is None:
            served.process.kill()
            served.process.communicate()


def _answers(served, scheme):
    try:
        with httpx.Client(trust_env=False, verify=False, timeout=5) as client:
            return client.get(f"{scheme}://127.0.0.1:{served.ports['otlp']}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def is_posix():
    return os.name == "posix"
