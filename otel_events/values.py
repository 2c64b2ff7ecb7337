"""Turn any Python value into one that OTLP can carry."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from typing import TYPE_CHECKING, Any

from otel_events.interrupts import is_interrupt
from otel_events.kinds import Bounds, Description, Unordered, int_text, read, type_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.event import Value

__all__ = [
    "DEFAULT_BOUNDS",
    "IMMUTABLE",
    "MARK",
    "Bounds",
    "clean",
    "clean_text",
    "cut_text",
    "cut_value",
    "encoded_length",
    "estimate",
    "freeze",
]

DEFAULT_BOUNDS = Bounds()
MARK = "…"  # stands where something was cut away
TOO_DEEP = "<too deep>"
CYCLE = "<cycle>"
UNPRINTABLE = "<unprintable>"

# What the caller's thread may hand over as it is: nobody can change it afterwards, and `clean` knows it.
IMMUTABLE: frozenset[type] = frozenset(
    {str, int, float, bool, bytes, type(None), uuid.UUID} | {dt.datetime, dt.date, dt.time, dt.timedelta}
)

_INT_MIN, _INT_MAX = -(1 << 63), (1 << 63) - 1
_SHORT = 1_024  # characters: a text up to here is paid for by its node
_PORTION = 262_144  # characters
_NUMBERS = frozenset({int, float, bool})
_AS_IT_IS = frozenset({float, bool, bytes, type(None), list, dict})


def freeze(value: object, *, bounds: Bounds = DEFAULT_BOUNDS, on_cut: Callable[[str], None] | None = None) -> Value:
    """Return a detached copy of *value*, made of OTLP's values alone and within *bounds*; a mark where that fails.

    Raises nothing of its own nor any `Exception` of the value's code. What is not an `Exception` passes: Ctrl-C,
    an exit, a cancellation belong to the program.

    Args:
        value: anything.
        bounds: how much of it to take.
        on_cut: told what was lost each time: `items`, `depth`, `cycle`, `text`, `keys` or `unprintable`.
    """
    try:
        return _Freezer(bounds, on_cut).value(value, ())
    except Exception as error:  # the stack or the memory ran out inside our own handling of an error
        if is_interrupt(error):
            raise
        return UNPRINTABLE


def clean(value: Any) -> Value:
    """Return what capture handed over, a frozen value or an instance of an `IMMUTABLE` type, as OTLP can carry it."""
    kind = type(value)
    if kind is str:
        return value if value.isascii() else clean_text(value)
    if kind is int:
        return value if _INT_MIN <= value <= _INT_MAX else int_text(value)
    return value if kind in _AS_IT_IS else freeze(value)


def clean_text(text: str) -> str:
    """Return *text* with each lone surrogate replaced by U+FFFD, and halves of a pair put together again."""
    try:
        encoded_length(text)
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def encoded_length(text: str) -> int:
    """Return the bytes of *text* in UTF-8, or raise UnicodeEncodeError."""
    if text.isascii():
        return len(text)
    if len(text) <= _PORTION:
        return len(text.encode())
    # In portions: one encode of a hundred megabytes would keep every other thread waiting for the GIL.
    return sum([len(text[start : start + _PORTION].encode()) for start in range(0, len(text), _PORTION)])


def cut_text(text: str, length: int) -> str:
    """Return *text* in at most *length* characters, the mark included."""
    return text if len(text) <= length else text[: max(length - 1, 0)] + MARK[:length]


def cut_value(value: Any, length: int) -> Any:
    """Return what capture handed over, a text or data in at most *length* characters or bytes; `freeze` bounds the rest."""
    kind = type(value)
    if kind is str:
        return cut_text(value, length)
    return value[:length] if kind is bytes else value


def estimate(value: Any) -> int:
    """Return roughly how many bytes of memory a frozen value takes."""
    kind = type(value)
    if kind is str or kind is bytes:
        return sys.getsizeof(value)
    if kind is list:
        return 56 + sum([40 if type(item) in _NUMBERS else 8 + estimate(item) for item in value])
    if kind is dict:
        return 64 + sum(
            [100 + len(key) + (32 if type(item) in _NUMBERS else estimate(item)) for key, item in value.items()]
        )
    return 32


class _Freezer:
    """One walk through one value, with what is left of its bounds."""

    __slots__ = ("_bounds", "_nodes", "_on_cut", "_size")

    def __init__(self, bounds: Bounds, on_cut: Callable[[str], None] | None) -> None:
        self._bounds = bounds
        self._nodes = bounds.nodes
        self._size = bounds.size
        self._on_cut = on_cut

    def value(self, value: object, path: tuple[int, ...]) -> Value:
        """Freeze *value*, which stands inside the containers whose ids are *path*."""
        try:
            made = read(value, self._bounds)
            kind = type(made)
            if kind is list or kind is Unordered:
                return self._list(made, value, path)
            if kind is dict:
                return self._dict(made, value, path)
            return self._scalar(made)
        except Exception as error:  # whatever the value's own code raised: the mark tells it, on_cut counts it
            if is_interrupt(error):
                raise
            self._cut("unprintable")
            return f"<unprintable {type_name(type(value))}>"

    def _list(self, items: list[Any], source: object, path: tuple[int, ...]) -> Value:
        refusal = self._refusal(source, path)
        if refusal is not None:
            return refusal
        keep = self._charge(len(items))
        rest = self._rest(source, keep) if keep < len(items) else None
        del items[keep:]
        inside = (*path, id(source))
        for index, item in enumerate(items):
            kind = type(item)
            if (
                kind is float
                or (kind is str and len(item) <= _SHORT and item.isascii())
                or (kind is int and _INT_MIN <= item <= _INT_MAX)
                or kind is bool
                or item is None
            ):
                continue
            items[index] = self.value(item, inside)
        if type(items) is Unordered:
            items = _sorted(items)
        if rest is not None:
            items.append(f"{MARK} {rest}")
        return items

    def _dict(self, items: dict[Any, Any], source: object, path: tuple[int, ...]) -> Value:
        refusal = self._refusal(source, path)
        if refusal is not None:
            return refusal
        keep = self._charge(len(items))
        rest = None
        if keep < len(items):
            rest = self._rest(source, keep)
            items = dict(list(items.items())[:keep])
        inside = (*path, id(source))
        odd_keys = False
        for key, item in items.items():
            if type(key) is not str or len(key) > _SHORT or not key.isascii():
                odd_keys = True
            kind = type(item)
            if (
                (kind is str and len(item) <= _SHORT and item.isascii())
                or kind is float
                or (kind is int and _INT_MIN <= item <= _INT_MAX)
                or kind is bool
                or item is None
            ):
                continue
            items[key] = self.value(item, inside)
        if odd_keys:
            items = self._rename_keys(items, inside)
        if rest is not None:
            items[MARK] = rest
        return items

    def _rename_keys(self, items: dict[Any, Value], inside: tuple[int, ...]) -> dict[str, Value]:
        renamed = {self._key(key, inside): item for key, item in items.items()}
        if len(renamed) < len(items):  # 1 and "1" have become the same
            self._cut("keys")
        return renamed

    def _key(self, key: object, inside: tuple[int, ...]) -> str:
        if type(key) is str and len(key) <= _SHORT:
            return clean_text(key)
        made = self.value(key, inside)
        if type(made) is bytes:
            made = made.decode("utf-8", "replace")
        # What the key is made of is plain by now, so str() runs no code of the program's.
        text = str(tuple(made) if type(made) is list else made)
        return cut_text(text, self._bounds.text)

    def _refusal(self, source: object, path: tuple[int, ...]) -> str | None:
        if id(source) in path:
            self._cut("cycle")
            return CYCLE
        if len(path) >= self._bounds.depth:
            self._cut("depth")
            return TOO_DEEP
        if self._nodes <= 0:
            self._cut("items")
            return MARK
        return None

    def _charge(self, count: int) -> int:
        """Pay for *count* items; return how many to keep: one less than fit where a mark must take a place."""
        room = min(self._bounds.items, self._nodes)
        self._nodes -= min(count, room)
        return count if count <= room else room - 1

    def _rest(self, source: Any, kept: int) -> str:
        self._cut("items")
        try:
            return f"{len(source) - kept} more"
        except Exception:  # no length, or one that raises: then that is all to say
            return "more"

    def _scalar(self, made: Any) -> Value:
        kind = type(made)
        if kind is Description:
            return self._text(self._description(made))
        if kind is str:
            return self._text(made)
        if kind is bytes:
            return self._data(made)
        if kind is int or kind is float or kind is bool or made is None:
            return clean(made)
        raise TypeError(kind)  # an object that dumps itself as one more such object

    def _description(self, text: str) -> str:
        if len(text) > self._bounds.text:
            self._cut("text")
        return cut_text(str.__str__(text), self._bounds.text)

    def _text(self, text: str) -> str:
        if len(text) <= _SHORT:
            return clean_text(text)
        if len(text) > self._size:
            self._cut("text")
            text = cut_text(text, max(self._size, 1))
        text = clean_text(text)
        self._size -= len(text)
        return text

    def _data(self, data: bytes) -> bytes:
        if len(data) <= _SHORT:
            return data
        if len(data) > self._size:
            self._cut("text")
            mark = MARK.encode()
            data = data[: max(self._size - len(mark), 0)] + mark
        self._size -= len(data)
        return data

    def _cut(self, kind: str) -> None:
        if self._on_cut is not None:
            self._on_cut(kind)


def _sorted(items: list[Any]) -> list[Any]:
    """Return a set's items as a plain list, in order where they have one, so that equal sets read alike."""
    kinds = set(map(type, items))
    return sorted(items) if kinds <= _NUMBERS or kinds in ({str}, {bytes}) else list(items)
