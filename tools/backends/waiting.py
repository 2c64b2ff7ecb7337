"""Wait for something to come true."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")

_POLL_SECONDS = 0.1


def wait_for(probe: Callable[[], Found], what: str, timeout: float = 120.0) -> Found:
    """Return the first truthy answer of *probe*, or raise TimeoutError naming *what* and the last answer."""
    deadline = time.monotonic() + timeout
    while not (answer := probe()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout:.0f} s for {what}; the last answer was {answer!r}")
        time.sleep(_POLL_SECONDS)
    return answer
