"""Lines of usual events, put together of pieces that many of them share."""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from otel_events.event import CORRELATION
from otel_events.ledger.instants import second_text
from otel_events.ledger.lines import PlacedLines
from otel_events.ledger.tags import tag_attributes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from otel_events.event import Event, InstrumentationScope
    from otel_events.pipeline.batch import Alike

    # Before the message, between it and the uid, and behind the own attributes: without any of these, and with some.
    _Pieces: TypeAlias = "tuple[bytes, bytes, tuple[bytes, bytes]]"
    _Parts: TypeAlias = "list[bytes | list[bytes]]"

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
    """Writes the lines of events that differ from others in little but time, message, uid and their own attributes.

    What differs from line to line is encoded together, one kind of it after the other.

    Args:
        service: the writing program's `service.name`.
        around: asked once for many events.
    """

    def __init__(self, service: str, around: Around) -> None:
        self._around = around
        self._before_attributes = b',"service":' + orjson.dumps(service) + b',"attributes":{'
        # By identity, and kept beside what is known of them, so that it cannot pass to others.
        self._known: dict[tuple[int, int], _Known] = {}

    def alike(self, group: Alike) -> PlacedLines | None:
        """Return the lines of *group*; None if its events have to be looked at one by one."""
        try:
            parts = self._alike(group)
        except Exception:  # a message, or something bound, that has a form in the long way alone
            return None
        return None if parts is None else PlacedLines(group.places, parts)

    def alone(self, events: Sequence[Event]) -> PlacedLines:
        """Return the lines of those *events* that are usual, in the places of these their numbers."""
        usual = [number for number, event in enumerate(events) if _is_usual(event)]
        try:
            return PlacedLines(usual, self._alone([events[number] for number in usual]) if usual else [[]])
        except Exception:  # bytes, a lone surrogate, an integer beyond 64 bits: the long way has a form for them
            return PlacedLines([], [[]])

    def _alike(self, group: Alike) -> _Parts | None:
        """Return what the lines of *group* consist of; None, or an error, if its events have to be looked at one by one."""
        common, times, columns = group.common, group.times, group.columns
        is_apart = _CORRELATION.isdisjoint(columns) and common.bound.keys().isdisjoint(columns)
        if not is_apart or type(common.body) not in _TEXT:
            return None
        rows = [tag_attributes(row) for row in group.rows] if _has_no_number(group) else group.rows
        before, ends = self._pieces(common)
        return _parts(
            times,
            before + orjson.dumps(f"{group.writer}-")[:-1],
            (b"%x\n" * len(times) % tuple(group.numbers)).split(),
            b'"' + self._before_attributes,
            _insides(_dump_apart(rows)),
            ends[bool(columns)],
        )

    def _alone(self, events: Sequence[Event]) -> _Parts:
        """Return what the lines of usual *events* consist of; an error if one of them has no usual form after all."""
        pieces = [self._pieces(event) for event in events]
        return _parts(
            [event.timestamp for event in events],
            [before for before, _ in pieces],
            _dump_apart([event.uid for event in events]).split(b",\n,"),
            self._before_attributes,
            _attribute_texts([event.attributes for event in events]),
            [ends[bool(event.attributes)] for event, (_, ends) in zip(events, pieces, strict=True)],
        )

    def _pieces(self, event: Event) -> tuple[bytes, tuple[bytes, bytes]]:
        """Return what is between time and uid, and what is behind the own attributes: without any, and with some."""
        known = self._known.get((id(event.bound), id(event.scope))) or self._learn(event)
        facts = (
            *(event.name, event.severity, event.severity_text, event.trace_id, event.span_id, event.trace_flags),
            *(event.dropped_attributes, event.given_name),
        )
        before, behind, ends = known.pieces.get(facts) or self._learn_pieces(known, facts, event)
        return before + orjson.dumps(event.body) + behind, ends

    def _learn(self, event: Event) -> _Known:
        if len(self._known) >= _MAX_SCOPES:
            self._known.clear()
        known = self._known[id(event.bound), id(event.scope)] = _Known(event.bound, event.scope)
        return known

    def _learn_pieces(self, known: _Known, facts: tuple[Any, ...], event: Event) -> _Pieces:
        before, between, behind = self._around(event)
        if len(known.pieces) >= _MAX_FACTS:
            known.pieces.clear()
        others = known.others
        end = b"}" + (b"," + _inside(behind) if behind else b"") + b"}\n"
        pieces = known.pieces[facts] = (
            b"," + _inside(before) + b',"message":',
            (b"," + _inside(between) if between else b"") + b',"uid":',
            (others + end, b"," + others + end if others else end),
        )
        return pieces


