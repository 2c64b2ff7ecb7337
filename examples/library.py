"""Emit from a library: under its own name and version, without a word about where events go.

python examples/library.py
"""

from __future__ import annotations

from enum import Enum

import otel_events as ev

# What the library's users see as instrumentation scope, and can route or filter by.
emitter = ev.get_emitter("garden", "1.2")


class Seed(Enum):
    """Names in one place; an enum member is as good as its value."""

    GERMINATED = "seed.germinated"
    PRUNED = "seed.pruned"


def grow(slot: int) -> None:
    """Let a seed germinate."""
    emitter.emit(Seed.GERMINATED, slot_id=f"slot-{slot}", blueprint="conv")


if __name__ == "__main__":
    with ev.context(env_id=3, episode=17):
        grow(1)
        grow(2)
