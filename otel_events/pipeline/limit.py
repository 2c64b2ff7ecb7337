"""Cut what is too large, visibly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from otel_events.event import CORRELATION
from otel_events.pipeline.shrink import (
    MOST_BESIDE,
    WIDEST,
    attributes_length,
    cut_lengths,
    fit_attributes,
    most_bytes,
    shrink,
)
from otel_events.values import cut_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.accounting import Accounts, Tally
    from otel_events.event import Event, Value
    from otel_events.pipeline.batch import Alike

Attributes: TypeAlias = "Mapping[str, Value]"

_RECORD_BYTES = 1_024  # of an OTLP record besides body and attributes: name, ids, times, severity, uid
_BODY = "\0body"  # the body's key while it shares the room with the attributes
_KEPT = frozenset({*CORRELATION, _BODY})
_SMALL = frozenset({int, float, bool, type(None)})


class LimitSettings(NamedTuple):
    """How large an event may be. None: no limit.

    Attributes:
        attribute_count_limit: attributes of one event. Correlation attributes stay, even beyond it.
        attribute_value_length_limit: characters of a string, bytes of data, also inside lists and maps.
        max_event_bytes: one event as an OTLP record. The largest values are cut first.
        max_body_length: characters of the message.
    """

    attribute_count_limit: int | None = 128
    attribute_value_length_limit: int | None = None
    max_event_bytes: int | None = 256 * 1024
    max_body_length: int | None = 64 * 1024


class Limit:
    """Keep every event within its bounds; what was cut ends in a mark and is counted in `accounts.cut`."""

    def __init__(self, settings: LimitSettings, accounts: Accounts) -> None:
        self._count_limit = settings.attribute_count_limit
        self._length_limit = settings.attribute_value_length_limit
        self._body_limit = settings.max_body_length
        self._room = None if settings.max_event_bytes is None else max(settings.max_event_bytes - _RECORD_BYTES, 0)
        # Half of the event at most, so that its own attributes have their part whatever was bound.
        self._bound_settings = settings._replace(max_event_bytes=None if self._room is None else self._room // 2)
        self._cut = accounts.cut

    def __call__(self, events: list[Event]) -> list[Event]:
        # Many events share one mapping of bound attributes, and so the work on it. The mapping as it came is held
        # beside what became of it, because its id is the key.
        shared: dict[int, tuple[Attributes, Attributes, int, int]] = {}
        most_count, longest_body, room = self._quick_bounds
        entry: tuple[Attributes, Attributes, int, int] = ({}, {}, 0, 0)
        for event in events:
            if event.bound is not entry[0]:
                entry = shared.get(id(event.bound)) or self._limit_bound(event.bound)
                shared[id(event.bound)] = entry
            before, bound, dropped, bound_bytes = entry
            if bound is not before:
                event.bound = bound
                self._note_dropped(event, dropped)
            # Nearly every event is far below every bound, and this loop, inlined, sees that in a third of the time.
            body, own = event.body, event.attributes
            if len(own) + len(bound) <= most_count and (type(body) is str or body is None):
                size = len(body) if body else 0
                if size <= longest_body:
                    for key, value in own.items():
                        kind = type(value)
                        if kind is str:
                            size += len(key) + len(value)  # type: ignore[arg-type]
                        elif kind in _SMALL:
                            size += len(key)
                        else:
                            break
                    else:
                        if size * WIDEST + (len(own) + 2) * MOST_BESIDE <= room - bound_bytes:
                            continue
            self._limit_own(event, bound_bytes)
        return events

    def unaffected(self, groups: list[Alike]) -> list[Alike]:
        """Return those *groups* of which even the largest event there could be is within every bound."""
        return [group for group in groups if self._is_small(group)]

    def _is_small(self, group: Alike) -> bool:
        most_count, room = group.known.get(self) or self._learn_room(group)
        if len(group.columns) > most_count:
            return False
        longest = [max(map(len, texts)) for texts in group.texts.values()]
        size = sum(map(len, group.columns)) + sum(longest)
        return size * WIDEST + (len(group.columns) + 2) * MOST_BESIDE <= room

    def _learn_room(self, group: Alike) -> tuple[float, float]:
        """Return how many attributes, and bytes of them, there is certainly room for beside what is common in *group*."""
        most_count, longest_body, room = self._quick_bounds
        body, bound = group.common.body, group.common.bound
        size = len(body) if type(body) is str else 0
        if size > longest_body or limit_attributes(bound, self._bound_settings)[0] is not bound:
            most_count = -1
        found = (most_count - len(bound), room - attributes_length(bound) - size * WIDEST)
        group.known[self] = found
        return found

    @property
    def _quick_bounds(self) -> tuple[float, float, float]:
        """Return the most attributes, characters of a message, and bytes of an event, with which it needs no closer look."""
        if self._length_limit is not None:
            return -1, 0, 0
        bounds = (self._count_limit, self._body_limit, self._room)
        most_count, longest_body, room = (math.inf if bound is None else bound for bound in bounds)
        return most_count, longest_body, room

    def _limit_bound(self, bound: Attributes) -> tuple[Attributes, Attributes, int, int]:
        limited, dropped = limit_attributes(bound, self._bound_settings, self._cut)
        return bound, limited, dropped, attributes_length(limited)

    def _limit_own(self, event: Event, bound_bytes: int) -> None:
        count_limit = self._count_limit
        if count_limit is not None and len(event.attributes) + len(event.bound) > count_limit:
            self._limit_count(event, count_limit)
        if self._length_limit is not None:
            event.attributes = _cut_values(event.attributes, self._length_limit, self._cut)
        if event.body is not None and self._body_limit is not None:
            self._limit_body(event, self._body_limit)
        if self._room is not None:
            room = self._room - bound_bytes
            if most_bytes(event.attributes) + most_bytes({_BODY: event.body}) > room:
                self._limit_bytes(event, room)

    def _limit_count(self, event: Event, limit: int) -> None:
        before = len(event.attributes) + len(event.bound)
        # The event's own attributes come first; what it shares with others has what is left.
        own = _first(event.attributes, max(limit - len(_KEPT & event.bound.keys()), 0))
        event.bound = _first(event.bound, max(limit - len(own), 0))
        event.attributes = own
        self._note_dropped(event, before - len(own) - len(event.bound))

    def _limit_body(self, event: Event, limit: int) -> None:
        body = event.body
        event.body = cut_text(body, limit) if type(body) is str else shrink(body, limit)
        if event.body is not body:
            self._cut.add("body")

    def _limit_bytes(self, event: Event, room: int) -> None:
        whole = {**event.attributes, _BODY: event.body}
        if attributes_length(whole) <= room:
            return
        limited = fit_attributes(whole, room, _KEPT)
        _count_changed("event_bytes", whole, limited, self._cut)
        event.body = limited.pop(_BODY)
        event.attributes = limited
        self._note_dropped(event, len(whole) - 1 - len(limited))

    def _note_dropped(self, event: Event, dropped: int) -> None:
        if dropped:
            event.dropped_attributes += dropped
            self._cut.add("attributes", dropped)


def limit_attributes(
    attributes: Attributes, settings: LimitSettings, cut: Tally | None = None
) -> tuple[Attributes, int]:
    """Return *attributes* within the limits, and how many were dropped.

    For spans, span events and whatever else has attributes; here `max_event_bytes` is for the attributes alone.

    Args:
        attributes: stays as it is.
        settings: the limits.
        cut: counts the values that were cut, by kind. What was dropped is the caller's to count.
    """
    limited = attributes
    if settings.attribute_count_limit is not None and len(limited) > settings.attribute_count_limit:
        limited = _first(limited, settings.attribute_count_limit)
    if settings.attribute_value_length_limit is not None:
        limited = _cut_values(limited, settings.attribute_value_length_limit, cut)
    room = settings.max_event_bytes
    if room is not None and most_bytes(limited) > room and attributes_length(limited) > room:
        fitting = fit_attributes(limited, room, _KEPT)
        _count_changed("event_bytes", limited, fitting, cut)
        limited = fitting
    return limited, len(attributes) - len(limited)


def _first(attributes: Attributes, limit: int) -> dict[str, Value]:
    """Return at most *limit* of *attributes*: the correlation attributes, and of the others the first ones."""
    left = limit - len(_KEPT & attributes.keys())
    kept: dict[str, Value] = {}
    for key, value in attributes.items():
        if key not in _KEPT:
            if left <= 0:
                continue
            left -= 1
        kept[key] = value
    return kept


def _cut_values(attributes: Attributes, length: int, cut: Tally | None) -> dict[str, Value]:
    limited = {key: cut_lengths(value, length) for key, value in attributes.items()}
    _count_changed("value_length", attributes, limited, cut)
    return limited


def _count_changed(kind: str, before: Attributes, after: Attributes, cut: Tally | None) -> None:
    changed = sum(value is not before[key] for key, value in after.items())
    if changed and cut is not None:
        cut.add(kind, changed)
