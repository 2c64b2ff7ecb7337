"""The bench's own child processes: started in a clean environment, ended when their standard input closes."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
_PATIENCE = 5.0


class WorkerError(RuntimeError):
    """A worker could not do what it was told."""


def environment(home: Path, **env: str) -> dict[str, str]:
    """Return the environment without anything of OpenTelemetry's, and with *home* as the user's home."""
    foreign = ("OTEL_", "LOGFIRE_", "TRACEPARENT", "TRACESTATE", "BAGGAGE")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has its bytecode
    state = str(home / "state")
    return {**kept, "HOME": str(home), "XDG_STATE_HOME": state, "LOCALAPPDATA": state, "PYTHONPATH": str(ROOT), **env}


class _Child:
    def __init__(self, module: str, *arguments: str, home: Path) -> None:
        self._log = home / f"{module}.log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=environment(home),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            tail = self._log.read_text(errors="replace").strip().splitlines()[-3:]
            raise WorkerError("the process ended: " + " | ".join(tail))
        return line

    def write(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            self.read()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):  # it has ended before us
            self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class Acceptor(_Child):
    """The acceptor's process."""

    def __init__(self, home: Path) -> None:
        super().__init__("benchmarks.acceptor", home=home)
        self.port = int(self.read())

    def url(self, key: str) -> str:
        """Return the base URL for what is counted as *key*."""
        return f"http://127.0.0.1:{self.port}/{key}"

    def tell(self, key: str, what: str = "count") -> dict[str, Any]:
        """Return what came for *key*; *what* may also be `hang` or `release`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", f"/_control/{what}/{key}", b"")
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return answer


class Worker(_Child):
    """A process in which one subject is measured."""

    def __init__(self, subject: str, endpoint: str, home: Path, options: dict[str, Any]) -> None:
        directory = Path(tempfile.mkdtemp(prefix=f"{subject}-", dir=home))
        place = {"endpoint": endpoint, "directory": str(directory), "options": options}
        super().__init__("benchmarks.worker", subject, json.dumps(place), home=directory)

    def do(self, measure: str, **arguments: Any) -> dict[str, Any]:
        """Have the worker do one measurement, and return its figures."""
        self.write(json.dumps({"measure": measure, "arguments": arguments}))
        answer: dict[str, Any] = json.loads(self.read())
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder for everything that the bench writes, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="otel-events-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
