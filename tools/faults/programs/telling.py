"""What every program here says at its end: its own counts, as one line of JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import otel_events as ev


def given() -> dict[str, Any]:
    """Return what the caller passed."""
    arguments: dict[str, Any] = json.loads(sys.argv[1])
    return arguments


def say(**more: Any) -> None:
    """Say *more* and the counts so far, in one line."""
    sys.stdout.write(json.dumps({"stats": ev.stats().as_dict(), **more}) + "\n")
    sys.stdout.flush()


def resident_kib(field: str = "VmRSS") -> int:
    """Return the memory of this process; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{os.getpid()}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith(field)), 0)
