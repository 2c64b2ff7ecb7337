"""Run one build step: its output in a log, its progress as lines with elapsed time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SAY_EVERY_SECONDS = 20.0
_TAIL_LINES = 40


class BuildError(RuntimeError):
    """A build step failed; the message holds the end of its log and where the whole of it is."""


@dataclass(slots=True)
class Steps:
    """The steps of one backend's build, in order, sharing a log file and a clock."""

    name: str
    log: Path
    environment: Mapping[str, str]
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")

    def say(self, text: str) -> None:
        """Print one progress line."""
        print(f"[{time.monotonic() - self.started:5.0f} s] {self.name}: {text}", flush=True)

    def run(self, title: str, command: Sequence[str | Path], cwd: Path) -> None:
        """Run *command* to its end, or raise BuildError with the tail of its output."""
        self.say(title)
        with self.log.open("ab") as log:
            log.write(f"\n$ {' '.join(map(str, command))}\n".encode())
            log.flush()
            process = subprocess.Popen(
                _politely(command),
                cwd=cwd,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            self._wait(process, title)
        if process.returncode != 0:
            raise BuildError(self._report(title, process.returncode))

    def read(self, command: Sequence[str | Path], cwd: Path) -> str:
        """Return what *command* prints, or raise BuildError."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"\n$ {' '.join(map(str, command))}\n{done.stderr}")
        if done.returncode != 0:
            raise BuildError(self._report(str(command[1]), done.returncode) + f"\n{done.stdout}")
        return done.stdout

    def _wait(self, process: subprocess.Popen[bytes], title: str) -> None:
        try:
            while not _has_ended(process):
                self.say(f"{title} (still at it)")
        finally:
            if process.poll() is None:  # Ctrl-C: leave no compiler behind
                process.terminate()
                process.wait()

    def _report(self, title: str, code: int) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        tail = "\n".join(lines[-_TAIL_LINES:])
        return f"{self.name}: {title} failed with exit code {code}. The end of {self.log}:\n{tail}"


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_SAY_EVERY_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _politely(command: Sequence[str | Path]) -> list[str]:
    """Return *command* at low priority where the platform has a word for it: a build must not freeze the desk."""
    words = [str(part) for part in command]
    if sys.platform == "win32" or not os.access("/usr/bin/nice", os.X_OK):
        return words
    return ["/usr/bin/nice", "-n", "10", *words]
