"""Exceptions of which an event has told already, while others log them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# By id: the hook that put them there keeps them alive.
_told: set[int] = set()


@contextmanager
def already_told(error: BaseException | None) -> Iterator[None]:
    """Keep log records with *error* from telling of it again, for as long as this lasts."""
    _told.add(id(error))
    try:
        yield
    finally:
        _told.discard(id(error))


def is_told(exc_info: object) -> bool:
    """Tell whether an event has told of the exception in *exc_info* just now."""
    return bool(_told) and type(exc_info) is tuple and id(exc_info[1]) in _told
