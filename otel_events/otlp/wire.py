"""Protobuf's wire format: the few primitives that OTLP needs."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from otel_events.errors import OtelEventsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {FIXED64: 8, FIXED32: 4}
_SMALL = tuple(bytes((number,)) for number in range(128))
_MORE = tuple(bytes((number | 128,)) for number in range(128))  # seven bits of a varint that goes on

pack_double = Struct("<d").pack
pack_fixed64 = Struct("<Q").pack
pack_tagged_fixed64 = Struct("<BQ").pack
pack_tagged_fixed32 = Struct("<BI").pack


class WireError(OtelEventsError, ValueError):
    """Bytes that are not protobuf."""


def varint(number: int) -> bytes:
    """Return a number that is not negative as a varint."""
    if number < 128:
        return _SMALL[number]
    if number < 16384:
        return bytes((number & 127 | 128, number >> 7))
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def int64(number: int) -> bytes:
    """Return *number* as the varint of its two's complement, or raise OverflowError outside int64."""
    if 0 <= number < 0x8000000000000000:
        return varint(number)
    if -0x8000000000000000 <= number < 0:
        return varint(number + 0x10000000000000000)
    raise OverflowError("the number does not fit int64")


def framed_varints(numbers: Iterable[int], same: bytes, before: Mapping[int, bytes]) -> list[bytes]:
    """Return each of *numbers* as `int64` does, behind *same* and what *before* has for a varint of its length."""
    one, two, three = (same + before[length] for length in (1, 2, 3))
    last, more = _SMALL, _MORE
    # Not by calls: for the numbers that programs usually tell of, they would be most of it.
    return [
        two + more[number & 127] + last[number >> 7]
        if 127 < number < 16384
        else one + last[number]
        if -1 < number < 128
        else three + more[number & 127] + more[number >> 7 & 127] + last[number >> 14]
        if 16383 < number < 2097152
        else same + before[len(encoded := int64(number))] + encoded
        for number in numbers
    ]


def uint32(number: int) -> bytes:
    """Return *number* as a varint, or raise OverflowError outside uint32."""
    if 0 <= number < 0x100000000:
        return varint(number)
    raise OverflowError("the number does not fit uint32")


def tag(field: int, wire_type: int) -> bytes:
    """Return the bytes that open *field*."""
    return varint(field << 3 | wire_type)


def message(field_tag: bytes, payload: bytes) -> bytes:
    """Return *payload* as a length-delimited field, also when it is empty."""
    return field_tag + varint(len(payload)) + payload


def optional(field_tag: bytes, payload: bytes) -> bytes:
    """Return *payload* as a length-delimited field, or nothing when it is empty (proto3's default)."""
    return message(field_tag, payload) if payload else b""


def fields(buffer: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield (field number, the whole field, its payload) of every field in *buffer*, or raise WireError."""
    position = 0
    while position < len(buffer):
        key, start = _read_varint(buffer, position)
        end = _end_of_field(buffer, key & 7, start)
        if end > len(buffer) or key < 8:
            raise WireError(f"a field that begins at byte {position} is torn")
        payload = b""
        if key & 7 == LENGTH:
            _, start = _read_varint(buffer, start)
            payload = buffer[start:end]
        yield key >> 3, buffer[position:end], payload
        position = end


def _end_of_field(buffer: bytes, wire_type: int, start: int) -> int:
    if wire_type == LENGTH:
        length, start = _read_varint(buffer, start)
        return start + length
    if wire_type == VARINT:
        return _read_varint(buffer, start)[1]
    if wire_type in _FIXED_SIZES:
        return start + _FIXED_SIZES[wire_type]
    raise WireError(f"wire type {wire_type} at byte {start} is not used by OTLP")


def _read_varint(buffer: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while position < len(buffer) and shift < 70:
        byte = buffer[position]
        number |= (byte & 127) << shift
        position += 1
        if byte < 128:
            return number, position
        shift += 7
    raise WireError(f"a number that ends at byte {position} is torn")
