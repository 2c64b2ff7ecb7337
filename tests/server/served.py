"""A server as users run it: a process of its own, and programs that send to it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx

ROOT = Path(__file__).resolve().parents[2]
SECRET = "correct-horse-battery-staple"


def environment(folder, **variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "TRACE", "BAGGAGE"))}
    path = os.pathsep.join(filter(None, (str(ROOT), kept.get("PYTHONPATH", ""))))
    return {**kept, "PYTHONPATH": path, "XDG_STATE_HOME": str(folder / "state"), "TZ": "UTC", **variables}


@contextmanager
def server_process(folder, *options, **variables):
    """Run `otel-events serve` until the end of the block; gives its addresses, a client with the token, and what it said."""
    ports = [_free_port(), _free_port()]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "otel_events",
            "serve",
            "--port",
            str(ports[0]),
            "--otlp-port",
            str(ports[1]),
            "--grpc-port",
            "off",
            *options,
        ],
        env=environment(
            folder, OTEL_EVENTS_SERVER_TOKEN=SECRET, OTEL_EVENTS_SERVER_LEDGER=str(folder / "events.jsonl"), **variables
        ),
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []
    listener = threading.Thread(target=lambda: said.extend(process.stderr), daemon=True)
    listener.start()
    url = f"http://127.0.0.1:{ports[0]}"
    try:
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {SECRET}"}, timeout=30) as client:
            _wait(url, process, said)
            yield SimpleNamespace(
                url=url, otlp=f"http://127.0.0.1:{ports[1]}", client=client, process=process, said=said, folder=folder
            )
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            process.kill()
            listener.join(5)
            process.stderr.close()


def run_program(server, script, *arguments, **variables):
    """Run a program that sends to *server*, to its end; it must say nothing but what it prints."""
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": server.otlp,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_SERVICE_NAME": "orchestrator",
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        check=False,
        env=environment(server.folder, **settings),
        cwd=server.folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return done.stdout


def login_link(server):
    """Return the link that the server printed."""
    return re.search(r"http://\S+code=\S+", "".join(server.said))[0]


def _wait(url, process, said):
    for _ in range(600):
        try:
            if httpx.get(f"{url}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert process.poll() is None, "".join(said)
        threading.Event().wait(0.05)
    raise AssertionError("the server does not answer")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
