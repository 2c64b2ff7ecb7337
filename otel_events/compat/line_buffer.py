"""A thread that writes lines many at a time, for callers who would rather not wait for the disk."""

from __future__ import annotations

import os
import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from otel_events.compat.process_end import call_at_end_of_child
from otel_events.compat.silent import count

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.compat.line_writer import LineWriter


class LineBuffer:
    """Has lines written as soon as there are so many, or the oldest is so old.

    Args:
        size: gives the number of lines; asked anew for each line, so that it may change.
        interval: gives the age in seconds.
        at_end: called when a child of multiprocessing ends, where `atexit` does not run.
    """

    def __init__(self, size: Callable[[], float], interval: Callable[[], float], at_end: Callable[[], None]) -> None:
        self._size = size
        self._interval = interval
        self._at_end = at_end
        # Re-entrant, where `Condition` hangs: signal handlers emit, too.
        self._arrived: SimpleQueue[LineWriter] = SimpleQueue()
        self._starting = threading.Lock()
        self._is_running = False

    def put(self, writer: LineWriter, line: bytes) -> None:
        """Have *writer* write *line* before long; now, if no thread can be had any more."""
        writer.put(line)
        self._arrived.put(writer)
        if not self._is_running and self._starting.acquire(blocking=False):
            try:
                self._start()
            except RuntimeError:  # the interpreter is going down and starts no more threads
                writer.write()
            finally:
                self._starting.release()

    def _start(self) -> None:
        if self._is_running:
            return
        threading.Thread(target=self._run, name="otel_events-compat-lines", daemon=True).start()
        self._is_running = True
        call_at_end_of_child(self._at_end)

    def _run(self) -> None:
        while True:
            for writer in self._gather():
                writer.write()

    def _gather(self) -> set[LineWriter]:
        """Return who has lines to write, once it is time."""
        writers, arrived = {self._arrived.get()}, 1
        due = time.monotonic() + self._interval()
        while arrived < self._size():
            try:
                writers.add(self._arrived.get(timeout=max(0.0, due - time.monotonic())))
            except Empty:
                break
            arrived += 1
        return writers


def number_from_environment(name: str, default: float) -> float:
    """Return the number in the variable *name*; *default* if there is none, or none that will do."""
    text = os.environ.get(name, "").strip()
    return usable(text, default) if text else default


def usable(number: Any, default: float) -> float:
    """Return *number* if it is one, and not negative; else *default*, and count that."""
    try:
        given = float(number)
    except (TypeError, ValueError):
        given = -1.0
    if 0.0 <= given < threading.TIMEOUT_MAX:  # NaN is not
        return given
    count("compat_bad_setting")
    return default
