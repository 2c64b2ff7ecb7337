"""Ids and times that are the same in every run: numbers in the order of emission."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_events.event import Value
    from otel_events.testing.captured import CapturedEvent

_SECOND = 1_000_000_000
# What `task` makes where a program gives no id.
_MADE_TASK_ID = re.compile(r"[0-9a-f]{16}")
_TASK_IDS = ("task_id", "parent_task_id")


class Renumbering:
    """Gives each event the next second since the epoch and the next uid, and each id its number of first appearance.

    A timestamp that the program gave itself stays.
    """

    def __init__(self) -> None:
        self._events = 0
        self._numbers: dict[tuple[str, str], int] = {}

    def __call__(self, event: CapturedEvent) -> CapturedEvent:
        """Return *event* renumbered."""
        self._events += 1
        return replace(
            event,
            timestamp=event.timestamp if event.has_own_timestamp else self._events * _SECOND,
            uid=f"{0:016x}-{self._events:x}",
            trace_id=self._number("trace", event.trace_id, 32),
            span_id=self._number("span", event.span_id, 16),
            attributes={key: self._attribute(key, value, event) for key, value in event.attributes.items()},
        )

    def _attribute(self, key: str, value: Value, event: CapturedEvent) -> Value:
        if key in _TASK_IDS and isinstance(value, str) and _MADE_TASK_ID.fullmatch(value):
            return self._number("task", value, 16)
        return 0.0 if key == "duration" and event.is_closing else value

    def _number(self, kind: str, given: str, width: int) -> str:
        if not given:
            return given
        number = self._numbers.setdefault((kind, given), 1 + sum(of == kind for of, _ in self._numbers))
        return f"{number:0{width}x}"
