"""Imports on threads of ours, which no fork cuts in two: what was half imported then, a child would wait for without end."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Whoever forks takes it before, and lets it go after: `process` sees to that.
lock = threading.RLock()


@contextmanager
def whole_import() -> Iterator[None]:
    """Let nobody fork inside, where something is imported that takes long."""
    with lock:
        yield
