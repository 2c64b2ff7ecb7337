"""Encode values and attributes as OTLP's AnyValue and KeyValue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from otel_events.errors import OtelEventsError
from otel_events.otlp.wire import LENGTH, int64, message, optional, pack_double, tag, varint

if TYPE_CHECKING:
    from collections.abc import Callable

# Protobuf parsers refuse messages nested more than 100 deep, and with them the whole request. A level of ours takes three.
MAX_DEPTH = 30

_MAX_KEYS = 1024  # attribute keys remembered; a program that makes up keys as it goes must not cost memory
_MAX_KEY_LENGTH = 256
_MAX_TEXT = 128  # lengths of text for which the opening bytes are remembered

_EMPTY = b""
_NAME = tag(1, LENGTH)
_TRUE, _FALSE = b"\x10\x01", b"\x10\x00"


class EncodeError(OtelEventsError, ValueError):
    """A record that OTLP cannot carry. The message names the place, never the value, which may be a secret."""


def encode_value(value: object, depth: int = 0) -> bytes:
    """Return *value* as an AnyValue, or raise if OTLP cannot carry it."""
    if isinstance(value, str):
        text = str.encode(value)
        return b"\x0a" + varint(len(text)) + text
    if value is None:
        return _EMPTY
    if isinstance(value, bool):
        return _TRUE if value else _FALSE
    if isinstance(value, int):
        return b"\x18" + int64(value)
    if isinstance(value, float):
        return b"\x21" + pack_double(value)
    if isinstance(value, bytes):
        return b"\x3a" + varint(len(value)) + value
    return _encode_container(value, depth + 1)


def _encode_container(value: object, depth: int) -> bytes:
    if depth > MAX_DEPTH:
        raise EncodeError(f"it is nested more than {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        pairs = b"".join([message(b"\x0a", _key_value(key, entry, depth)) for key, entry in value.items()])
        return message(b"\x32", pairs)
    if isinstance(value, Sequence):
        return message(b"\x2a", b"".join([message(b"\x0a", encode_value(entry, depth)) for entry in value]))
    raise EncodeError(f"its type {type(value).__name__} has no OTLP form")


def _key_value(key: object, value: object, depth: int) -> bytes:
    return optional(_NAME, str(key).encode()) + message(b"\x12", encode_value(value, depth))


class _Before(dict[int, bytes]):
    """What stands before a value, by the value's size; worked out at the first value of that size."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[int], bytes]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, size: int) -> bytes:
        made = self._make(size)
        if size < _MAX_TEXT:
            self[size] = made
        return made


class KeyFrame:
    """The bytes around the values of one key; they depend on little more than a value's length.

    Attributes:
        texts: what stands before text, by its length in bytes.
        integers: what stands before a varint, by its length.
        double, false, true, absent: what stands before a double, and the whole attribute where there is nothing after it.
    """

    __slots__ = ("_name", "_opening", "absent", "double", "false", "integers", "texts", "true")

    def __init__(self, opening: bytes, key: str) -> None:
        self._opening = opening
        self._name = optional(_NAME, key.encode()) + b"\x12"
        self.texts = _Before(self._before_text)
        self.integers = _Before(lambda size: self.before(1 + size) + b"\x18")
        self.double = self.before(9) + b"\x21"
        self.true = self.before(2) + _TRUE
        self.false = self.before(2) + _FALSE
        self.absent = self.before(0)

    def before(self, size: int) -> bytes:
        """Return all that stands before an AnyValue of *size* bytes."""
        inside = self._name + varint(size)
        return self._opening + varint(len(inside) + size) + inside

    def _before_text(self, size: int) -> bytes:
        length = varint(size)
        return self.before(1 + len(length) + size) + b"\x0a" + length


class AttributeEncoder:
    """Encode attributes as repeated KeyValues of one field, remembering what is the same for every value of a key.

    Safe to share between threads: what it remembers may be computed twice, never wrongly.
    """

    def __init__(self, field: int) -> None:
        self._opening = tag(field, LENGTH)
        self._frames: dict[str, KeyFrame] = {}

    def frame(self, key: str) -> KeyFrame:
        """Return the bytes around the values of *key*."""
        return self._frames.get(key) or self._learn(key)

    def extend(self, parts: list[bytes], attributes: Mapping[str, Any]) -> None:
        """Append the encoded *attributes* to *parts*, or raise EncodeError that names the key."""
        key = None
        frames = self._frames
        try:
            for key, value in attributes.items():
                frame = frames.get(key) or self._learn(key)
                # Exact types first, the frequent before the rare: this loop is most of the cost of an event.
                kind = type(value)
                if kind is str:
                    text = value.encode()
                    parts += (frame.texts[len(text)], text)
                elif kind is float:
                    parts += (frame.double, pack_double(value))
                elif kind is int:
                    number = int64(value)
                    parts += (frame.integers[len(number)], number)
                elif kind is bool:
                    parts.append(frame.true if value else frame.false)
                elif value is None:
                    parts.append(frame.absent)
                else:
                    encoded = encode_value(value)
                    parts += (frame.before(len(encoded)), encoded)
        except Exception as error:
            reason = str(error) if isinstance(error, EncodeError) else type(error).__name__
            raise EncodeError(f"attribute {key!a:.200} cannot be encoded: {reason}") from error

    def encode(self, attributes: Mapping[str, Any]) -> bytes:
        """Return the encoded *attributes*, or raise EncodeError that names the key."""
        parts: list[bytes] = []
        self.extend(parts, attributes)
        return b"".join(parts)

    def encode_foreign(self, attributes: Mapping[str, Any] | None) -> tuple[bytes, int]:
        """Return encoded attributes that never passed our pipeline, and how many had no form at all."""
        if not attributes:
            return _EMPTY, 0
        try:
            return self.encode(attributes), 0
        except Exception:
            return self._encode_cleaned(attributes)

    def _encode_cleaned(self, attributes: Mapping[str, Any]) -> tuple[bytes, int]:
        parts: list[bytes] = []
        dropped = 0
        for key, value in attributes.items():
            try:
                parts.append(self.encode({_cleaned_text(key): _clean(value)}))
            except Exception:  # noqa: PERF203  each attribute is tried for itself
                dropped += 1
        return b"".join(parts), dropped

    def _learn(self, key: str) -> KeyFrame:
        frame = KeyFrame(self._opening, key)
        if len(key) <= _MAX_KEY_LENGTH:
            if len(self._frames) >= _MAX_KEYS:
                self._frames.clear()
            self._frames[key] = frame
        return frame


def encode_text(text: object) -> bytes:
    """Return *text* as UTF-8, in a cleaned form where it has none."""
    if text is None:
        return _EMPTY
    try:
        return str.encode(text)  # type: ignore[arg-type]  # anything but a string is cleaned below
    except (TypeError, UnicodeEncodeError):
        return _cleaned_text(text).encode()


def _cleaned_text(text: object) -> str:
    """Return a string that UTF-8 can carry, made of anything."""
    cleaned = _clean(text)
    return cleaned if isinstance(cleaned, str) else str(cleaned)


def _clean(value: object) -> Any:
    from otel_events.values import freeze  # only foreign, broken values come here

    return freeze(value)
