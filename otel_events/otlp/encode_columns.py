"""Encode attributes of many records with the same keys, one key after the other.

What is asked of a key and of a kind of value is asked once for all of them, and most of the loop is the interpreter's own.
"""

from __future__ import annotations

from itertools import repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from otel_events.otlp.encode_values import encode_value
from otel_events.otlp.wire import framed_varints, pack_double
from otel_events.pipeline.alike import texts_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from otel_events.otlp.encode_values import AttributeEncoder, KeyFrame


_NONE: frozenset[str] = frozenset()
_SELDOM = 4  # so often at least a text comes on average that is encoded once for all its rows


def encode_alike(encoder: AttributeEncoder, keys: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield the encoded attributes of each of *rows*, all of which have *keys* in this order; or raise if one has no form.

    The error may come late, and does not say which row is to blame.
    """
    if not keys:
        return repeat(b"", len(rows))
    # Not by `zip` over all rows at once: its thousands of iterators would call the garbage collector.
    columns = {key: list(map(itemgetter(key), rows)) for key in keys}
    line, kinds = Line(), {key: set(map(type, column)) for key, column in columns.items()}
    encode_columns(line, encoder, columns, kinds, texts_in(columns, kinds))
    return line.join(len(rows))


class Line:
    """What rows consist of, from left to right: what all of them share, and what differs.

    To put a row together costs by the number of its parts. So what all share becomes one with what follows, where that is
    made for the purpose: `take_same` gives what has to stand in front of it.
    """

    def __init__(self) -> None:
        self._parts: list[Iterable[bytes]] = []
        self._same = b""  # not in the rows yet

    def add_same(self, same: bytes) -> None:
        """Put *same* into every row."""
        self._same += same

    def take_same(self) -> bytes:
        """Return what stands in front of the next part and is not in the rows yet: whoever takes it puts it there."""
        same, self._same = self._same, b""
        return same

    def add(self, part: Iterable[bytes]) -> None:
        """Put one piece of *part* into each row."""
        if self._same:
            self._parts.append(repeat(self.take_same()))
        self._parts.append(part)

    def join(self, count: int) -> Iterator[bytes]:
        """Yield *count* rows."""
        last = repeat(self.take_same(), count)
        return map(b"".join, zip(*self._parts, last, strict=False))  # what is the same elsewhere has no end


def encode_columns(
    line: Line,
    encoder: AttributeEncoder,
    columns: Mapping[str, list[Any]],
    kinds: Mapping[str, set[type]],
    texts: Mapping[str, set[str]],
) -> None:
    """Put the attributes in *columns* into *line*, or raise as above.

    Args:
        line: to which they are added.
        encoder: knows what stands around values.
        columns: the values by key.
        kinds: of the values under each key; those there are at most.
        texts: the different ones under each key that has any; those there are at most.
    """
    for key, column in columns.items():
        _encode(line, encoder.frame(key), column, kinds[key], texts.get(key, _NONE))
    if "session_id" in columns and "session.id" not in columns:  # as `with_session_id` does
        key, frame = "session_id", encoder.frame("session.id")
        _encode(line, frame, columns[key], kinds[key], texts.get(key, _NONE))


def _encode(line: Line, frame: KeyFrame, column: list[Any], kinds: set[type], texts: Collection[str]) -> None:
    kind = next(iter(kinds)) if len(kinds) == 1 else None
    if kind is str:
        _encode_texts(line, frame, column, texts)
    elif kind is float:
        line.add_same(frame.double)
        line.add(map(pack_double, column))
    elif kind is int:
        line.add(framed_varints(column, line.take_same(), frame.integers))
    elif kind is bool:
        same = line.take_same()
        true, false = same + frame.true, same + frame.false
        line.add([true if value else false for value in column])
    else:
        line.add([_encode_one(frame, value) for value in column])


def _encode_texts(line: Line, frame: KeyFrame, column: list[str], texts: Collection[str]) -> None:
    if len(texts) == 1:
        line.add_same(_encode_one(frame, column[0]))
    elif len(texts) <= len(column) // _SELDOM:  # names, models, methods: of equal ones one
        same = line.take_same()
        encoded = {text: same + _encode_one(frame, text) for text in texts}
        line.add([encoded[text] for text in column])
    else:
        before = frame.texts
        line.add([before[len(text)] + text for text in map(str.encode, column)])


def _encode_one(frame: KeyFrame, value: Any) -> bytes:
    encoded = encode_value(value)
    return frame.before(len(encoded)) + encoded
