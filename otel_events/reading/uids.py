"""What a uid of this package's writers says: who wrote, and which one of theirs it is."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def split_uids(uids: Sequence[str]) -> Iterator[tuple[str, list[int], int]]:
    """Yield of *uids*, stretch by stretch, whose they are, their numbers, and how many they are.

    Those that are none of our writers' come under an empty name, without numbers.
    """
    # By their beginnings first: to ask each one whose it is would take longer.
    for _, group in groupby(uids, itemgetter(slice(_WRITER_LENGTH + 1))):
        some = list(group)
        name = prefix_of(some[0])
        numbers = _numbers([uid[_WRITER_LENGTH + 1 :] for uid in some]) if name else []
        if numbers is not None:
            yield name, numbers, len(some)
            continue
        for uid in some:
            place = split_uid(uid)
            yield (place[0], [place[1]], 1) if place is not None else ("", [], 1)


def prefix_of(uid: str) -> str:
    """Return the writer that *uid* begins with, empty if it begins with none of ours."""
    name = uid[:_WRITER_LENGTH]
    return name if uid[_WRITER_LENGTH : _WRITER_LENGTH + 1] == "-" and is_writer(name) else ""


def _numbers(digits: list[str]) -> list[int] | None:
    """Return the numbers that *digits* are; None if one of them is no number as our writers write it."""
    try:
        numbers = [int(each, 16) for each in digits]
    except ValueError:
        return None
    is_ours = [f"{number:x}" for number in numbers] == digits and max(map(len, digits)) <= _MAX_DIGITS
    return numbers if is_ours else None


def writer_of(uid: str) -> str:
    """Return who gave *uid*, empty if that is not known."""
    place = split_uid(uid)
    return place[0] if place is not None else ""


@lru_cache(maxsize=1024)
def is_writer(name: str) -> bool:
    """Tell whether *name* can be that of one of our writers."""
    return _WRITER.fullmatch(name) is not None
