"""Lines of usual events, put together of pieces that many of them share."""

from __future__ import annotations

import re
from itertools import repeat
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from otel_events.event import CORRELATION
from otel_events.ledger.instants import second_text
from otel_events.ledger.tags import tag_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from otel_events.event import Event, InstrumentationScope

_MAX_SCOPES = 64  # mappings of bound attributes, and scopes
_MAX_FACTS = 256  # of one of them: names, traces, flags
_SECOND = 1_000_000_000
_END_OF_TIME = 253_402_300_800 * _SECOND  # of the calendar
_LINE_END = orjson.Fragment(b"\n")
_TEXT = frozenset({str, type(None)})
_CORRELATION = frozenset(CORRELATION)
# In JSON, where a value is no scalar, or is null, as it writes NaN too. Inside of texts no quote stands by itself.
_MAY_NEED_TAGS = re.compile(rb'":(?:[\[{]|null)')


class Around(Protocol):
    """Gives what stands on an event's line around its message, its uid and its attributes."""

    def __call__(self, event: Event, /) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Return what stands between time and message, between message and uid, and behind the attributes."""


class QuickLines:
    """Writes the line of an event that differs from others in little but time, message, uid and its own attributes.

    Args:
        service: the writing program's `service.name`.
        around: asked once for many events.
    """

    def __init__(self, service: str, around: Around) -> None:
        self._around = around
        self._before_attributes = b',"service":' + orjson.dumps(service) + b',"attributes":'
        # By identity, and kept beside what is known of them, so that it cannot pass to others.
        self._known: dict[tuple[int, int], _Known] = {}

    def encode_all(self, events: Sequence[Event]) -> list[bytes | None]:
        """Return the line of each of *events*, None where it has to be written the long way; an error if all have to.

        What differs from line to line is encoded together, one kind of it after the other.
        """
        lines: list[bytes | None] = [None] * len(events)
        usual = _usual(events)
        if usual:
            for place, line in zip(usual, self._lines(list(usual.values())), strict=True):
                lines[place] = line
        return lines

    def _lines(self, events: list[Event]) -> Iterator[bytes]:
        """Return each line, or raise if something in them has no usual form."""
        count = len(events)
        instants = [event.timestamp for event in events]
        seconds, fractions = _times(instants)
        rows: list[Mapping[str, Any]] = [event.attributes for event in events]
        middles: list[bytes] = []
        ends: list[bytes] = []
        for first, length in _runs(events):
            others, middle, end = self._pieces(first)
            if others:
                at = len(ends)
                rows[at : at + length] = [{**own, **others, **own} for own in rows[at : at + length]]
            middles += repeat(middle, length)
            ends += repeat(end, length)
        # By `zip` over columns, not over rows: thousands of iterators would call the garbage collector.
        columns = (
            seconds,
            fractions,
            repeat(b'Z","unix":', count),
            _inside([instant / 1e9 for instant in instants]).split(b","),
            middles,
            _inside(_apart([event.uid for event in events])).split(b",\n,"),
            repeat(self._before_attributes, count),
            _attribute_texts(rows),
            ends,
        )
        return map(b"".join, zip(*columns, strict=True))

    def _pieces(self, event: Event) -> tuple[Mapping[str, Any], bytes, bytes]:
        """Return the bound attributes that stand among the own, what is between time and uid, and the line's end."""
        known = self._known.get((id(event.bound), id(event.scope))) or self._learn(event)
        facts = (
            *(event.name, event.severity, event.severity_text, event.trace_id, event.span_id, event.trace_flags),
            *(event.dropped_attributes, event.given_name),
        )
        before, behind, end = known.pieces.get(facts) or self._learn_pieces(known, facts, event)
        return known.others, before + orjson.dumps(event.body) + behind, end

    def _learn(self, event: Event) -> _Known:
        if len(self._known) >= _MAX_SCOPES:
            self._known.clear()
        known = self._known[id(event.bound), id(event.scope)] = _Known(event.bound, event.scope)
        return known

    def _learn_pieces(self, known: _Known, facts: tuple[Any, ...], event: Event) -> tuple[bytes, bytes, bytes]:
        before, between, behind = self._around(event)
        if len(known.pieces) >= _MAX_FACTS:
            known.pieces.clear()
        pieces = known.pieces[facts] = (
            b"," + _inside(before) + b',"message":',
            (b"," + _inside(between) if between else b"") + b',"uid":',
            (b"," + _inside(behind) if behind else b"") + b"}\n",
        )
        return pieces


