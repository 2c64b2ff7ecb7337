"""What a uid of this package's writers says: who wrote, and which one of theirs it is."""

from __future__ import annotations

import re
from functools import lru_cache

# As `runtime.Capture` makes them. Any other uid is somebody else's, of which nothing is known but whether it was there.
_WRITER = re.compile(r"[0-9a-f]{16}", re.ASCII)
_WRITER_LENGTH = 16
_MAX_DIGITS = 10


def split_uid(uid: str) -> tuple[str, int] | None:
    """Return the writer and the number that a uid of our writers consists of, None for any other uid."""
    name, digits = uid[:_WRITER_LENGTH], uid[_WRITER_LENGTH + 1 :]
    if uid[_WRITER_LENGTH : _WRITER_LENGTH + 1] != "-" or len(digits) > _MAX_DIGITS or not is_writer(name):
        return None
    try:
        number = int(digits, 16)
    except ValueError:
        return None
    return (name, number) if f"{number:x}" == digits else None


def writer_of(uid: str) -> str:
    """Return who gave *uid*, empty if that is not known."""
    place = split_uid(uid)
    return place[0] if place is not None else ""


@lru_cache(maxsize=1024)
def is_writer(name: str) -> bool:
    """Tell whether *name* can be that of one of our writers."""
    return _WRITER.fullmatch(name) is not None
