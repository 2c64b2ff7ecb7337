"""Lets Ctrl-C end the command line without a traceback while the package is still being imported.

Imported first of all, by the package itself: `python -m otel_events` and the script `otel-events` run nothing of ours before.
In every other program it does nothing.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

_INTERRUPTED = 130


def is_command_line() -> bool:
    """Tell whether this process is the command line and nobody's program."""
    # An embedded interpreter may have no arguments. And to import pathlib takes longer than all that this is about.
    started_as = os.path.basename(next(iter(getattr(sys, "argv", ())), ""))  # noqa: PTH119
    if started_as == "-m":  # only while the module that was asked for, which stands before its arguments, is looked for
        return sys.orig_argv[-len(sys.argv)] in {"otel_events", "-motel_events"}
    return started_as in {"otel-events", "otel-events.exe", "otel-events-script.py"}


def begin() -> None:
    """Let Ctrl-C end the process at once: nothing has begun yet. Where it is ignored, as behind `nohup`, it stays so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        with suppress(ValueError):  # a program of that name, which imports us on another thread
            signal.signal(signal.SIGINT, _exit)


def end() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again, for those who are there now to catch it."""
    if signal.getsignal(signal.SIGINT) is _exit:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _exit(_number: int, _frame: object) -> NoReturn:
    os._exit(_INTERRUPTED)


if is_command_line():
    begin()
