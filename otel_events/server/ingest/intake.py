"""The queue before the store: what comes in meanwhile is stored together."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_events.otlp.decode import spans_of
from otel_events.server.ingest.arrivals import Arrivals
from otel_events.server.ingest.figures import Figures
from otel_events.server.ingest.refusals import RefusedError, busy, unavailable
from otel_events.server.ingest.requests import Sent, count_points
from otel_events.server.store.errors import StoreError

if TYPE_CHECKING:
    from otel_events.otlp.decode import ResourceSpans
    from otel_events.server.settings import ServerSettings
    from otel_events.server.store.store import Store
    from otel_events.server.store.stored import Arrival

_MAX_WAITING = 64 << 20  # bytes of requests that are being read, or wait
_TOGETHER = 4_000  # events after which no further request is taken into one turn
_NOT_STORED = "metrics are not stored here: send them to another receiver, or set OTEL_METRICS_EXPORTER=none"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a request that was taken.

    Attributes:
        rejected: records of it that were not.
        complaint: why; empty if all were.
    """

    rejected: int = 0
    complaint: str = ""


@dataclass(slots=True, eq=False)
class _Job:
    sent: Sent
    done: Future[Taken]
    taken: Taken = Taken()


class Intake:
    """Takes requests, and has one thread decode and store them: all that waits in one append.

    Attributes:
        figures: how much comes in, and how late.
    """

    def __init__(self, store: Store, settings: ServerSettings) -> None:
        self.figures = Figures()
        self._store = store
        self._most = settings.max_request_bytes
        self._arrivals = Arrivals()
        self._waiting: deque[_Job] = deque()
        self._bytes = 0
        self._lock = threading.Condition()
        self._is_ending = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._is_ending = False
        self._thread = threading.Thread(target=self._work, name="otel_events-intake", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Store what has come, and end the thread."""
        with self._lock:
            self._is_ending = True
            self._lock.notify()
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None

    def reserve(self, size: int) -> None:
        """Make room for *size* bytes that are being read, or raise RefusedError; `release` gives it back."""
        with self._lock:
            if self._bytes + size > _MAX_WAITING:
                raise busy()
            self._bytes += size

    def release(self, size: int) -> None:
        """Give back what was reserved."""
        with self._lock:
            self._bytes -= size

    def submit(self, sent: Sent) -> Future[Taken]:
        """Have *sent* stored; the result is there when it is, and may be RefusedError."""
        job = _Job(sent, Future())
        with self._lock:
            if self._is_ending or self._thread is None:
                raise unavailable("the server is stopping")
            self._waiting.append(job)
            self._lock.notify()
        return job.done

    def _work(self) -> None:
        while jobs := self._next():
            spans: list[ResourceSpans] = []
            arrivals: list[Arrival] = []
            taken: list[_Job] = []
            for job in jobs:
                if not self._decode(job, arrivals, spans):
                    continue
                taken.append(job)
                if len(arrivals) >= _TOGETHER:
                    self._store_all(taken, arrivals, spans)
                    spans, arrivals, taken = [], [], []
            self._store_all(taken, arrivals, spans)

    def _next(self) -> list[_Job]:
        """Wait for requests and return all that are there; none when it is time to end."""
        with self._lock:
            while not self._waiting and not self._is_ending:
                self._lock.wait()
            jobs = list(self._waiting)
            self._waiting.clear()
            return jobs

    def _decode(self, job: _Job, arrivals: list[Arrival], spans: list[ResourceSpans]) -> bool:
        """Add what *job* holds; return False if it is refused, of which its sender is told, or not waited for any more."""
        if not job.done.set_running_or_notify_cancel():
            return False
        try:
            message = job.sent.parse(self._most)
            if job.sent.signal == "logs":
                arrived = self._arrivals.read(message, time.time_ns())
                arrivals += arrived.arrivals
                job.taken = Taken(arrived.rejected, arrived.complaint)
            elif job.sent.signal == "traces":
                spans += spans_of(message)
            else:
                points = count_points(message)
                job.taken = Taken(points, _NOT_STORED if points else "")
        except RefusedError as error:
            job.done.set_exception(error)
            return False
        except Exception as error:  # whatever a request holds, the next one is taken
            job.done.set_exception(error)
            return False
        return True

    def _store_all(self, jobs: list[_Job], arrivals: list[Arrival], spans: list[ResourceSpans]) -> None:
        try:
            if arrivals:
                self._store.append(arrivals)
                self.figures.note(arrivals)
            if spans:
                self._store.append_spans(spans)
        except StoreError as error:
            for job in jobs:
                job.done.set_exception(unavailable(str(error)))
            return
        except Exception as error:  # a mistake of ours: the senders keep what they have, and the next ones are taken
            for job in jobs:
                job.done.set_exception(error)
            return
        for job in jobs:
            job.done.set_result(job.taken)
