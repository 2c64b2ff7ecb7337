"""A watcher from its start to its end: the thread that looks, and when it does."""

from __future__ import annotations

import asyncio
import math
import os
import threading
import time
import weakref
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from otel_events.context import carry
from otel_events.watching.notifications import Notice, Notifications
from otel_events.watching.root import Root
from otel_events.watching.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from otel_events.watching.change import Change, FileEvent
    from otel_events.watching.plan import Plan
    from otel_events.watching.root import Observe
    from otel_events.watching.scope import Scope
    from otel_events.watching.telling import Counts

# Notifications come in crowds: it is cheaper to take a crowd than each of them.
_GATHERING_SECONDS = 0.02
_CHECK_SECONDS = 2.0
_PAUSE_SECONDS = 0.1


class Watcher:
    """Watches until it is stopped; `with`, `async with`, `run`, or `start` and `stop`.

    What it tells belongs to the task, the trace and the bound attributes in which it was started. The child of a fork
    has no part in its parent's watchers.
    """

    def __init__(self, plan: Plan, *, observe: Observe = Notifications) -> None:
        self._plan = plan
        self._observe = observe
        self._teller = plan.make_teller()
        self._forget()

    def _forget(self) -> None:
        self._roots: list[Root] = []
        self._queue: SimpleQueue[tuple[Root, Notice] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._next_poll = self._next_check = math.inf
        self._probes_room = False
        self._is_stopping = False
        self._ended = threading.Event()

    @property
    def counts(self) -> Counts:
        """Return what it has seen and told so far."""
        return self._teller.counts

    @property
    def is_running(self) -> bool:
        """Tell whether it watches."""
        return self._thread is not None

    @property
    def known_files(self) -> int:
        """Return how many files it watches now."""
        return sum(len(root.snapshot) for root in self._roots)

    def preview(self) -> Iterator[tuple[Change, list[FileEvent]]]:
        """Yield for each file that is there, by its path, the events that a change of it would give; emit nothing."""
        for scope in self._plan.make_scopes():
            snapshot = Snapshot(scope)
            snapshot.take()
            for change in sorted(snapshot.newest(), key=lambda each: each.path):
                yield change, self._teller.classify(change)

    def start(self) -> Self:
        """Begin, and return when every change from now on will be seen; nothing if it has begun.

        Raises:
            ConfigurationError: a path does not exist by now.
        """
        if self._thread is not None:
            return self
        self._forget()
        now = time.monotonic()
        self._roots = [self._make_root(scope) for scope in self._plan.make_scopes()]
        troubles = [root.open() for root in self._roots]
        self._next_poll, self._next_check = now + self._plan.poll_interval, now + _CHECK_SECONDS
        for trouble in troubles:
            if trouble is not None:
                self._teller.tell_trouble(trouble)
        self._tell_newest()
        self._thread = threading.Thread(target=carry(self._work), name="otel_events.watch", daemon=True)
        _running.add(self)
        self._thread.start()
        return self

    def stop(self, timeout: float = 10.0) -> bool:
        """Tell what has changed until now, and end. May be called again, and by what it calls, which it cannot wait for.

        Returns:
            Whether it has ended within *timeout* seconds.
        """
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            self._is_stopping = True
            return thread is None
        self._queue.put(None)
        thread.join(timeout)
        if thread.is_alive():
            return False
        self._thread = None
        _running.discard(self)
        return True

    def run(self) -> None:
        """Watch until Ctrl-C, or until another thread calls `stop`."""
        with self:
            # Not `join`: one that a Ctrl-C interrupts takes the thread for one that has ended. And not without a limit: on
            # Windows a Ctrl-C is seen between two of them.
            while not self._ended.wait(0.5):
                pass

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    # -- on its own thread -------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while not self._is_stopping:
                self._attempt(lambda: self._gather(self._next_time()))
                self._attempt(self._look)
            for root in self._roots:
                self._attempt(partial(self._tell_all, root))
        finally:
            for root in self._roots:
                root.close()
            self._ended.set()

    def _attempt(self, look: Callable[[], None]) -> None:
        """Look; what goes wrong ends no watching."""
        try:
            look()
        except Exception as error:  # a file system may answer anything
            self._teller.count_failure("watch_failed", f"looking at watched files failed: {error!r}")
            time.sleep(_PAUSE_SECONDS)

    def _gather(self, until: float) -> None:
        """Take what the system tells, and return a moment after the first of it, or at *until*."""
        try:
            item = self._queue.get(timeout=max(0.0, min(until - time.monotonic(), _CHECK_SECONDS)))
            if item is not None:
                self._take(item)
                time.sleep(_GATHERING_SECONDS)
            else:
                self._is_stopping = True
            while True:
                item = self._queue.get_nowait()
                if item is None:
                    self._is_stopping = True
                else:
                    self._take(item)
        except Empty:
            pass

    def _take(self, item: tuple[Root, Notice]) -> None:
        root, notice = item
        if root.is_foreign(notice):
            return
        if notice[2]:  # a directory: there may be no room for its watch, or it is the root itself
            self._probes_room = True
            if notice[0] == root.directory:
                self._next_check = 0.0
        root.notice(notice, time.monotonic())

    def _look(self) -> None:
        now = time.monotonic()
        if now >= self._next_poll:
            for root in self._roots:
                if root.is_polled and root.is_as_before():
                    root.poll(now)
            # Looking may take long: there is as much rest as work, at least.
            took = time.monotonic() - now
            self._next_poll = now + max(self._plan.poll_interval, 2 * took)
        if now >= self._next_check:
            self._check(now)
        for root in self._roots:
            self._tell(root.settle(now, self._teller.allowance.left(now)))

    def _check(self, now: float) -> None:
        self._next_check = now + _CHECK_SECONDS
        probes_room, self._probes_room = self._probes_room, False
        for root in self._roots:
            trouble = root.check(now, probes_room=probes_room)
            if trouble is not None:
                self._teller.tell_trouble(trouble)

    def _next_time(self) -> float:
        left = self._teller.allowance.left(time.monotonic())
        polls = self._next_poll if any(root.is_polled for root in self._roots) else math.inf
        return min(self._next_check, polls, *(root.pending.next_time(left) for root in self._roots))

    def _tell(self, changes: Sequence[Change]) -> None:
        self._teller.tell(changes, time.monotonic())

    def _tell_all(self, root: Root) -> None:
        self._tell(root.settle_all())

    def _tell_newest(self) -> None:
        if self._plan.initial:
            newest = sorted(
                (change for root in self._roots for change in root.snapshot.newest()),
                key=lambda change: change.modified_at or 0,
                reverse=True,
            )
            self._teller.tell_newest(newest, self._plan.initial)

    def _make_root(self, scope: Scope) -> Root:
        plan = self._plan
        return Root(scope, self._put, debounce=plan.debounce, polling=plan.polling, observe=self._observe)

    def _put(self, root: Root, notice: Notice) -> None:
        self._queue.put((root, notice))

    def forget_parent(self) -> None:
        """Be a watcher that has not begun, in the child of a fork: its threads are the parent's."""
        for root in self._roots:
            root.forget_parent()
        self._forget()


_running: weakref.WeakSet[Watcher] = weakref.WeakSet()


def _forget_parent() -> None:
    for watcher in list(_running):
        watcher.forget_parent()
    _running.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)
