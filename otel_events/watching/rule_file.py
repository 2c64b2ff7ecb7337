"""A file of rules that say which event a change of a file means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from otel_events.watching.change import Classifier


def load_rules(path: str | PathLike[str]) -> Classifier:
    """Return the classifier that goes by the rules in the file at *path*."""
    raise NotImplementedError(path)
