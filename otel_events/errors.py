"""The errors that users may see, all of them at definition and configuration time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class OtelEventsError(Exception):
    """The root of every error this package raises on purpose."""


class ProblemsError(OtelEventsError, ValueError):
    """Several problems told at once, so that nobody has to mend them one run at a time.

    Attributes:
        problems: one sentence each, naming what is wrong and what would be right.
    """

    def __init__(self, what: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"{what}:{lines}")


class ConfigurationError(ProblemsError):
    """`configure` was given something it cannot use."""


class DefinitionError(ProblemsError):
    """An event definition, typed or from a registry, breaks a rule."""


class StrictModeError(OtelEventsError, ValueError):
    """In strict mode (tests): an event that departs from the catalogue."""
