"""What the command line takes for a file of a million events."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.processes import ROOT, environment
from benchmarks.results import Aim, Line, compare
from benchmarks.subjects import OURS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.contest import Bench

_PATIENCE = 60.0
# What is measured, its arguments, the goal and what must hold, in seconds for a million events.
_COMMANDS: tuple[tuple[str, tuple[str, ...], Aim], ...] = (
    ("`stats`", ("stats", "--json"), Aim(5, 10, of_ratio=False)),
    ("`query`, all looked at", ("query", "quality>=0.999", "--json"), Aim(5, 10, of_ratio=False)),
    ("`query`, a rare type", ("query", "alert.triggered", "--json"), Aim(2, 5, of_ratio=False)),
    ("`tail -n 50`", ("tail", "-n", "50"), Aim(0.5, 2, of_ratio=False)),
)


def reading(bench: Bench) -> list[Line]:
    """Measure `stats`, `query` and `tail` on a ledger of a million events (100,000 with `--quick`), and their memory."""
    events = 100_000 if bench.effort.name == "quick" else 1_000_000
    path = bench.home / "million.jsonl"
    _write_ledger(path, events)
    size = path.stat().st_size / 1e6
    lines: list[Line] = []
    for what, arguments, aim in _COMMANDS:
        runs = [_run(bench, (*arguments, str(path))) for _ in range(min(3, bench.effort.few))]
        seconds = [one for one, _ in runs]
        peak = max(memory for _, memory in runs)
        note = f"a file of {size:,.0f} MB" + (f", {peak:.0f} MB of memory" if peak else "")
        # What must hold is said of a million.
        judged = aim if events == 1_000_000 else None
        lines.append(compare("reading", f"{what}, {events:,} events", "s", {OURS: seconds}, judged, note=note))
    path.unlink()
    return lines


def _write_ledger(path: Path, events: int) -> None:
    """Write lines in the ledger's shape; one in a thousand is an alert."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for number in range(events):
            seconds, micros = divmod(number * 1_000, 1_000_000)
            clock = f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{micros:06}"
            name = "alert.triggered" if number % 1_000 == 0 else "evidence.added"
            file.write(
                f'{{"time":"2026-02-14T{clock}000Z","unix":{1771027200 + number / 1_000:.6f},"event":"{name}",'
                f'"severity":"INFO","message":"Evidence added","task_id":"t-{number % 50}","persona":"thesis",'
                '"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174",'
                f'"uid":"0f3a-{number:x}","service":"orchestrator",'
                f'"attributes":{{"source":"paper-{number}.pdf","quality":{number % 1_000 / 1_000}}}}}\n'
            )


def _run(bench: Bench, arguments: Sequence[str]) -> tuple[float, float]:
    """Return the seconds that a command took, and the most megabytes it held (0 where the system does not tell)."""
    own = environment(bench.home)
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "otel_events", *arguments], cwd=ROOT, env=own, stdout=subprocess.DEVNULL
    )
    memory = 0.0
    if hasattr(os, "wait4"):
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    code = child.wait(_PATIENCE)
    if code:
        raise RuntimeError(f"{arguments[0]} ended with {code}")
    return time.perf_counter() - began, memory
