"""What a program pays at its start."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.processes import ROOT, environment
from benchmarks.results import Aim, Line, compare
from benchmarks.subjects import OURS

if TYPE_CHECKING:
    from benchmarks.contest import Bench

_CLOCKED = "import time; began = time.perf_counter(); {}; print((time.perf_counter() - began) * 1e3)"
_IMPORTS = {
    "opentelemetry.trace": "import opentelemetry.trace",
    OURS: "import otel_events",
    "otel_sdk": "import opentelemetry.sdk._logs, opentelemetry.exporter.otlp.proto.http._log_exporter",
    "structlog": "import structlog",
    "logfire": "import logfire",
}
_CONFIGURE = "import otel_events\n" + _CLOCKED.format(
    "otel_events.configure(service_name='orchestrator', endpoint='http://127.0.0.1:9')"
)


def _milliseconds(bench: Bench, program: str) -> float:
    command = [sys.executable, "-c", program + "\nimport os, sys; sys.stdout.flush(); os._exit(0)"]
    told = subprocess.run(command, cwd=ROOT, env=environment(bench.home), capture_output=True, text=True, check=True)
    return float(told.stdout)


def starting(bench: Bench) -> list[Line]:
    """Measure imports and `configure` in fresh processes, with the files in the system's cache."""
    imports: dict[str, list[float]] = {name: [] for name in _IMPORTS}
    configure = []
    for turn in range(bench.effort.few + 1):
        took = {name: _milliseconds(bench, _CLOCKED.format(what)) for name, what in _IMPORTS.items()}
        setting_up = _milliseconds(bench, _CONFIGURE)
        if turn:
            configure.append(setting_up)
            for name, one in took.items():
                imports[name].append(one)
    bare = imports.pop("opentelemetry.trace")
    above = {name: [one - own for one, own in zip(of, bare, strict=True)] for name, of in imports.items()}
    return [
        compare("starting", "import, above `opentelemetry.trace`", "ms", above, Aim(40, 60, of_ratio=False)),
        compare("starting", "`configure()`", "ms", {OURS: configure}, Aim(100, 150, of_ratio=False)),
    ]
