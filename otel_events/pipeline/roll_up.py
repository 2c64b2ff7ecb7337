"""Make one event a second of those that are so frequent that nobody reads them one by one."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from otel_events.event import CORRELATION
from otel_events.pipeline.bounds import Bounds
from otel_events.pipeline.name_patterns import ByName
from otel_events.pipeline.summary import Run, seconds
from otel_events.pipeline.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.accounting import Tally
    from otel_events.event import Event, Value

_MAX_NUMBERS = 64  # attributes of one window that are summed up


class RollUpSettings(NamedTuple):
    """What is rolled up; nothing by default: displays roll up, the record keeps every step.

    Attributes:
        patterns: of event names.
        window: seconds that become one event.
        max_windows: windows that are open at once; beyond them the oldest closes early.
    """

    patterns: tuple[str, ...] = ()
    window: float = 1.0
    max_windows: int = 10_000


class RollUp:
    """One event for each name, correlation and window, with count and min, mean, max and last of each number.

    What it stands for, less itself, is counted in *summarised* as `rolled_up`. Lifecycle and alert events always pass.
    """

    def __init__(
        self, settings: RollUpSettings, summarised: Tally, clock: Callable[[], float] = time.monotonic
    ) -> None:
        _check(settings)
        self._settings = settings
        self._names = ByName([(pattern, True) for pattern in settings.patterns])
        self._windows: Windows[_Sums] = Windows(settings.window, settings.max_windows)
        self._summarised = summarised
        self._clock = clock
        self.held = 0

    def __call__(self, events: list[Event]) -> list[Event]:
        if not self._settings.patterns:
            return events
        now = self._clock()
        passing = self.release(now)
        for event in events:
            if not self._names.find(event.name):
                passing.append(event)
                continue
            key = (event.name, *(_hashable(_correlation(event, name)) for name in CORRELATION))
            sums = self._windows.find(key)
            if sums is None:
                sums = _Sums()
                gone = self._windows.open(key, sums, now)
                if gone is not None:
                    passing.append(self._summary(gone))
            sums.add(event)
            self.held += 1
        return passing

    def due(self) -> float | None:
        """Return when a window closes next (`time.monotonic()`), or None."""
        return self._windows.due()

    def release(self, now: float) -> list[Event]:
        """Return the events of all windows that close by *now*; math.inf closes all."""
        return [self._summary(sums) for _, sums in self._windows.close_until(now)]

    def _summary(self, sums: _Sums) -> Event:
        last = sums.run.last
        if last is None:  # a window is opened for an event
            raise AssertionError
        count = sums.run.count
        self.held -= count
        if count == 1:
            return last
        self._summarised.add("rolled_up", count - 1)
        said = last.body if type(last.body) is str else last.name
        attributes = {**last.attributes, **sums.figures(), **sums.run.facts()}
        return replace(last, body=f"{said} ({count} in {seconds(self._settings.window)})", attributes=attributes)


def _check(settings: RollUpSettings) -> None:
    bounds = Bounds("roll up")
    for pattern in settings.patterns:
        bounds.pattern(pattern)
    bounds.number("window", settings.window, above=0)
    bounds.number("max_windows", settings.max_windows, least=1)
    bounds.check()


class _Sums:
    """What is known of the events of one window."""

    __slots__ = ("_numbers", "run")

    def __init__(self) -> None:
        self.run = Run()
        self._numbers: dict[str, list[float]] = {}  # count, sum, least, most

    def add(self, event: Event) -> None:
        self.run.add(event)
        for key, value in event.attributes.items():
            if type(value) is not int and type(value) is not float:
                continue
            sums = self._numbers.get(key)
            if sums is not None:
                sums[0] += 1
                sums[1] += value
                sums[2] = min(sums[2], value)
                sums[3] = max(sums[3], value)
            elif key not in CORRELATION and len(self._numbers) < _MAX_NUMBERS:
                self._numbers[key] = [1, value, value, value]

    def figures(self) -> dict[str, Value]:
        """Return min, mean and max of each number; the last is under the key itself."""
        figures: dict[str, Value] = {}
        for key, (count, total, least, most) in self._numbers.items():
            figures |= {f"{key}.min": least, f"{key}.mean": total / count, f"{key}.max": most}
        return figures


def _correlation(event: Event, key: str) -> Value:
    return event.attributes.get(key, event.bound.get(key))


def _hashable(value: Value) -> object:
    return repr(value) if isinstance(value, (list, dict)) else value
