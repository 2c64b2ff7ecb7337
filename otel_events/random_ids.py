"""Ids that no two processes share, at the price of arithmetic: not of a call to the operating system for each."""

from __future__ import annotations

import os
from random import Random

# A generator of our own, seeded by the operating system: a program that seeds `random`, as training runs do, would get
# the same ids each time. Its methods are single steps of the interpreter, so threads and signal handlers may share it.
_random = Random()  # noqa: S311  # ids are no secrets


def random_id(bits: int) -> int:
    """Return a number of at most *bits* bits, never 0, which OpenTelemetry takes for no id. It is no secret."""
    return _random.getrandbits(bits) or 1


def _begin_anew() -> None:
    """Let the child of a fork draw other numbers than its parent."""
    _random.seed()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