class _Known:
    """What is known of the events that share bound attributes and scope."""

    __slots__ = ("bound", "others", "pieces", "scope")

    def __init__(self, bound: Mapping[str, Any], scope: InstrumentationScope) -> None:
        self.bound = bound
        self.scope = scope
        self.others = _inside(tag_attributes({key: value for key, value in bound.items() if key not in _CORRELATION}))
        self.pieces: dict[tuple[Any, ...], _Pieces] = {}


def _is_usual(event: Event) -> bool:
    """Tell whether the line of *event* can be put together of pieces."""
    own = event.attributes
    return (
        event.observed_timestamp == event.timestamp
        and -1 < event.timestamp < _END_OF_TIME
        and event.resource is None
        and bool(event.uid)
        and type(event.body) in _TEXT
        and _CORRELATION.isdisjoint(own)
        and event.bound.keys().isdisjoint(own)
    )


def _parts(instants: list[int], *rest: bytes | list[bytes]) -> _Parts:
    """Return what lines that begin with *instants*, and go on with *rest*, consist of."""
    seconds, fractions = _times(instants)
    unix = _inside([instant / 1e9 for instant in instants]).split(b",")
    return [seconds, fractions, b'Z","unix":', unix, *rest]


def _times(instants: list[int]) -> tuple[bytes | list[bytes], list[bytes]]:
    """Return of *instants* how a line begins, up to the whole second, and the nine digits behind it.

    Raises:
        OverflowError: the calendar has no such year.
    """
    second = instants[0] // _SECOND
    start = second * _SECOND
    seconds: bytes | list[bytes]
    if start <= min(instants) and max(instants) < start + _SECOND:
        seconds = _beginning(second)
        before = start - _SECOND
        fractions = [instant - before for instant in instants]  # with a 1 in front, for their noughts
    else:
        numbers = [instant // _SECOND for instant in instants]
        texts = {number: _beginning(number) for number in set(numbers)}
        seconds = [texts[number] for number in numbers]
        fractions = [instant % _SECOND + _SECOND for instant in instants]
    return seconds, _inside(fractions)[1:].split(b",1")


def _beginning(second: int) -> bytes:
    return b'{"time":"%b.' % second_text(second)


def _has_no_number(group: Alike) -> bool:
    """Tell whether some value in *group* may be a float that is no number, or infinite: JSON has no form for it."""
    for key, kinds in group.kinds.items():
        if float in kinds:
            column = group.columns[key]
            if not isfinite(sum(column if len(kinds) == 1 else [value for value in column if type(value) is float])):
                return True
    return False


def _attribute_texts(rows: list[Mapping[str, Any]]) -> list[bytes]:
    """Return each of *rows* as JSON, without its braces."""
    try:
        texts = _dump_apart(rows)
    except TypeError:  # data, or what will have no form with tags either
        texts = b'":null'
    # Nearly all values are scalars, and JSON's own. To see that in what was written takes a third of looking at each.
    if _MAY_NEED_TAGS.search(texts):
        texts = _dump_apart([tag_attributes(row) for row in rows])
    return _insides(texts)


def _dump_apart(items: Sequence[Any]) -> bytes:
    """Return *items* as JSON with something between them that it never has inside: a line's end."""
    apart = [_LINE_END] * (2 * len(items) - 1)
    apart[::2] = items
    return _inside(apart)


def _insides(mappings: bytes) -> list[bytes]:
    """Return what stands between the braces of each of the *mappings* that were written apart."""
    return mappings[1:-1].split(b"},\n,{")


def _inside(container: Mapping[str, Any] | list[Any]) -> bytes:
    return orjson.dumps(container)[1:-1]
