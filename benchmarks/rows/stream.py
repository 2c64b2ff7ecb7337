"""The live stream: what 100 clients cost the server, and how long an event takes to a client."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.processes import ROOT, environment
from benchmarks.results import Aim, Line, compare, percentile
from benchmarks.subjects import OURS

if TYPE_CHECKING:
    from benchmarks.contest import Bench

BARE = "bare Starlette"
_CLIENTS = 100
_PATIENCE = 120.0


def stream(bench: Bench) -> list[Line]:
    """Measure both, turn about: events a second of the server's processor time, each delivered to every client in order."""
    events = 4_000 if bench.effort.name == "quick" else 20_000
    rates: dict[str, list[float]] = {OURS: [], BARE: []}
    for _ in range(bench.effort.few):
        for name, kind in ((OURS, "ours"), (BARE, "bare")):
            rates[name].append(events / _give(bench, kind, events)["cpu"])
    delays = [_delays(bench) for _ in range(min(3, bench.effort.few))]
    tails = {OURS: [percentile(one, 0.99) for one in delays]}
    middles = {OURS: [percentile(one, 0.5) for one in delays]}
    at_least = Aim(7_000, 5_000, of_ratio=False, is_more_better=True)
    return [
        compare("stream", f"delivered to {_CLIENTS} clients", "events/s a core", rates, at_least, against=BARE),
        compare("stream", "emit to client of the stream at 1,000/s: p50", "ms", middles),
        compare("stream", "the same: p99", "ms", tails, Aim(120, 150, of_ratio=False)),
    ]


def _give(bench: Bench, kind: str, events: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.stream_server", kind, str(_CLIENTS), str(events)]
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment(bench.home), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdin
    assert server.stdout
    try:
        port = server.stdout.readline().strip()
        reading = [sys.executable, "-m", "benchmarks.stream_clients", port, str(_CLIENTS), str(events)]
        subprocess.run(reading, cwd=ROOT, env=environment(bench.home), timeout=_PATIENCE, check=True)
        spent: dict[str, float] = json.loads(server.stdout.readline())
        return spent
    finally:
        server.stdin.close()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _delays(bench: Bench) -> list[float]:
    """Return how many milliseconds each event took from emit to a client, through `otel-events serve`."""
    seconds = "2" if bench.effort.name == "quick" else "10"
    command = [sys.executable, "-m", "benchmarks.stream_delay", str(bench.home), seconds]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(bench.home), timeout=_PATIENCE, check=True, stdout=subprocess.PIPE
    )
    found: list[float] = json.loads(done.stdout)
    return found
