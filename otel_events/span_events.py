"""The event to span event bridge: an event becomes a span event of the same name, worked out when the span is encoded.

The rules are those of the "event to span event bridge" in OpenTelemetry's logs SDK specification. It reaches into the
SDK's Span, because `Span.add_event` costs 9 to 14 microseconds on the caller's thread, and hangs for ever when a signal
handler or `__del__` calls it while its own thread is inside a span method.
"""

from __future__ import annotations

import sys
from collections import deque
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context

from otel_events import catalog, runtime
from otel_events.catalog import process_wide
from otel_events.event import parse_timestamp
from otel_events.interrupts import is_interrupt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.trace import Span

    from otel_events.event import Draft

# Seconds. Longer than any span method holds its lock, short enough for the thread that may hold it itself.
_LOCK_TIMEOUT = 0.001
_NO_CONTEXT = Context()
_MAX_CLASSES = 64

_MAX_NAMES = 1024

# The class of the copies that go into spans of a class; None: those get them by the public API.
_copies_in: dict[type, type[Any] | None] = {}
# Which events are copied, by name; and of which policy and catalogue that holds.
_verdicts: tuple[Any, Any, dict[str, bool]] = (None, None, {})
_UNKNOWN: Any = object()
_make: Any = object.__new__
# A draft without its Context, which holds the span that holds the copy: only the garbage collector could free a span then.
_without_context = itemgetter(0, 1, 2, 3, 4, 5, 6, 8)


def copy_to_span(span: Any, draft: Draft) -> None:  # noqa: C901  # the hot path of who emits in a span
    """Add the event of *draft* to *span* if it is recording, as a span event; count it where that cannot be done."""
    try:
        copy_class = _copies_in.get(type(span), _UNKNOWN)
        if copy_class is _UNKNOWN:
            copy_class = _look_inside(span)
        policy, definitions, verdicts = _verdicts
        if policy is not runtime.is_copied_to_spans or definitions is not process_wide.in_force:
            verdicts = _begin_verdicts()
        name = draft[2]
        is_copied = verdicts.get(name)
        if is_copied is None:
            is_copied = _judge(name, verdicts)
        if not is_copied:
            return
        if copy_class is None:
            if span.is_recording() and span.get_span_context().is_valid:
                _add_by_public_api(span, draft)
        elif span._end_time is None:
            # Past the class's own `__init__`, which is half of what a copy costs.
            copy = _make(copy_class)
            copy.kept = _without_context(draft)
            copy.writer = runtime.capture.writer
            copy.limits = span._limits
            # Without the span's lock, which its own thread may hold, and without the list's, likewise. A deque's append
            # cannot be interrupted; and a span that ends just now has this event, or has it not.
            events = span._events
            waiting = events._dq
            if len(waiting) == waiting.maxlen:
                events.dropped += 1
            waiting.append(copy)
    except Exception as error:
        if is_interrupt(error):
            raise
        # The event itself is on its way already.
        runtime.capture.accounts.problems.add("span_event_failed")


def _begin_verdicts() -> dict[str, bool]:
    """Forget which events are copied: the policy or the catalogue is another one."""
    global _verdicts
    verdicts: dict[str, bool] = {}
    _verdicts = (runtime.is_copied_to_spans, catalog.current(), verdicts)
    return verdicts


def _judge(name: str, verdicts: dict[str, bool]) -> bool:
    if len(verdicts) >= _MAX_NAMES:
        verdicts.clear()
    is_copied = verdicts[name] = bool(name) and runtime.is_copied_to_spans(name)
    return is_copied


def is_copy(span_event: object) -> bool:
    """Tell whether *span_event* is a copy of an event, finished as that is when somebody reads it."""
    return isinstance(span_event, _lazy_event_class())


