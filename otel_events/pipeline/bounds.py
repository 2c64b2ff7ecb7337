"""Tell what is wrong with a guard's settings, all of it at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from otel_events.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Bounds:
    """Collects problems with the settings of one guard."""

    def __init__(self, guard: str) -> None:
        """Name the *guard* as the error should."""
        self._guard = guard
        self._problems: list[str] = []

    def pattern(self, pattern: object) -> None:
        """Ask for a name pattern."""
        if not isinstance(pattern, str) or not pattern.strip():
            self._problems.append(f"{self._guard}: the pattern {pattern!r:.60} must be a text such as 'task.*'")

    def names(self, name: str, values: Iterable[object]) -> None:
        """Ask for texts that are not empty."""
        for value in values:
            if not isinstance(value, str) or not value:
                self._problems.append(f"{self._guard}: {name} must be names such as 'path', not {value!r:.60}")

    def number(
        self, name: str, value: object, *, above: float | None = None, least: float = -math.inf, below: float = math.inf
    ) -> None:
        """Ask for a finite number *above* a bound or of at least *least*, and *below* another."""
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            is_enough = value >= least if above is None else value > above
            if is_enough and value < below:
                return
        bound = f"of at least {least:g}" if above is None else f"above {above:g}"
        also = "" if below == math.inf else f" and below {below:g}"
        self._problems.append(f"{self._guard}: {name} must be a number {bound}{also}, not {value!r:.60}")

    def one_of(self, name: str, value: object, choices: Iterable[str]) -> None:
        """Ask for one of *choices*."""
        if value not in tuple(choices):
            self._problems.append(f"{self._guard}: {name} must be one of {', '.join(choices)}, not {value!r:.60}")

    def check(self) -> None:
        """Raise ConfigurationError if there was a problem."""
        if self._problems:
            raise ConfigurationError(f"the settings of {self._guard} cannot be used", self._problems)
