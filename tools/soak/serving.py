"""The server as users run it, the program that sends to it, and what the system says of the server's process."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = 60  # seconds for the server to begin or to end
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Sample:
    """The server at one moment.

    Attributes:
        at: seconds since the beginning.
        rss: MiB in memory, parts of files included: of the index up to 256 MiB are mapped.
        own: MiB of it that are no file's.
        cpu: seconds of processor time.
        waited: seconds for which its threads were ready to run and had no processor: others had it.
        ledger: MiB of its files.
        index: MiB of its files.
    """

    at: float
    rss: float
    own: float
    cpu: float
    waited: float
    ledger: float
    index: float


@dataclass
class Served:
    """A running server."""

    process: subprocess.Popen[bytes]
    url: str
    token: str
    home: Path
    samples: list[Sample] = field(default_factory=list)

    @property
    def ledger_files(self) -> list[Path]:
        return sorted(self.home.glob("events*.jsonl"))

    def ask(self, path: str) -> Any:
        """Return what the API answers."""
        request = urllib.request.Request(f"{self.url}{path}", headers={"authorization": f"Bearer {self.token}"})  # noqa: S310  # our own address
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310
            return json.load(answer)

    def sample_until(self, ended: threading.Event, every: float) -> None:
        """Note how the server fares every so many seconds."""
        began = time.monotonic()
        while not ended.wait(every):
            self.samples.append(self._sample(time.monotonic() - began))

    def _sample(self, at: float) -> Sample:
        proc = Path("/proc") / str(self.process.pid)
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        rss, own = (int(status[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon"))
        user, system = (proc / "stat").read_text().rpartition(")")[2].split()[11:13]
        cpu = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
        index = (self.home / ".events.jsonl.index").glob("**/*")
        return Sample(at, rss, own, cpu, _waited(proc), _size(self.ledger_files) / _MIB, _size(index) / _MIB)

    def end(self) -> int:
        """Ask the server to stop, and return its exit code."""
        self.process.terminate()
        return self.process.wait(_PATIENCE)


@contextlib.contextmanager
def serving(home: Path, seconds: float) -> Iterator[Served]:
    """Run a server with its defaults until the end of the block; whatever happens, it ends some minutes after *seconds*."""
    port, token = str(_free_port()), secrets.token_hex()
    command = [sys.executable, "-m", "otel_events", "serve", "--port", port, "--otlp-port", port, "--grpc-port", "off"]
    # Nothing may leave because the soak is long: it would be missing in the count.
    command += ["--ledger", str(home / "events.jsonl"), "--keep-bytes", "1TiB"]
    bound = str(int(seconds) + 10 * _PATIENCE)
    env = environment(home, OTEL_EVENTS_SERVER_TOKEN=token, DEMO_SECONDS=bound)
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        try:
            served = Served(process, f"http://127.0.0.1:{port}", token, home)
            _wait_until_it_answers(served)
            yield served
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(_PATIENCE)


def start_emitting(served: Served, rate: float, count: int) -> subprocess.Popen[str]:
    """Start the program that emits; what it prints at its end says what became of its events."""
    env = environment(served.home / "program", OTEL_EXPORTER_OTLP_ENDPOINT=served.url)
    command = [sys.executable, "-m", "tools.soak.emitting", str(rate), str(count)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Return an environment in which nothing of the user's own settings holds."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "TRACE", "BAGGAGE"))}
    return {**kept, "XDG_STATE_HOME": str(home / "state"), "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", **variables}


def _wait_until_it_answers(served: Served) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and served.process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{served.url}/healthz", timeout=1):  # noqa: S310
            return
        time.sleep(0.05)
    raise RuntimeError((served.home / "server.log").read_text(errors="replace"))


def _waited(proc: Path) -> float:
    total = 0
    for thread in proc.glob("task/*/schedstat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            total += int(thread.read_text().split()[1])
    return total / 1e9


def _size(files: Any) -> int:
    total = 0
    for path in files:
        with contextlib.suppress(FileNotFoundError):  # rotated, or merged into the database, in this moment
            total += path.stat().st_size
    return total


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
