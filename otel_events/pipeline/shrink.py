"""Make values fit into fewer bytes, and show where something went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.values import MARK, cut_text, encoded_length

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from otel_events.event import Value

# An upper bound of what OTLP adds to an item: four nested fields, each a tag and a length of up to three bytes.
ITEM_BYTES = 16
_SCALAR_BYTES = 10
WIDEST = 4  # bytes of one character in UTF-8
# What an attribute takes beside its key and, where that is a text, its value.
MOST_BESIDE = ITEM_BYTES + _SCALAR_BYTES
_FLOOR = 32  # bytes: a value is not cut below this; rather it goes as a whole
_MARK_BYTES = len(MARK.encode())


def byte_length(value: Value) -> int:
    """Return how many bytes a value takes in OTLP: rather a few too many than one too few."""
    if type(value) is str:
        try:
            return encoded_length(value)
        except UnicodeEncodeError:  # not clean: a hook put it in after normalize
            return len(value) * WIDEST
    if type(value) is bytes:
        return len(value)
    if type(value) is list:
        return sum([ITEM_BYTES + byte_length(item) for item in value])
    if type(value) is dict:
        return attributes_length(value)
    return _SCALAR_BYTES


def attributes_length(attributes: Mapping[str, Value]) -> int:
    """Return how many bytes attributes take in OTLP, as `byte_length` does."""
    return sum([ITEM_BYTES + byte_length(key) + byte_length(value) for key, value in attributes.items()])


def most_bytes(attributes: Mapping[str, Value]) -> int:
    """Return a quick bound that `attributes_length` does not exceed."""
    total = 0
    for key, value in attributes.items():
        kind = type(value)
        if kind is str or kind is bytes:
            total += len(key) + len(value)  # type: ignore[arg-type]  # mypy does not narrow by `kind is`
        elif kind is list or kind is dict:
            total += len(key) + byte_length(value)
        else:
            total += len(key)
    return total * WIDEST + MOST_BESIDE * len(attributes)


def cut_lengths(value: Value, length: int) -> Value:
    """Return *value* with every string in at most *length* characters and all data in as many bytes.

    The very same object comes back where nothing was too long.
    """
    if type(value) is str:
        return cut_text(value, length)
    if type(value) is bytes:
        return value if len(value) <= length else shrink(value, length)
    if type(value) is list:
        items = [cut_lengths(item, length) for item in value]
        return items if _differ(items, value) else value
    if type(value) is dict:
        fields = {key: cut_lengths(item, length) for key, item in value.items()}
        return fields if _differ(list(fields.values()), list(value.values())) else value
    return value


def shrink(value: Value, room: int) -> Value:
    """Return *value* in at most *room* bytes, marked where it was cut; the very same object if it fits."""
    if byte_length(value) <= room:
        return value
    if type(value) is str:
        return value[:room].encode("utf-8", "replace")[: max(room - _MARK_BYTES, 0)].decode("utf-8", "ignore") + MARK
    if type(value) is bytes:
        return value[: max(room - _MARK_BYTES, 0)] + MARK.encode()[: max(room, 0)]
    if type(value) is list:
        return _shrink_list(value, room)
    if type(value) is dict:
        return _shrink_dict(value, room)
    return value


def fit_attributes(attributes: Mapping[str, Value], room: int, keep: AbstractSet[str]) -> dict[str, Value]:
    """Return *attributes* in at most *room* bytes: the largest values cut first, all of them to one level.

    Attributes for which there is no room even cut are left out, the later ones first, those in *keep* never.
    """
    heads = {key: ITEM_BYTES + byte_length(key) for key in attributes}
    sizes = {key: byte_length(value) for key, value in attributes.items()}
    left = room - sum(heads[key] + min(sizes[key], _FLOOR) for key in attributes if key in keep)
    kept = []
    for key in attributes:
        if key not in keep:
            need = heads[key] + min(sizes[key], _FLOOR)
            if need > left:
                continue
            left -= need
        kept.append(key)
    level = _level([sizes[key] for key in kept], room - sum(heads[key] for key in kept))
    return {key: shrink(attributes[key], level) if sizes[key] > level else attributes[key] for key in kept}


def _shrink_list(value: list[Value], room: int) -> Value:
    sizes = [byte_length(item) for item in value]
    count = _fitting([ITEM_BYTES + min(size, _FLOOR) for size in sizes], room)
    rest = [f"{MARK} {len(value) - count} more"] if count < len(value) else []
    level = _level(sizes[:count], room - ITEM_BYTES * count - byte_length(rest))  # type: ignore[arg-type]
    return [shrink(item, level) for item in value[:count]] + rest


def _shrink_dict(value: dict[str, Value], room: int) -> Value:
    heads = [ITEM_BYTES + byte_length(key) for key in value]
    sizes = [byte_length(item) for item in value.values()]
    count = _fitting([head + min(size, _FLOOR) for head, size in zip(heads, sizes, strict=True)], room)
    rest: dict[str, Value] = {MARK: f"{len(value) - count} more"} if count < len(value) else {}
    level = _level(sizes[:count], room - sum(heads[:count]) - byte_length(rest))
    return {key: shrink(item, level) for key, item in list(value.items())[:count]} | rest


def _fitting(needs: Sequence[int], room: int) -> int:
    """Return how many of *needs* fit, from the front, with room for a mark where not all do."""
    if sum(needs) <= room:
        return len(needs)
    left = room - _FLOOR
    for count, need in enumerate(needs):
        left -= need
        if left < 0:
            return count
    return len(needs)


def _level(sizes: Sequence[int], room: int) -> int:
    """Return the size to which the largest of *sizes* have to be cut for all of them to fit into *room*."""
    left = max(room, 0)
    ascending = sorted(sizes)
    for index, size in enumerate(ascending):
        share = left // (len(ascending) - index)
        if size > share:
            return share
        left -= size
    return ascending[-1] if ascending else 0


def _differ(after: list[Value], before: list[Value]) -> bool:
    return any(new is not old for new, old in zip(after, before, strict=True))
