"""Patterns over event names, in either spelling: the canonical one, or an alias of the catalogue's."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Generic, TypeVar

from otel_events import catalog

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_MAX_NAMES = 4_096  # names are few; a program that makes them up must not fill the memory


class ByName(Generic[T]):
    """What the first pattern that fits an event's name stands for; answers are kept."""

    def __init__(self, rows: Sequence[tuple[str, T]], *, spares_lifecycle: bool = True) -> None:
        """Take (pattern as in shell file names, what it stands for) pairs.

        Args:
            rows: the first that fits counts.
            spares_lifecycle: nothing fits what begins or ends something, or alerts.
        """
        self._rows = tuple(rows)
        self._spares_lifecycle = spares_lifecycle
        self._known: dict[str, T | None] = {}

    def find(self, name: str) -> T | None:
        """Return what the first pattern that fits *name* stands for, or None."""
        try:
            return self._known[name]
        except KeyError:  # nobody has asked yet; of most events somebody has, and that costs nothing
            found = self._find(name)
        if len(self._known) >= _MAX_NAMES:
            self._known.clear()
        self._known[name] = found
        return found

    def _find(self, name: str) -> T | None:
        if self._spares_lifecycle and is_lifecycle(name):
            return None
        spellings = spellings_of(name)
        for pattern, what in self._rows:
            if any(fnmatchcase(spelling, pattern) for spelling in spellings):
                return what
        return None


def spellings_of(name: str) -> tuple[str, ...]:
    """Return *name* and every alias that means it."""
    return (name, *catalog.current().aliases_of(name))


def is_lifecycle(name: str) -> bool:
    """Tell whether events of that name begin or end something, or alert: those are never held back."""
    definition = catalog.current().find(name)
    return definition is not None and definition.lifecycle
