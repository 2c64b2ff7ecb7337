"""How long whole commands take, beside a Python that does nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.processes import ROOT, environment
from benchmarks.results import Aim, Line, compare
from benchmarks.subjects import OURS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.contest import Bench

_BARE = "python -c pass"
_EMIT = ("-m", "otel_events", "emit", "evidence.added", "quality:=0.82")
_PATIENCE = 60.0


def commands(bench: Bench) -> list[Line]:
    """Measure `otel-events --help` and `emit`, with the Collector down and with one that never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as hanging:
        port = hanging.getsockname()[1]
        subjects: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {
            _BARE: (("-c", "pass"), {}),
            "--help": (("-m", "otel_events", "--help"), {}),
            "down": (_EMIT, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}),
            "hanging": (_EMIT, {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}"}),
        }
        took: dict[str, list[float]] = {name: [] for name in subjects}
        for turn in range(bench.effort.few + 1):
            for name, (arguments, env) in subjects.items():
                one = _milliseconds(bench, arguments, env)
                if turn:  # the first finds no bytecode
                    took[name].append(one)
    return [
        _line("`otel-events --help`, whole process", took, "--help", Aim(100, 150, of_ratio=False)),
        _line("`otel-events emit`, the Collector down", took, "down", Aim(200, 250, of_ratio=False)),
        _line("`otel-events emit`, the Collector hanging", took, "hanging", Aim(200, 250, of_ratio=False)),
    ]


def _line(what: str, took: Mapping[str, Sequence[float]], name: str, aim: Aim) -> Line:
    return compare("commands", what, "ms", {OURS: took[name], _BARE: took[_BARE]}, aim, against=_BARE)


def _milliseconds(bench: Bench, arguments: Sequence[str], env: Mapping[str, str]) -> float:
    own = environment(bench.home, **env)
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=own, capture_output=True, check=True, timeout=_PATIENCE)
    return (time.perf_counter() - began) * 1e3
