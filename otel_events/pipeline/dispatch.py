"""Hand finished batches to the sinks: each gets what its routes choose, and none can hurt another."""

from __future__ import annotations

import threading
import time
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from otel_events.interrupts import is_interrupt
from otel_events.notices import told
from otel_events.pipeline.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_events.accounting import Accounts
    from otel_events.event import Event
    from otel_events.notices import Notices
    from otel_events.pipeline.sink import NamedSink, Sink, SpanSink

# Seconds by which sinks are asked to be done before the deadline, and waited for beyond it: they tell and count what they
# had to leave, and where other threads are busy it takes some time to be heard. Who closes has no other chance to say it.
_EARLIER = 0.02
_EARLIER_AT_CLOSE = 0.25
_PART_AT_CLOSE = 0.1  # of the time that is left
_GRACE = 0.01
_MAX_NAMES = 4096  # names are few; a program that makes them up must not fill the memory


class Route(NamedTuple):
    """Events whose name matches *pattern* go to the sinks named, and to no other.

    Attributes:
        pattern: as in shell file names: `task.*`, `*`.
        sinks: names of sinks.
    """

    pattern: str
    sinks: frozenset[str]


class Sinks(NamedTuple):
    """Where events and spans go.

    Attributes:
        events: sinks that take events.
        spans: sinks that take spans; one may be among both.
        routes: the first that matches an event counts.
        routed_only: names of those event sinks that get nothing but what a route sends them.
    """

    events: tuple[Sink, ...] = ()
    spans: tuple[SpanSink, ...] = ()
    routes: tuple[Route, ...] = ()
    routed_only: frozenset[str] = frozenset()


class Dispatch:
    """The sinks and the routes to them. What goes nowhere is counted as dropped for `no_sink`."""

    def __init__(self, sinks: Sinks, accounts: Accounts, span_accounts: Accounts, notices: Notices) -> None:
        self._sinks = sinks
        self._accounts = accounts
        self._span_accounts = span_accounts
        self._notices = notices
        self._names = frozenset(sink.name for sink in sinks.events)
        self._default = self._names - sinks.routed_only
        self._chosen: dict[str, frozenset[str]] = {}

    @property
    def outlives_process(self) -> bool:
        """Whether nothing that the sinks of events were given is in memory alone, as far as they know of it."""
        return all(getattr(sink, "outlives_process", True) for sink in self._sinks.events)

    def write(self, events: Sequence[Event]) -> None:
        """Give every sink the events that are routed to it."""
        batch = Batch.of(events)
        if self._sinks.routes or not self._sinks.events:
            self._count_lost(batch)
        for sink in self._sinks.events:
            chosen = self._routed(batch, partial(self._is_sent_to, sink.name))
            if chosen:
                try:
                    sink.write(chosen)
                except Exception as error:
                    if is_interrupt(error):
                        raise
                    self._accounts.dropped.add(f"{sink.name}_failed", len(chosen))
                    self._tell(sink, error)

    def write_spans(self, spans: Sequence[ReadableSpan]) -> None:
        """Give every sink that takes spans all of them."""
        if not self._sinks.spans:
            self._span_accounts.dropped.add("no_sink", len(spans))
        for sink in self._sinks.spans:
            try:
                sink.write_spans(spans)
            except Exception as error:  # noqa: PERF203  # each sink for itself
                self._span_accounts.dropped.add(f"{sink.name}_failed", len(spans))
                self._tell(sink, error)

    def flush(self, deadline: float) -> bool:
        """Return True only if every sink says by *deadline* that all is safe."""
        return self._ask_all("flush", deadline)

    def close(self, deadline: float) -> bool:
        """Close every sink by *deadline*; True only if all of them say that they were left with nothing."""
        return self._ask_all("close", deadline)

    def _count_lost(self, batch: Batch) -> None:
        lost = len(batch) - len(self._routed(batch, self._sinks_of) if self._sinks.events else ())
        if lost:
            self._accounts.dropped.add("no_sink", lost)

    def _routed(self, batch: Batch, is_wanted: Callable[[str], object]) -> Batch:
        return batch.named(is_wanted) if self._sinks.routes else batch

    def _is_sent_to(self, sink_name: str, event_name: str) -> bool:
        return sink_name in self._sinks_of(event_name)

    def _sinks_of(self, event_name: str) -> frozenset[str]:
        names = self._chosen.get(event_name)
        if names is None:
            if len(self._chosen) >= _MAX_NAMES:
                self._chosen.clear()
            fitting = (route.sinks for route in self._sinks.routes if fnmatchcase(event_name, route.pattern))
            names = self._chosen[event_name] = self._names & next(fitting, self._default)
        return names

    def _ask_all(self, what: str, deadline: float) -> bool:
        """Ask all sinks at once, each on a thread of its own: a sink may be slower than it was told to be."""
        sinks: tuple[NamedSink, ...] = (*self._sinks.events, *self._sinks.spans)
        earlier = _EARLIER
        if what == "close":
            earlier = max(_EARLIER, min(_EARLIER_AT_CLOSE, _PART_AT_CLOSE * (deadline - time.monotonic())))
        answers = [_Answer(sink, what, deadline - earlier) for sink in {id(sink): sink for sink in sinks}.values()]
        # To begin a thread costs more than most flushes: one that is never late is set going, and asked here.
        here = [answer for answer in answers if what == "flush" and answer.set_going()]
        for answer in answers:
            if answer not in here:
                answer.start()
        for answer in here:
            answer.ask()
        are_good = [answer.is_good(deadline + _GRACE) for answer in answers]  # each, whatever the first one says
        for answer in answers:
            if answer.error is not None:
                self._tell(answer.sink, answer.error)
        return all(are_good)

    def _tell(self, sink: NamedSink, error: Exception) -> None:
        self._notices.warn(f"sink_failed:{sink.name}", f"sink '{sink.name}' failed: {told(error)}")


class _Answer:
    """What one sink says to a `flush` or a `close`."""

    def __init__(self, sink: NamedSink, what: str, deadline: float) -> None:
        self.sink = sink
        self.error: Exception | None = None
        self._what = what
        self._deadline = deadline
        self._was_yes = False
        self._done = threading.Event()

    def set_going(self) -> bool:
        """Have the sink hurry; False if it is one that may not keep a deadline."""
        hurry = getattr(self.sink, "hurry", None)
        if hurry is None:
            return False
        hurry()
        return True

    def start(self) -> None:
        """Ask, on another thread if there can be one."""
        try:
            threading.Thread(target=self.ask, name=f"otel_events.{self._what}", daemon=True).start()
        except RuntimeError:  # the interpreter is shutting down and starts no more threads
            self.ask()

    def ask(self) -> None:
        """Ask, on this thread."""
        try:
            self._was_yes = bool(getattr(self.sink, self._what)(max(self._deadline, time.monotonic())))
        except Exception as error:  # told and answered with no by `Dispatch`
            if is_interrupt(error):  # on the thread that asks: a time limit of the program's own
                raise
            self.error = error
        finally:
            self._done.set()

    def is_good(self, until: float) -> bool:
        """Return True only if the sink has said yes by *until*."""
        return self._done.wait(max(0.0, min(until - time.monotonic(), threading.TIMEOUT_MAX))) and self._was_yes
