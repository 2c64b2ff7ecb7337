"""Where faults are tried: fresh directories, the real Collector, and programs that are ended by their pid."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tests.program import ROOT, environment
from tools.backends.collector import Collector
from tools.faults.on_disk import count_waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVICE = "faults"
_PATIENCE = 120.0  # seconds; reached only by a program that hangs
_SUCCESSORS = 8


@dataclass(frozen=True, slots=True)
class Ended:
    """What a program left behind.

    Attributes:
        code: its exit code.
        said: its last line, as JSON; empty if it said nothing.
        warned: what it wrote to stderr.
        exit_seconds: from its last line to its end.
    """

    code: int
    said: dict[str, Any]
    warned: str
    exit_seconds: float

    @property
    def stats(self) -> dict[str, Any]:
        """Its own counts, or RuntimeError with what it wrote instead."""
        if "stats" not in self.said:
            raise RuntimeError(f"a program ended with code {self.code} and said nothing: {self.warned[-2000:]}")
        stats: dict[str, Any] = self.said["stats"]
        return stats


@dataclass(slots=True)
class Place:
    """A directory of one trial: home, spools, and the programs that run there."""

    directory: Path
    durability: str = "async"
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def spools(self) -> Path:
        """The root of the spools."""
        return self.directory / "spool"

    def start(
        self, program: str, endpoint: str, *, stderr: IO[Any] | int = subprocess.PIPE, **given: Any
    ) -> subprocess.Popen[str]:
        """Start `tools.faults.programs.<program>` with *given* as its JSON."""
        self.directory.mkdir(parents=True, exist_ok=True)
        variables = {
            "OTEL_SERVICE_NAME": SERVICE,
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_TRACES_EXPORTER": "none",
            "OTEL_EVENTS_SPOOL_DIR": str(self.spools),
            "OTEL_EVENTS_DURABILITY": self.durability,
            **self.settings,
        }
        return subprocess.Popen(
            [sys.executable, "-m", f"tools.faults.programs.{program}", json.dumps(given)],
            env=environment(self.directory, **variables),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    def run(self, program: str, endpoint: str, **given: Any) -> Ended:
        """Run a program to its end."""
        with (self.directory_made() / f"{program}.stderr").open("w+") as warnings:
            process = self.start(program, endpoint, stderr=warnings, **given)
            ended = await_end(process)
            warnings.seek(0)
            return Ended(ended.code, ended.said, warnings.read(), ended.exit_seconds)

    def directory_made(self) -> Path:
        """Return the directory, made if need be."""
        self.directory.mkdir(parents=True, exist_ok=True)
        return self.directory

    def waiting(self) -> int:
        """Return how many records are on disk."""
        return count_waiting(self.spools)

    def send_rest(self, endpoint: str) -> list[Ended]:
        """Let processes of the same service send what is left, as the next start of a program does."""
        ended: list[Ended] = []
        while self.waiting() and len(ended) < _SUCCESSORS:
            ended.append(self.run("successor", endpoint))
        return ended


def await_end(process: subprocess.Popen[str], patience: float = _PATIENCE) -> Ended:
    """Read what *process* says until it ends; kill it, and say so, if it hangs."""
    assert process.stdout is not None
    last, at = "", time.monotonic()
    with kill_after(process, patience):
        for line in process.stdout:
            last, at = line, time.monotonic()
        code = process.wait()
    process.stdout.close()
    took = time.monotonic() - at
    try:
        said = json.loads(last) if last else {}
    except ValueError:  # cut short by a kill
        said = {}
    return Ended(code, said if isinstance(said, dict) else {}, "", took)


@contextmanager
def kill_after(process: subprocess.Popen[str], seconds: float) -> Iterator[None]:
    """Kill *process* if the block takes longer."""
    import threading

    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@dataclass(frozen=True, slots=True)
class Laboratory:
    """What all faults share.

    Attributes:
        directory: holds everything; gone at the end.
        is_quick: fewer trials, smaller numbers.
        tell: shows progress.
    """

    directory: Path
    is_quick: bool
    tell: Callable[[str], None]

    def place(self, name: str, durability: str = "async", **settings: str) -> Place:
        """Return a fresh place."""
        return Place(self.directory / name, durability, settings)

    def choose(self, quick: int, long: int) -> int:
        """Return how many, for this run."""
        return quick if self.is_quick else long

    @contextmanager
    def collector(self, name: str) -> Iterator[Collector]:
        """Run the real Collector, writing JSONL."""
        server = Collector(self.directory / name / "backend")
        server.start()
        try:
            yield server
        finally:
            server.stop()
