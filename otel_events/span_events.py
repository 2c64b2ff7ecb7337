"""The event to span event bridge: an event becomes a span event of the same name, worked out when the span is encoded.

The rules are those of the "event to span event bridge" in OpenTelemetry's logs SDK specification. It reaches into the
SDK's Span (its lock and its event list), because `Span.add_event` costs 9 to 14 microseconds on the caller's thread and
hangs for ever when a signal handler or `__del__` calls it while its own thread is inside a span method.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from otel_events import runtime
from otel_events.event import parse_timestamp

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Event as SdkEvent
    from opentelemetry.trace import Span

    from otel_events.event import Draft

# Seconds. Longer than any span method holds its lock, short enough for the thread that may hold it itself.
_LOCK_TIMEOUT = 0.001


def copy_to_span(span: Span, draft: Draft) -> None:
    """Add the event of *draft* to the recording *span*, as a span event; count it where that cannot be done."""
    problems = runtime.capture.accounts.problems
    if not runtime.is_copied_to_spans(draft[2]):
        return
    if not span.get_span_context().is_valid:
        return
    if not _has_known_inside(type(span)):
        _add_by_public_api(span, draft)
        return
    lock = span._lock  # type: ignore[attr-defined]
    if not lock.acquire(timeout=_LOCK_TIMEOUT):
        problems.add("span_event_skipped")
        return
    try:
        if span._end_time is None:  # type: ignore[attr-defined]
            _append(span._events, _lazy_event_class()(draft))  # type: ignore[attr-defined, arg-type]
    finally:
        lock.release()


def _append(events: Any, event: SdkEvent) -> None:
    # Not `events.append`: the list has a lock of its own, which a signal handler may find held by its own thread.
    waiting = events._dq
    if waiting.maxlen is not None and len(waiting) >= waiting.maxlen:
        events.dropped += 1
    waiting.append(event)


def _add_by_public_api(span: Span, draft: Draft) -> None:
    copy = runtime.finish_copy(draft)
    if copy is not None:
        name, attributes = copy
        span.add_event(name, attributes, timestamp=timestamp_of(draft))


def timestamp_of(draft: Draft) -> int:
    """Return when the event of *draft* happened, nanoseconds since the epoch; what is no time counts as unsaid."""
    given = draft[5]
    if given is None:
        return draft[1]
    parsed = parse_timestamp(given)
    return draft[1] if parsed is None else parsed


@lru_cache(maxsize=64)
def _has_known_inside(span_class: type) -> bool:
    """Tell whether spans of *span_class* are the SDK's, with the private parts that the bridge uses."""
    from opentelemetry.sdk.trace import Span as SdkSpan
    from opentelemetry.sdk.util import BoundedList

    return (
        issubclass(span_class, SdkSpan)
        and span_class.add_event is SdkSpan.add_event
        and isinstance(getattr(BoundedList(1), "_dq", None), deque)
    )


@lru_cache(maxsize=1)
def _lazy_event_class() -> type[SdkEvent]:
    from opentelemetry.sdk.trace import Event as SdkEvent

    class LazyEvent(SdkEvent):
        """A span event whose name and attributes are normalised, redacted and limited when somebody reads them."""

        def __init__(self, draft: Draft) -> None:
            # No super().__init__: it would ask for the attributes, which are not worked out yet.
            self._draft = draft
            self._timestamp = timestamp_of(draft)
            self._finished: tuple[str, dict[str, Any]] | None = None

        def _finish(self) -> tuple[str, dict[str, Any]]:
            if self._finished is None:
                try:
                    self._finished = runtime.finish_copy(self._draft) or (str(self._draft[2]), {})
                except Exception:
                    # An attribute that raises would cost the whole batch of spans.
                    runtime.capture.accounts.problems.add("span_event_failed")
                    self._finished = (str(self._draft[2]), {})
            return self._finished

        @property
        def name(self) -> str:
            return self._finish()[0]

        @property
        def attributes(self) -> Any:
            return self._finish()[1]

        @property
        def dropped_attributes(self) -> int:
            return 0

    return LazyEvent
