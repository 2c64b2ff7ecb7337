"""Let through only what is wanted, by name, severity, attributes and text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.pipeline.evaluation import MISSING, Access, compile_filter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from otel_events.accounting import Accounts
    from otel_events.event import Event
    from otel_events.filter_language import FilterSettings


class Filter:
    """Drop what is not wanted; it is counted as dropped for `filtered`."""

    def __init__(self, settings: FilterSettings, accounts: Accounts) -> None:
        self._passes = compile_filter(settings, _ACCESS)
        self._dropped = accounts.dropped

    def __call__(self, events: list[Event]) -> list[Event]:
        if self._passes is None:
            return events
        passing = list(filter(self._passes, events))
        if len(passing) < len(events):
            self._dropped.add("filtered", len(events) - len(passing))
        return passing

    def passes(self, event: Event) -> bool:
        """Tell whether *event* is wanted."""
        return self._passes is None or self._passes(event)


def _lookup(event: Event, key: str) -> Any:
    value = event.attributes.get(key, MISSING)
    if value is MISSING:
        value = event.bound.get(key, MISSING)
    if value is MISSING and key in _FACTS:
        return _FACTS[key](event)
    return value


def _values(event: Event) -> Iterator[object]:
    yield event.body
    yield from event.attributes.values()
    for key, value in event.bound.items():
        if key not in event.attributes:
            yield value


# What a ledger's line says beside the attributes, under its names, as far as it is known before a sink has the event.
_FACTS: dict[str, Callable[[Event], Any]] = {
    "event": lambda event: event.name,
    "name": lambda event: event.name,
    "kind": lambda _: "event",
    "message": lambda event: event.body,
    "uid": lambda event: event.uid or MISSING,
    "trace_id": lambda event: f"{event.trace_id:032x}" if event.trace_id else MISSING,
    "span_id": lambda event: f"{event.span_id:016x}" if event.span_id else MISSING,
}
_ACCESS = Access(_lookup, _values)
