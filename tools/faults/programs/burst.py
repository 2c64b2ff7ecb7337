"""Emits so many numbered events, flushes, ends in an orderly way, and says how long that took and what it was told."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import otel_events as ev
from tools.faults.programs.telling import given, say

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Emit, flush, shut down."""
    arguments = given()
    ev.configure(attributes={"run": arguments.get("run", "burst")}, **arguments.get("settings", {}))
    for what, *values in arguments.get("steps", [["emit", arguments.get("count", 0)]]):
        if what == "emit":
            _emit(arguments, *values)
        else:
            _ACTS[what](*values)
    began = time.monotonic()
    is_flushed = ev.flush(timeout=arguments.get("flush", 0.5))
    flushed = time.monotonic()
    before_end = ev.stats().as_dict()
    is_safe = ev.shutdown()
    ended = time.monotonic()
    _await_senders()
    say(
        flush=is_flushed,
        flush_seconds=flushed - began,
        at_flush=before_end,
        shutdown=is_safe,
        shutdown_seconds=ended - flushed,
    )


def _emit(arguments: dict[str, Any], count: int) -> None:
    """Emit, with the number as an attribute, and in the name too where the other side keeps names alone."""
    text, pause = "x" * arguments.get("size", 60), arguments.get("pause", 0.0)
    for _ in range(count):
        number = next(_NUMBERS)
        name = f"n.{number}" if arguments.get("is_named") else "numbered.event"
        ev.emit(name, n=number, text=text)
        if pause and number % 100 == 0:
            time.sleep(pause)


def _await_senders() -> None:
    """Let a sending that was interrupted be counted: the end does not wait for that, and a busy machine may be late with it."""
    for thread in threading.enumerate():
        if thread.name.startswith("otel-events-"):
            thread.join(_PATIENCE)


def _bound_file_size(size: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _remove(path: str) -> None:
    """Remove a directory as soon as it is there: on a busy machine the spool is made late."""
    until = time.monotonic() + _PATIENCE
    while not Path(path).is_dir() and time.monotonic() < until:
        time.sleep(0.01)
    shutil.rmtree(path)


def _run_tasks(count: int) -> None:
    for number in range(1, count + 1):
        with ev.task("numbered.task", number=number):
            pass


_PATIENCE = 30.0
_NUMBERS = itertools.count(1)
_ACTS: dict[str, Callable[..., None]] = {
    "sleep": time.sleep,
    "tasks": _run_tasks,
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "remove": _remove,
    "unlink": lambda path: os.unlink(path),
    "bound": _bound_file_size,
    "flush": lambda seconds: print(ev.flush(timeout=seconds)),
}


if __name__ == "__main__":
    main()
