"""What there is to look at, when nothing that was asked for is among it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from otel_events.reading.own_words import BEGINNING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_events.reading.record import Record

_MOST = 200_000  # records looked at: to know names and keys, a part of many is enough
_MOST_WORDS = 10_000


@dataclass(slots=True)
class Glance:
    """What a look at records shows.

    Attributes:
        records: how many were looked at.
        own: how many of them are what writers say of themselves.
        is_whole: no more were there.
        first: when the earliest happened, nanoseconds since the Unix epoch; 0 if none says.
        last: when the latest happened.
        names: of the events and spans.
        keys: of their attributes and facts.
    """

    records: int = 0
    own: int = 0
    is_whole: bool = True
    first: int = 0
    last: int = 0
    names: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)


def glance_at(records: Iterable[Record]) -> Glance:
    """Look at *records*, not at more than it takes to say what they are like."""
    seen = Glance()
    for record in islice(records, _MOST):
        seen.records += 1
        seen.own += record.name.startswith(BEGINNING)
        if record.timestamp > 0:
            seen.first = min(seen.first or record.timestamp, record.timestamp)
            seen.last = max(seen.last, record.timestamp)
        if len(seen.names) < _MOST_WORDS:
            seen.names.add(record.name)
        if len(seen.keys) < _MOST_WORDS:
            seen.keys.update(record.attributes, record.facts)
    seen.is_whole = seen.records < _MOST
    return seen
