"""The machine and the versions that figures come from."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.processes import ROOT

_PACKAGES = ("opentelemetry-sdk", "protobuf", "logfire", "structlog", "orjson", "loguru")


def describe_machine() -> dict[str, str]:
    """Return what a reader needs to know, by name."""
    facts = {
        "machine": f"{_processor()}, {os.cpu_count()} CPUs, {platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "load before": _load(),
        "revision": _revision(),
    }
    return {**facts, **{name: _version(name) for name in _PACKAGES}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # its figures are missing then, and say why
        return "not installed"


def _revision() -> str:
    """Return the commit that was measured, and whether files of the package differ from it."""
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        return f"{commit}, with changes" if _git("status", "--porcelain", "otel_events") else commit
    except (OSError, subprocess.CalledProcessError):  # no git here, or not a clone
        return "not known"


def _git(*arguments: str) -> str:
    ran = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def _load() -> str:
    try:
        return ", ".join(f"{load:.1f}" for load in os.getloadavg())
    except (AttributeError, OSError):
        return "not known"
