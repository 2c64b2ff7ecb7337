"""Expectations over what is written already: what was missed, as if everything had come in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.absence.alert import event_of, is_alert
from otel_events.absence.expectations import Expectations

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from otel_events.absence.rule import Rule
    from otel_events.event import Event
    from otel_events.reading.record import Record


def look_back(
    rules: Sequence[Rule], records: Iterable[Record], *, since: int | None = None, until: int | None = None
) -> list[Event]:
    """Return what was missed among *records*, and what was there again, by the times at which that was so.

    Only what the rules are about is held in memory. Alerts that stand among the records are none of its business.

    Args:
        rules: what is expected.
        records: in any order.
        since: when it begins to be expected; None for the first record's time.
        until: how far to look; None for the last record's time.
    """
    names = Expectations(rules, 0)
    kept: list[Record] = []
    first, last = since, until
    for record in records:
        if not record.timestamp:
            continue  # nobody knows when that was
        if first is None or (since is None and record.timestamp < first):
            first = record.timestamp
        if last is None or (until is None and record.timestamp > last):
            last = record.timestamp
        if names.concerns(record) and not is_alert(record):
            kept.append(record)
    if first is None or last is None:
        return []
    return _walk(Expectations(rules, first), sorted(kept, key=lambda record: record.timestamp), last)


def _walk(expectations: Expectations, records: Sequence[Record], last: int) -> list[Event]:
    told: list[Event] = []

    def go_on(until: int) -> None:
        while (due := expectations.due()) is not None and due < until:
            told.extend(event_of(finding, due) for finding in expectations.advance(due + 1))

    for record in records:
        if record.timestamp > last:
            break
        now = record.timestamp
        go_on(now)
        told.extend(event_of(finding, now) for finding in expectations.note(record, now, now))
    go_on(last)
    return told
