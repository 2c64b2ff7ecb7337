"""Instructions per event and of a set-up, which do not shake with the machine, against the last recorded count."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.processes import ROOT, environment
from benchmarks.results import Aim, Line, Spread

if TYPE_CHECKING:
    from benchmarks.contest import Bench

RECORD = Path(__file__).resolve().parents[1] / "instructions.json"
_PATHS = {
    "caller": "`emit`, caller's thread",
    "journal": "the same in journal mode",
    "task": "`with task(...)`, caller's thread",
    "whole": "`emit` to acknowledged, all threads",
    "ledger": "`emit` to the ledger's file",
    "configure": "`configure()`, in a process that has imported us",
}
_COUNTS = dict.fromkeys(_PATHS, (1024, 3072)) | {"configure": (0, 1)}
_COUNTER = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
_REFERENCES = re.compile(r"I\s+refs:\s+([\d,]+)")
# The same code counts the same to a per mille or two; what other libraries change shows in their versions.
_GOAL, _FLOOR = 1.02, 1.05


def instructions(bench: Bench) -> list[Line]:
    """Count under valgrind with few events and with many, or without a set-up and with one, and divide the difference."""
    if shutil.which("valgrind") is None:
        return [Line("instructions", _PATHS["caller"], "instructions", note="skipped: valgrind is not installed")]
    counts = _count_all(bench)
    recorded = _read().get(_machine(), {})
    return [_line(path, counts[path], recorded) for path in _PATHS]


def record(lines: list[Line]) -> None:
    """Make the counts of *lines* the recorded ones for this kind of machine."""
    counts = {path: round(line.ours.middle) for path, line in zip(_PATHS, lines, strict=True) if line.ours}
    RECORD.write_text(json.dumps({**_read(), _machine(): {**counts, "with": _versions()}}, indent=2) + "\n")


def _line(path: str, count: float, recorded: dict[str, Any]) -> Line:
    figure = Spread(count, count, count)
    if path not in recorded:
        note = f"nothing recorded for {_machine()}: run with --record"
        return Line("instructions", _PATHS[path], "instructions", ours=figure, note=note)
    ratio = count / recorded[path]
    note = f"recorded: {recorded[path]:,}"
    if recorded.get("with") != _versions():
        note += f", with other versions: {recorded.get('with')}"
    aim = Aim(_GOAL, _FLOOR)
    return Line(
        "instructions",
        _PATHS[path],
        "instructions",
        ours=figure,
        against="recorded",
        ratio=Spread(ratio, ratio, ratio),
        aim=aim,
        note=note,
    )


def _count_all(bench: Bench) -> dict[str, float]:
    jobs = [(path, count) for path, counts in _COUNTS.items() for count in counts]
    for path in _PATHS:
        _run(bench, path, 1)  # what Python compiles after a change is not the question
    with ThreadPoolExecutor(2) as pool:  # counting is not timing: two at once disturb nobody
        counted = dict(zip(jobs, pool.map(lambda job: _count(bench, *job), jobs), strict=True))
    return {path: (counted[path, many] - counted[path, few]) / (many - few) for path, (few, many) in _COUNTS.items()}


def _count(bench: Bench, path: str, count: int) -> int:
    found = _REFERENCES.search(_run(bench, path, count, *_COUNTER))
    if found is None:
        raise RuntimeError("valgrind has not said how many instructions it counted")
    return int(found[1].replace(",", ""))


def _run(bench: Bench, path: str, count: int, *under: str) -> str:
    """Run the program *under* what counts, or by itself; return what went to standard error."""
    ledger = str(bench.home / f"counted-{path}-{count}.jsonl")
    destination = ledger if path in ("journal", "ledger") else bench.acceptor.url(f"counted-{path}")
    program = [sys.executable, "-m", "benchmarks.counted", path, str(count), destination]
    env = environment(bench.home, PYTHONHASHSEED="0", OTEL_EVENTS_SPOOL_DIR=str(bench.home / f"spool-{path}-{count}"))
    ran = subprocess.run([*under, *program], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if ran.returncode:
        said = [line for line in ran.stderr.splitlines() if line and not line.startswith("==")]
        raise RuntimeError(f"the counted program ended with {ran.returncode}: {' '.join(said[-1:])}")
    return ran.stderr


def _read() -> dict[str, Any]:
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}


def _machine() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}".lower()


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("opentelemetry-api", "opentelemetry-sdk", "orjson")}
