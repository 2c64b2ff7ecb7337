"""The command line: `otel-events`, `python -m otel_events`."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from typing import NoReturn

STARTED = time.monotonic()


def main() -> NoReturn:
    """Run the command that the arguments name, and exit with its code."""
    try:
        from otel_events.cli.app import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before or after the command itself
        code = 130
        # A second one would show where the interpreter is while it clears up.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    emitting = sys.modules.get("otel_events.cli.emitting")
    if emitting is not None and emitting.has_finished:
        # All is handed over and closed. The interpreter would take a fifth of the command's time to clear up.
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