class _Known:
    """What is known of the events that share bound attributes and scope."""

    __slots__ = ("bound", "others", "pieces", "scope")

    def __init__(self, bound: Mapping[str, Any], scope: InstrumentationScope) -> None:
        self.bound = bound
        self.scope = scope
        self.others = {key: value for key, value in bound.items() if key not in _CORRELATION}
        self.pieces: dict[tuple[Any, ...], tuple[bytes, bytes, bytes]] = {}


def _usual(events: Sequence[Event]) -> dict[int, Event]:
    """Return those of *events* whose lines can be put together of pieces, by their places."""
    usual = {
        place: event
        for place, event in enumerate(events)
        if event.observed_timestamp == event.timestamp
        and -1 < event.timestamp < _END_OF_TIME
        and event.resource is None
        and event.uid
        and type(event.body) in _TEXT
    }
    if _CORRELATION.isdisjoint(set().union(*[event.attributes for event in usual.values()])):
        return usual
    return {place: event for place, event in usual.items() if _CORRELATION.isdisjoint(event.attributes)}


def _runs(events: Sequence[Event]) -> Iterator[tuple[Event, int]]:
    """Yield the first of those *events* in a row whose lines share all pieces, and how many these are."""
    first, length = events[0], 0
    for event in events:
        if (
            event.bound is first.bound
            and event.scope is first.scope
            and event.name is first.name
            and event.body is first.body
            and event.severity is first.severity
            and event.severity_text is first.severity_text
            and event.span_id == first.span_id
            and event.trace_id == first.trace_id
            and event.trace_flags == first.trace_flags
            and event.dropped_attributes == first.dropped_attributes
            and event.given_name is first.given_name
        ):
            length += 1
        else:
            yield first, length
            first, length = event, 1
    yield first, length


def _times(instants: list[int]) -> tuple[Iterable[bytes], list[bytes]]:
    """Return of *instants* how a line begins, up to the whole second, and the nine digits behind it."""
    second = instants[0] // _SECOND
    start = second * _SECOND
    if start <= min(instants) and max(instants) < start + _SECOND:
        seconds: Iterable[bytes] = repeat(_beginning(second), len(instants))
        fractions = [instant - start + _SECOND for instant in instants]  # with a 1 in front, for their noughts
    else:
        seconds = [_beginning(instant // _SECOND) for instant in instants]
        fractions = [instant % _SECOND + _SECOND for instant in instants]
    return seconds, _inside(fractions)[1:].split(b",1")


def _beginning(second: int) -> bytes:
    return b'{"time":"%b.' % second_text(second)


def _attribute_texts(rows: list[Mapping[str, Any]]) -> list[bytes]:
    """Return each of *rows* as JSON."""
    try:
        texts = _inside(_apart(rows))
    except TypeError:  # data, or what will have no form with tags either
        texts = b'":null'
    # Nearly all values are scalars, and JSON's own. To see that in what was written takes a third of looking at each.
    if _MAY_NEED_TAGS.search(texts):
        texts = _inside(_apart([tag_attributes(row) for row in rows]))
    return texts.split(b",\n,")


def _apart(items: list[Any]) -> list[Any]:
    """Return *items* with something between them that JSON never has in it: a line's end."""
    apart = [_LINE_END] * (2 * len(items) - 1)
    apart[::2] = items
    return apart


def _inside(container: Mapping[str, Any] | list[Any]) -> bytes:
    return orjson.dumps(container)[1:-1]
