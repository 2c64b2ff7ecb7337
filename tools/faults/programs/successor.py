"""The next start of a program: it sends what earlier processes of the service have left, and emits nothing."""

from __future__ import annotations

import os
import time

import otel_events as ev
from tools.faults.on_disk import count_waiting
from tools.faults.programs.telling import given, say

_PATIENCE = 60.0


def main() -> None:
    """Wait until nothing is left, or too long."""
    began, at_least = time.monotonic(), given().get("at_least", 0.0)
    ev.configure()
    while time.monotonic() < began + _PATIENCE:
        if time.monotonic() > began + at_least and count_waiting(os.environ["OTEL_EVENTS_SPOOL_DIR"]) == 0:
            break
        time.sleep(0.02)
    took = time.monotonic() - began
    is_safe = ev.shutdown()
    say(seconds=took, shutdown=is_safe)


if __name__ == "__main__":
    main()
