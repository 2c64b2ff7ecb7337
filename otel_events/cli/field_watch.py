"""Whether the fields that are asked for are anywhere in the records: a slip of the finger gives empty columns."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from otel_events.event import CORRELATION
from otel_events.pipeline.evaluation import MISSING
from otel_events.reading.harmless import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from otel_events.reading.record import Record

# What every record may be asked for, whether it says it or not.
KEYS = frozenset(
    {"time", "event", "name", "kind", "severity", "message", "attributes", "duration", "service", *CORRELATION}
)
_LOOKED_AT = 1_000  # records whose keys are remembered, for what somebody may have meant


def watch(records: Iterable[Record], fields: Iterable[str]) -> Iterator[Record]:
    """Yield *records*; say at the end on standard error which of *fields* none of them had."""
    missing = set(fields) - KEYS
    if not missing:
        yield from records
        return
    known: set[str] = set()
    count = 0
    for record in records:
        count += 1
        if missing:
            missing = {field for field in missing if record.lookup(field) is MISSING}
            if count <= _LOOKED_AT:
                known.update(record.attributes, record.facts)
        yield record
    if count:
        for field in sorted(missing):
            tell_missing(field, known)


def tell_missing(field: str, known: Iterable[str]) -> None:
    """Say that no record has *field*, and which of *known* is like it."""
    near = get_close_matches(field, sorted({*known, *KEYS}), n=2)
    hint = f": did you mean {' or '.join(map(repr, near))}?" if near else "."
    click.echo(harmless(f"Nothing there has {field!r}{hint}"), err=True)
