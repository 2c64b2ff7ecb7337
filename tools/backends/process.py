"""One server process: started, waited for, stopped, and started again as it was."""

from __future__ import annotations

import atexit
import os
import subprocess
import time
from typing import TYPE_CHECKING

from .fetch import is_ok

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_POLL_SECONDS = 0.05
_TAIL_LINES = 40


class BackendError(RuntimeError):
    """A backend is not built, or does not start; the message says which and shows the end of its log."""


class ServerProcess:
    """A program that serves on fixed addresses, its output appended to a log file."""

    def __init__(
        self, name: str, command: Sequence[str | Path], settings: Mapping[str, str], health_url: str, log: Path
    ) -> None:
        self.name = name
        self.log = log
        self._command = [str(part) for part in command]
        self._settings = dict(settings)
        self._health_url = health_url
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self, timeout: float = 180.0) -> None:
        """Start and wait until healthy, or raise BackendError; does nothing while it runs."""
        if self.pid is not None:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C reaches our process, which then stops this one in an orderly way.
            self._process = subprocess.Popen(
                self._command,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        atexit.register(self.stop)
        self._wait_until_healthy(self._process, time.monotonic() + timeout)

    def stop(self, timeout: float = 30.0) -> None:
        """Ask it to end, and end it when it does not in time; does nothing when it is not running."""
        atexit.unregister(self.stop)
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """End it without a chance to finish anything, as a crash does."""
        if self._process is not None:
            self._process.kill()
        self.stop()

    def log_tail(self) -> str:
        """Return the last lines of its log."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL_LINES:])

    def _wait_until_healthy(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        while not is_ok(self._health_url):
            if process.poll() is not None:
                self.stop()
                raise BackendError(f"{self.name} ended with exit code {process.returncode}:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                self.stop()
                raise BackendError(f"{self.name} is not healthy at {self._health_url} in time:\n{self.log_tail()}")
            time.sleep(_POLL_SECONDS)
        if process.poll() is not None:  # then somebody else answered on our port
            raise BackendError(f"{self.name} ended with exit code {process.returncode}:\n{self.log_tail()}")

    def _environment(self) -> dict[str, str]:
        """Return our environment without OTEL_*: what the program under test is told must not steer the backends."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
        return {**inherited, **self._settings}
