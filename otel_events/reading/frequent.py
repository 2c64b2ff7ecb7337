"""Which types displays roll up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.catalog import current

if TYPE_CHECKING:
    from otel_events.reading.record import Record

_WARN = 13


class Frequent:
    """Tells of types whether displays roll them up; the catalogue says so, once for each name."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def __call__(self, record: Record) -> bool:
        """Return whether *record* is one of many that say little each. What warns is none."""
        known = self._known.get(record.name)
        if known is None:
            definition = current().find(record.name)
            known = self._known[record.name] = definition is not None and definition.rolled_up_in_displays
        return known and record.severity < _WARN
