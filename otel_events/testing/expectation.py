"""What a test expects of an event, and words for what is there instead."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from otel_events import catalog
from otel_events.event import parse_severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from otel_events.testing.captured import CapturedEvent

_MAX_LISTED = 30
_MISSING = object()


class Expectation:
    """A name or a pattern, and what must be equal."""

    def __init__(self, name: str, expected: Mapping[str, Any]) -> None:
        self._name = catalog.current().canonical(name)
        self._expected = {key.removesuffix("_"): value for key, value in expected.items()}
        if "severity" in self._expected:
            self._expected["severity"] = parse_severity(self._expected["severity"])

    def __str__(self) -> str:
        return " ".join([self._name, *(f"{key}={value!r}" for key, value in self._expected.items())])

    def among(self, events: Sequence[CapturedEvent]) -> list[CapturedEvent]:
        """Return those of *events* that are as expected."""
        return [event for event in events if self._names(event) and not self._differences(event)]

    def explain_absence(self, events: Sequence[CapturedEvent]) -> str:
        """Return what was expected, how the nearest of *events* differs, and all of them."""
        lines = [f"not emitted: {self}"]
        near = [(len(differences), event, differences) for event, differences in self._near(events)]
        if near:
            _, event, differences = min(near, key=lambda entry: entry[0])
            lines.append(f"nearest: {event}")
            lines += [f"  {difference}" for difference in differences]
        return "\n".join([*lines, listed(events)])

    def _near(self, events: Sequence[CapturedEvent]) -> list[tuple[CapturedEvent, list[str]]]:
        named = [event for event in events if self._names(event)]
        return [(event, self._differences(event)) for event in named] or self._misnamed(events)

    def _misnamed(self, events: Sequence[CapturedEvent]) -> list[tuple[CapturedEvent, list[str]]]:
        from difflib import get_close_matches

        like = get_close_matches(self._name, {event.name for event in events}, 1)
        return [
            (event, [f"name: expected {self._name!r}, is {event.name!r}", *self._differences(event)])
            for event in events
            if event.name in like
        ]

    def _names(self, event: CapturedEvent) -> bool:
        return fnmatchcase(event.name, self._name)

    def _differences(self, event: CapturedEvent) -> list[str]:
        told = []
        for key, expected in self._expected.items():
            actual = self._actual(key, event)
            if actual is _MISSING:
                told.append(f"{key}: expected {expected!r}, is missing")
            elif not expected == actual:  # noqa: SIM201  # the expected side may be a matcher with an `==` of its own
                told.append(f"{key}: expected {expected!r}, is {actual!r}")
        return told

    def _actual(self, key: str, event: CapturedEvent) -> Any:
        if key in ("message", "severity"):
            return getattr(event, key)
        return event.attributes.get(key, _MISSING)


def listed(events: Sequence[CapturedEvent]) -> str:
    """Return *events* as numbered lines for people; of many the first ones."""
    lines = [f"  {number}. {event}" for number, event in enumerate(events[:_MAX_LISTED], 1)]
    if len(events) > _MAX_LISTED:
        lines.append(f"  ... and {len(events) - _MAX_LISTED} more")
    return "\n".join([f"emitted ({len(events)}):", *lines]) if events else "nothing was emitted"
