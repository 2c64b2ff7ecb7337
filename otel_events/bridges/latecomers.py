"""What exporters bring around the end at exit: the SDK's providers may end after us."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from otel_events import runtime
from otel_events.bridges.log_entry import is_our_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PATIENCE = 1.0  # seconds that the end waits for a batch that is being taken


class Latecomers:
    """Lets exporters in again after the end at exit, and ends anew behind the last of them.

    `atexit` runs what was registered last first. A provider that was made before `otel_events` was imported ends after us,
    and only then does its batch processor hand over what it still holds, and shut our exporter down.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, in the child of a fork: what held the lock is gone there."""
        # Re-entrant, for a signal handler may end a span in the middle of an export.
        self._turn = threading.RLock()
        self._shut_down: Callable[[], object] | None = None
        self._reopen: Callable[[], None] | None = None
        self._have_come = False

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Have what an exporter brings meanwhile taken: before the end, or after it."""
        if is_our_thread(threading.current_thread().name):  # the end may be waiting for it
            yield
            return
        with self._turn:
            if self._reopen is not None:
                self._have_come = True
                if not runtime.capture.open:
                    self._reopen()
            yield

    def end(self, shut_down: Callable[[], object], reopen: Callable[[], None]) -> None:
        """Call *shut_down*, now and again after whatever comes later; for that, *reopen* is called before."""
        is_mine = self._turn.acquire(timeout=_PATIENCE)
        try:
            shut_down()
            self._shut_down, self._reopen = shut_down, reopen
        finally:
            if is_mine:
                self._turn.release()

    def see_off(self) -> None:
        """Deliver what an exporter has brought late: it will bring no more."""
        with self._turn:
            if self._have_come and self._shut_down is not None:
                self._have_come = False
                self._shut_down()


latecomers = Latecomers()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=latecomers.forget)
