"""How much is in a body, told by its bytes: some megabytes can be millions of empty records, each of which costs memory and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_PARTS = 100_000  # resources, scopes, and records or spans
MOST_MARKS = 500_000  # braces, brackets and commas of JSON, of which a usual record has thirty
# The fields on the way from a request to its records; they have the same numbers for logs, spans and metrics.
_FIELDS = (1, 2, 2)
_LENGTHS = {1: 8, 5: 4}  # of wire types of one size
_VARINT, _BYTES = 0, 2


def is_too_much_json(body: bytes) -> bool:
    """Return whether *body* has more values than anybody would send at once."""
    return len(body) > MOST_MARKS and body.count(b"{") + body.count(b"[") + body.count(b",") > MOST_MARKS


def has_too_many_parts(body: bytes) -> bool:
    """Return whether the request of OTLP in *body* has more parts than anybody would send at once; what is malformed ends the count."""
    if len(body) <= 2 * MOST_PARTS:  # the least that a part takes
        return False
    count = 0
    try:
        for _ in _parts(body, 0, len(body), 0):
            count += 1
            if count > MOST_PARTS:
                return True
    except (IndexError, ValueError):  # the parser will say what is wrong
        pass
    return False


def _parts(body: bytes, at: int, end: int, level: int) -> Iterator[None]:
    field = _FIELDS[level]
    while at < end:
        tag, at = _varint(body, at)
        kind = tag & 7
        if kind == _BYTES:
            size, at = _varint(body, at)
            if tag >> 3 == field:
                yield
                if level + 1 < len(_FIELDS):
                    yield from _parts(body, at, min(at + size, end), level + 1)
            at += size
        elif kind == _VARINT:
            _, at = _varint(body, at)
        elif kind in _LENGTHS:
            at += _LENGTHS[kind]
        else:
            raise ValueError(kind)


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number without an end")
