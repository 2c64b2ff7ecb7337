"""The next start of a program: it sends what earlier processes of the service have left, and emits nothing."""

from __future__ import annotations

import os
import time

import otel_events as ev
from otel_events.spool import list_spools
from tools.faults.programs.telling import say

_PATIENCE = 60.0


def main() -> None:
    """Wait until nothing is left, or too long."""
    began = time.monotonic()
    ev.configure()
    while time.monotonic() < began + _PATIENCE:
        if sum(spool.records for spool in list_spools(os.environ["OTEL_EVENTS_SPOOL_DIR"])) == 0:
            break
        time.sleep(0.02)
    took = time.monotonic() - began
    is_safe = ev.shutdown()
    say(seconds=took, shutdown=is_safe)


if __name__ == "__main__":
    main()
