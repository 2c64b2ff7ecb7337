"""Encode attributes of many records with the same keys, one key after the other.

What is asked of a key and of a kind of value is asked once for all of them, and most of the loop is the interpreter's own.
"""

from __future__ import annotations

from itertools import repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from otel_events.otlp.encode_values import encode_value
from otel_events.otlp.wire import pack_double, varints

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from otel_events.otlp.encode_values import AttributeEncoder, KeyFrame


_SELDOM = 4  # so often at least a text comes on average that is encoded once for all its rows


def encode_alike(encoder: AttributeEncoder, keys: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield the encoded attributes of each of *rows*, all of which have *keys* in this order; or raise if one has no form.

    The error may come late, and does not say which row is to blame.
    """
    if not keys:
        return repeat(b"", len(rows))
    # Not by `zip` over all rows at once: its thousands of iterators would call the garbage collector.
    columns = {key: list(map(itemgetter(key), rows)) for key in keys}
    return map(b"".join, zip(*encode_columns(encoder, columns), strict=True))


def encode_columns(encoder: AttributeEncoder, columns: Mapping[str, list[Any]]) -> list[Iterable[bytes]]:
    """Return what the attributes in *columns*, which are by key, consist of in each row, part by part; or raise as above."""
    parts: list[Iterable[bytes]] = []
    for key, column in columns.items():
        parts += _encode(encoder.frame(key), column)
    if "session_id" in columns and "session.id" not in columns:
        parts += _encode(encoder.frame("session.id"), columns["session_id"])  # as `with_session_id` does
    return parts


def _encode(frame: KeyFrame, column: list[Any]) -> tuple[Iterable[bytes], ...]:
    """Return what the attribute consists of in each row, part by part."""
    kind, *others = set(map(type, column))
    if not others:
        if kind is str:
            known = set(column)
            if len(known) <= len(column) // _SELDOM:  # names, models, methods: of equal ones one
                encoded = {text: _encode_one(frame, text) for text in known}
                return (map(encoded.__getitem__, column),)
            texts = list(map(str.encode, column))
            return map(frame.texts.__getitem__, map(len, texts)), texts
        if kind is float:
            return repeat(frame.double, len(column)), map(pack_double, column)
        if kind is int:
            numbers = varints(column)
            return map(frame.integers.__getitem__, map(len, numbers)), numbers
    return ([_encode_one(frame, value) for value in column],)


def _encode_one(frame: KeyFrame, value: Any) -> bytes:
    encoded = encode_value(value)
    return frame.before(len(encoded)) + encoded
