"""All that was emitted, as a test looks at it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, overload

from otel_events import catalog
from otel_events.testing.captured import CapturedEvent
from otel_events.testing.expectation import Expectation, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.trace import ReadableSpan


class CapturedEvents(Sequence[CapturedEvent]):
    """All that was emitted inside `capture_events()`, oldest first. Every look at it sees all that was emitted so far."""

    def __init__(self, events: list[CapturedEvent], spans: list[ReadableSpan], settle: Callable[[], None]) -> None:
        self._events = events
        self._spans = spans
        self._settle = settle

    # -- looking -----------------------------------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """The names, in the order of emission."""
        return [event.name for event in self._now()]

    @property
    def spans(self) -> list[ReadableSpan]:
        """The spans that have ended: of tasks, and of any TracerProvider that has our `DurableSpanProcessor`."""
        self._settle()
        return list(self._spans)

    def named(self, pattern: str) -> list[CapturedEvent]:
        """Return the events whose name matches *pattern*: a name, an alias, or as in shell file names (`task.*`)."""
        wanted = catalog.current().canonical(pattern)
        return [event for event in self._now() if fnmatchcase(event.name, wanted)]

    def one(self, name: str = "*", /, **expected: Any) -> CapturedEvent:
        """Return the only event that matches, or raise AssertionError; see `assert_emitted`."""
        __tracebackhide__ = True
        expectation = Expectation(name, expected)
        events = self._now()
        found = expectation.among(events)
        if len(found) != 1:
            how_many = f"not one event but {len(found)} match {expectation}"
            raise AssertionError(f"{how_many}\n{listed(found or events)}")
        return found[0]

    def only(self, name: str = "*", /, **expected: Any) -> CapturedEvent:
        """Return the only event there is, or raise AssertionError if there are more, or if it does not match."""
        __tracebackhide__ = True
        events = self._now()
        if len(events) != 1:
            raise AssertionError(f"not one event but {len(events)} were emitted\n{listed(events)}")
        return self.one(name, **expected)

    # -- asserting ---------------------------------------------------------------------------------------------------

    def assert_emitted(self, name: str, /, **expected: Any) -> CapturedEvent:
        """Return the first event that matches, or raise AssertionError with what was expected and what is there.

        Args:
            name: a name, an alias, or a pattern such as `task.*`.
            **expected: attributes, compared with `==`; others may be there too. `message` and `severity` (as in
                `emit`) are compared with the event's own. One trailing underscore is dropped (`from_`).
        """
        __tracebackhide__ = True
        expectation = Expectation(name, expected)
        events = self._now()
        found = expectation.among(events)
        if not found:
            raise AssertionError(expectation.explain_absence(events))
        return found[0]

    def assert_not_emitted(self, name: str, /, **expected: Any) -> None:
        """Raise AssertionError with what is there if an event matches; see `assert_emitted`."""
        __tracebackhide__ = True
        expectation = Expectation(name, expected)
        found = expectation.among(self._now())
        if found:
            raise AssertionError(f"emitted, though it should not be: {expectation}\n{listed(found)}")

    def clear(self) -> None:
        """Forget what was captured so far."""
        self._settle()
        self._events.clear()
        self._spans.clear()

    # -- as a sequence -----------------------------------------------------------------------------------------------

    def _now(self) -> list[CapturedEvent]:
        self._settle()
        return list(self._events)

    def __len__(self) -> int:
        return len(self._now())

    def __iter__(self) -> Iterator[CapturedEvent]:
        return iter(self._now())

    @overload
    def __getitem__(self, index: int) -> CapturedEvent: ...
    @overload
    def __getitem__(self, index: slice) -> list[CapturedEvent]: ...
    def __getitem__(self, index: int | slice) -> CapturedEvent | list[CapturedEvent]:
        return self._now()[index]

    def __repr__(self) -> str:
        return f"<CapturedEvents: {len(self)}>\n{listed(self._now())}"
