"""The three levels of an OTLP request: resource, scope, items; put together, taken apart, counted.

Logs, traces and metrics number the fields of these levels alike (1: who, 2: what, 3: schema), so nothing here needs to
know the signal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otel_events.otlp.wire import LENGTH, WireError, fields, tag, varint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_REQUEST_BYTES = 4 * 1024 * 1024  # what gRPC servers accept by default
_LARGEST_FRAMING = 2 * 6  # tags and lengths of the two levels around a group of items

_RESOURCES = tag(1, LENGTH)
_ITEMS = tag(2, LENGTH)
_USUAL_SIZES = 1024
_BEFORE_ITEM = tuple(_ITEMS + varint(size) for size in range(_USUAL_SIZES))


class Frame(NamedTuple):
    """What stands before and after the items of one level: encoded fields 1 and 3."""

    head: bytes
    tail: bytes = b""

    @property
    def size(self) -> int:
        """The number of bytes it adds to a request."""
        return len(self.head) + len(self.tail)


class Group(NamedTuple):
    """Items of one scope of one resource, each already framed by `frame_item`."""

    resource: Frame
    scope: Frame
    items: list[bytes]


def frame_item(encoded: bytes) -> bytes:
    """Return an encoded log record or span as it stands inside its scope."""
    size = len(encoded)
    return (_BEFORE_ITEM[size] if size < _USUAL_SIZES else _ITEMS + varint(size)) + encoded


def frame_items(encoded: Sequence[bytes]) -> list[bytes]:
    """Return what `frame_item` does, of each."""
    before = _BEFORE_ITEM
    try:
        return [before[len(item)] + item for item in encoded]
    except IndexError:
        return list(map(frame_item, encoded))


def join_equal(groups: Iterable[Group]) -> list[Group]:
    """Return *groups* with those of equal resource and scope made one, in the order of their first appearance."""
    joined: dict[tuple[Frame, Frame], Group] = {}
    for group in groups:
        known = joined.setdefault((group.resource, group.scope), group)
        if known is not group:
            known.items.extend(group.items)
    return list(joined.values())


def assemble(groups: Sequence[Group]) -> tuple[bytes, int]:
    """Return one request that holds all *groups*, and the number of its items."""
    return _put_together(groups, [_size(group.items) for group in groups]), _count(groups)


def pack(groups: Sequence[Group], max_bytes: int) -> list[tuple[bytes, int]]:
    """Return requests of at most *max_bytes* with their counts; an item larger than that stands in one of its own."""
    around = sum(resource.size + scope.size + _LARGEST_FRAMING for resource, scope, _ in groups)
    sizes = [_size(group.items) for group in groups]
    if groups and around + sum(sizes) <= max_bytes:
        return [(_put_together(groups, sizes), _count(groups))]
    return [assemble(portion) for portion in _portions(groups, max_bytes)]


def _put_together(groups: Sequence[Group], sizes: Sequence[int]) -> bytes:
    """Return one request that holds all *groups*, whose items have *sizes*: they are many, and so measured only once."""
    resources: dict[Frame, list[bytes]] = {}
    inside: dict[Frame, int] = {}
    for (resource, scope, items), size in zip(groups, sizes, strict=True):
        length = varint(scope.size + size)
        resources.setdefault(resource, []).extend((_ITEMS, length, scope.head, *items, scope.tail))
        inside[resource] = inside.get(resource, resource.size) + len(_ITEMS) + len(length) + scope.size + size
    # Joined once, and at the end: to copy a large request costs as much as some of the encoding.
    request: list[bytes] = []
    for resource, scopes in resources.items():
        request += (_RESOURCES, varint(inside[resource]), resource.head, *scopes, resource.tail)
    return b"".join(request)


def _size(parts: Iterable[bytes]) -> int:
    return sum(map(len, parts))


def _count(groups: Sequence[Group]) -> int:
    return sum(len(group.items) for group in groups)


def split(request: bytes) -> tuple[tuple[bytes, int], tuple[bytes, int]] | None:
    """Return *request* as two requests of half the items each, with their counts; None if it cannot be halved."""
    try:
        groups = _take_apart(request)
    except WireError:
        return None
    total = sum(len(group.items) for group in groups)
    if total < 2:
        return None
    first, second = _cut(groups, total // 2)
    return assemble(first), assemble(second)


def count_records(request: bytes) -> int:
    """Return the number of log records or spans in *request*, or raise WireError."""
    return sum(len(group.items) for group in _take_apart(request))


def _portions(groups: Sequence[Group], max_bytes: int) -> Iterator[list[Group]]:
    portion: list[Group] = []
    room = max_bytes
    for resource, scope, items in groups:
        around = resource.size + scope.size + _LARGEST_FRAMING
        room -= around
        kept: list[bytes] = []
        for item in items:
            if len(item) > room and (kept or portion):
                if kept:
                    portion.append(Group(resource, scope, kept))
                yield portion
                portion, kept, room = [], [], max_bytes - around
            kept.append(item)
            room -= len(item)
        if kept:
            portion.append(Group(resource, scope, kept))
    if portion:
        yield portion


def _take_apart(request: bytes) -> list[Group]:
    groups: list[Group] = []
    for number, _, resource_content in fields(request):
        if number != 1:
            continue
        resource, scopes = _frame_and_items(resource_content)
        for scope_content in scopes:
            scope, items = _frame_and_items(scope_content[1])
            groups.append(Group(resource, scope, [whole for whole, _ in items]))
    return groups


def _frame_and_items(content: bytes) -> tuple[Frame, list[tuple[bytes, bytes]]]:
    around: dict[bool, list[bytes]] = {True: [], False: []}
    items: list[tuple[bytes, bytes]] = []
    for number, whole, payload in fields(content):
        if number == 2:
            items.append((whole, payload))
        else:
            around[number < 2].append(whole)
    return Frame(b"".join(around[True]), b"".join(around[False])), items


def _cut(groups: Sequence[Group], count: int) -> tuple[list[Group], list[Group]]:
    first: list[Group] = []
    second: list[Group] = []
    for resource, scope, items in groups:
        if count > 0:
            first.append(Group(resource, scope, items[:count]))
        if len(items) > max(count, 0):
            second.append(Group(resource, scope, items[max(count, 0) :]))
        count -= len(items)
    return first, second
