"""Names of events, as callers of drop-ins give them."""

from __future__ import annotations

from enum import Enum
from typing import Any


def text_of(name: Any) -> str:
    """Return the name that *name* means, or raise TypeError."""
    if isinstance(name, Enum):
        name = name.value
    if not isinstance(name, str):
        raise TypeError(f"{type(name).__name__} is no name of an event")
    return name
