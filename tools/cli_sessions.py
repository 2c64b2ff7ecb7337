"""Run the terminal sessions of docs/cli-sessions.md on the demo's events and a real Collector.

`python -m tools.cli_sessions` compares what the page shows with what is printed now; with `--write` the page is written anew.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.backends.collector import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "cli-sessions.md"
_SESSION = re.compile(r"^```console\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_WIDEST = 132
# Depends on what else is installed, and on how quick the machine is.
_LEFT_OUT = re.compile(r"^conflicts$|opentelemetry-distro|to have ours in their place|for it, to be sent again$")
_PATIENCE = 60
_USUAL_ENDPOINT = "http://localhost:4318"
# What differs from run to run: instants, ids, numbers and the marks of a trend.
_VOLATILE = (
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?Z?|\d\d:\d\d:\d\d\.\d{3}"), "<time>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b"), "<id>"),
    (re.compile(r"[+-]?\d[\d.,]*(?:e-?\d+)?\s?(?:µs|ms|s|MiB|KiB|B|h|d)?\b"), "<n>"),
    (re.compile(r"[▁▂▃▄▅▆▇█]+"), ""),
    (re.compile(r"\b(?:now|<n> ago)\b"), "<ago>"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what the page shows of its output.

    Attributes:
        line: the shell command.
        shown: the lines beneath it.
    """

    line: str
    shown: tuple[str, ...]


def read_sessions(page: str) -> list[list[Command]]:
    """Return the sessions of *page*, each the commands of one block."""
    return [_commands(found["text"]) for found in _SESSION.finditer(page)]


def _commands(text: str) -> list[Command]:
    commands: list[Command] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            commands.append(Command(line[2:], ()))
        elif commands:
            last = commands[-1]
            commands[-1] = Command(last.line, (*last.shown, line))
    return commands


class Terminal:
    """A shell in a folder of its own, with the demo's events in the user's ledger and in the Collector's files."""

    def __init__(self, folder: Path, collector: Collector) -> None:
        self._endpoint = collector.http_endpoint
        self._home = folder / "home"
        self._work = self._home / "work"
        tools = folder / "bin"
        for directory in (self._work, tools):
            directory.mkdir(parents=True)
        (self._work / "collector").symlink_to(collector.data_directory)
        command = tools / "otel-events"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m otel_events "$@"\n', encoding="utf-8")
        command.chmod(0o755)
        kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
        self._environ = {
            **kept,
            "HOME": str(self._home),
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": "utf-8",
            "COLLECTOR": self._endpoint,
            "TZ": "UTC",
        }

    def run_demo(self) -> None:
        """Have examples/pipeline.py send its events both ways."""
        ledger = self._home / ".local" / "state" / "otel-events" / "events.jsonl"
        environ = {
            **self._environ,
            "OTEL_SERVICE_NAME": "orchestrator",
            "OTEL_EVENTS_LEDGER_PATH": str(ledger),
            "OTEL_EXPORTER_OTLP_ENDPOINT": self._endpoint,
        }
        pipeline = str(ROOT / "examples" / "pipeline.py")
        subprocess.run([sys.executable, pipeline], env=environ, cwd=self._work, check=True, timeout=_PATIENCE)

    def run(self, line: str) -> list[str]:
        """Run the shell command *line*; return what it prints, on either stream, and its exit code if that is not 0."""
        ran = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            env=self._environ,
            cwd=self._work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=_PATIENCE,
            check=False,
        )
        text = ran.stdout.replace(self._endpoint, _USUAL_ENDPOINT)
        text = text.replace(self._endpoint.removeprefix("http://"), _USUAL_ENDPOINT.removeprefix("http://"))
        text = text.replace(str(self._home), "~").replace(f"{ROOT}{os.sep}", "")
        lines = [_cut(each.rstrip()) for each in text.splitlines() if not _LEFT_OUT.search(each)]
        return [*lines, f"[exit code {ran.returncode}]"] if ran.returncode else lines


def _cut(line: str) -> str:
    return line if len(line) <= _WIDEST else line[: _WIDEST - 1] + "…"


def missing(command: Command, printed: list[str]) -> list[str]:
    """Return the lines that the page shows and that *printed* has not, apart from what differs from run to run."""
    there = {_stable(line) for line in printed}
    return [line for line in command.shown if not _is_there(_stable(line), there)]


def _is_there(line: str, there: set[str]) -> bool:
    # A line that was cut is compared as far as it goes; where it was cut depends on how wide its numbers are.
    if line.endswith("…"):
        begin = line[:60]
        return any(each.startswith(begin) for each in there)
    return line in there


def _stable(line: str) -> str:
    for pattern, instead in _VOLATILE:
        line = pattern.sub(instead, line)
    return line.strip()


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    """Give a terminal in *folder* with a Collector running and the demo run."""
    collector = Collector(folder / "backends")
    collector.start()
    try:
        made = Terminal(folder, collector)
        made.run_demo()
        yield made
    finally:
        collector.stop()


def main() -> int:
    """Compare or write; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the page anew")
    chosen = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    failures = 0
    with tempfile.TemporaryDirectory() as folder, terminal(Path(folder)) as shell:
        printed = [[(command, shell.run(command.line)) for command in commands] for commands in read_sessions(page)]
    if chosen.write:
        blocks = iter(printed)
        page = _SESSION.sub(lambda _: _as_block(next(blocks)), page)
        PAGE.write_text(page, encoding="utf-8")
        return 0
    for session in printed:
        for command, lines in session:
            for line in missing(command, lines):
                failures += 1
                print(f"$ {command.line}\n  no longer prints: {line}")
    return 1 if failures else 0


def _as_block(session: list[tuple[Command, list[str]]]) -> str:
    text = "".join(f"$ {command.line}\n" + "".join(f"{line}\n" for line in lines) for command, lines in session)
    return f"```console\n{text}```"


if __name__ == "__main__":
    sys.exit(main())