def finish_copies(span_events: Iterable[Any]) -> None:
    """Work out all those among *span_events* that are copies, together: it costs a fraction of one after the other."""
    waiting = [(event, kept) for event in span_events if is_copy(event) and (kept := event.kept) is not None]
    if not waiting:
        return
    copies = [((*kept[:-1], _NO_CONTEXT, kept[-1]), event.writer) for event, kept in waiting]
    try:
        finished = runtime.finish_copy(copies)
    except Exception as error:
        if is_interrupt(error):
            raise
        runtime.capture.accounts.problems.add("span_event_failed", len(copies))
        finished = [None] * len(copies)
    for (event, _), (draft, _), copy in zip(waiting, copies, finished, strict=True):
        # What a stage has held back keeps its name alone: its place in the span cannot be taken away any more.
        event.finish(timestamp_of(draft), *(copy if copy is not None else (draft[2], {})))


def timestamp_of(draft: Draft) -> int:
    """Return when the event of *draft* happened, nanoseconds since the epoch; what is no time counts as unsaid."""
    fields, more = draft[5], draft[6]
    given = (None if fields is None else fields.get("timestamp")) if more is None else more[1]
    if given is None:
        return draft[1]
    try:
        parsed = parse_timestamp(given)
    except Exception:  # a number of five thousand digits, say; it is counted with the record
        parsed = None
    return draft[1] if parsed is None else parsed


def _add_by_public_api(span: Span, draft: Draft) -> None:
    lock = getattr(span, "_lock", None)
    if lock is not None:
        if not lock.acquire(timeout=_LOCK_TIMEOUT):
            # It may be this very thread that holds it, and is interrupted by a signal handler or a destructor.
            runtime.capture.accounts.problems.add("span_event_skipped")
            return
        lock.release()
    (copy,) = runtime.finish_copy([(draft, runtime.capture.writer)])
    if copy is not None:
        name, attributes = copy
        span.add_event(name, attributes, timestamp=timestamp_of(draft))


def _look_inside(span: Span) -> type[Any] | None:
    """Return the class of copies for spans like *span*: None if that is not the SDK's, with the private parts used here."""
    kind = type(span)
    # Not imported: then nobody has a span of its. Importing it takes longer than an emit may.
    sdk = sys.modules.get("opentelemetry.sdk.trace")
    is_known = (
        sdk is not None
        and issubclass(kind, sdk.Span)
        and kind.add_event is sdk.Span.add_event
        and hasattr(span, "_end_time")
        and hasattr(span, "_limits")
        and isinstance(getattr(getattr(span, "_events", None), "_dq", None), deque)
    )
    copy_class = _lazy_event_class() if is_known else None
    if len(_copies_in) < _MAX_CLASSES:
        _copies_in[kind] = copy_class
    return copy_class


@lru_cache(maxsize=1)
def _lazy_event_class() -> type[Any]:
    from opentelemetry.attributes import BoundedAttributes
    from opentelemetry.sdk.trace import Event as SdkEvent

    class LazyEvent(SdkEvent):
        """A span event whose name and attributes are normalised, redacted and limited when somebody reads them.

        It must be the SDK's Event, and reading it must not raise: either would cost a whole batch of spans.
        """

        # What is worked out later: a draft without its Context, whose it is (another's after a fork), the span's limits.
        __slots__ = ("kept", "limits", "writer")
        kept: Any
        limits: Any
        writer: str
        _dropped = 0

        def finish(self, timestamp: int, name: str, attributes: dict[str, Any]) -> None:
            self._timestamp, self._name, self._attributes = timestamp, name, attributes
            most, longest = self.limits.max_event_attributes, self.limits.max_attribute_length
            if longest is not None or (most is not None and len(attributes) > most):
                bounded = BoundedAttributes(most, attributes, max_value_len=longest, immutable=True)
                self._attributes, self._dropped = bounded, bounded.dropped
            self.kept = None

        def _read(self) -> None:
            if self.kept is not None:
                finish_copies((self,))

        @property
        def timestamp(self) -> int:
            self._read()
            return self._timestamp

        @property
        def name(self) -> str:
            self._read()
            return self._name

        @property
        def attributes(self) -> Any:
            self._read()
            return self._attributes

        @property
        def dropped_attributes(self) -> int:
            self._read()
            return self._dropped

    return LazyEvent
