"""The flat format: one object a line with the payload's keys at the top, as hand-written ledgers have it.

A key of ours is never overwritten and a payload's key is never lost: a payload key with the name of one of ours stands
in the object `attributes` instead.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from otel_events.event import CORRELATION, UID_ATTRIBUTE, Event, Severity, parse_severity
from otel_events.ledger.instants import format_instant_for_datetime, parse_others_instant
from otel_events.ledger.line import dump_line
from otel_events.ledger.lines import Lines, encode_each
from otel_events.ledger.tags import tag, tag_attributes, untag, untag_attributes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

OURS = frozenset({"event", "timestamp", "ts", "severity", "message", "trace_id", "span_id", "uid", "attributes"})


class FlatFormat:
    """Flat lines without a header: old readers take every line for an event."""

    def header(self) -> bytes:
        """Return nothing."""
        return b""

    def encode(self, event: Event) -> bytes:
        """Return *event* as one line, or raise TypeError if it holds what no pipeline lets through."""
        line: dict[str, Any] = {
            "event": event.given_name or event.name,
            "timestamp": format_instant_for_datetime(event.timestamp),
            "ts": event.timestamp / 1e9,
        }
        if event.severity != Severity.INFO:
            line["severity"] = _name_severity(event)
        if event.body is not None:
            line["message"] = tag(event.body)
        self._add_attributes(event, line)
        if event.trace_id:
            line["trace_id"] = f"{event.trace_id:032x}"
        if event.span_id:
            line["span_id"] = f"{event.span_id:016x}"
        if event.uid:
            line["uid"] = event.uid
        return dump_line(line)

    def encode_all(self, events: Sequence[Event], leave_out: Callable[[Event, Exception], None]) -> Lines:
        """Return the lines of *events* in their order; *leave_out* is called for one that holds what has no form."""
        lines = encode_each(self.encode, enumerate(events), leave_out)
        return Lines(b"".join(lines.values()), len(lines))

    @staticmethod
    def _add_attributes(event: Event, line: dict[str, Any]) -> None:
        payload = {**tag_attributes(event.bound), **tag_attributes(event.attributes)}
        line.update({key: payload.pop(key) for key in CORRELATION if key in payload})
        aside = {key: payload.pop(key) for key in list(payload) if key in OURS}
        line.update(payload)
        if aside:
            line["attributes"] = aside


def decode_flat(line: Mapping[str, Any]) -> Event:
    """Return the event that a flat line holds, ours or one written by hand.

    Nothing is required but a string `event`. What cannot be read as what its name says stays an attribute.
    """
    rest = dict(line)
    attributes = _take_aside(rest)
    timestamp = _take_timestamp(rest)
    severity = _take_severity(rest)
    event = Event(
        name=rest.pop("event"),
        timestamp=timestamp,
        observed_timestamp=timestamp or time.time_ns(),
        severity=severity[0],
        severity_text=severity[1],
        body=untag(rest.pop("message")) if "message" in rest else None,
        trace_id=_take_id(rest, "trace_id", 32),
        span_id=_take_id(rest, "span_id", 16),
        uid=_take_uid(rest),
    )
    event.trace_flags = 1 if event.trace_id else 0
    event.attributes = untag_attributes({**rest, **attributes})
    return event


def _name_severity(event: Event) -> str | int:
    if parse_severity(event.severity_text) == event.severity:
        return event.severity_text
    return Severity(event.severity).name if parse_severity(int(event.severity)) else int(event.severity)


def _take_aside(rest: dict[str, Any]) -> dict[str, Any]:
    aside = rest.get("attributes")
    if not isinstance(aside, dict) or not aside or not OURS.issuperset(aside):
        return {}  # somebody's payload, not what `FlatFormat` put aside
    del rest["attributes"]
    return aside


def _take_timestamp(rest: dict[str, Any]) -> int:
    """Return the most exact instant on the line, 0 if it has none; what was understood leaves *rest*."""
    found = _find_instants(rest, "timestamp", "ts") or _find_instants(rest, "unix", "time")
    if not found:
        return 0
    with_zone = [key for key in found if isinstance(rest[key], str) and _has_zone(rest[key])]
    numbers = [key for key in found if not isinstance(rest[key], str)]
    chosen = (with_zone or numbers or list(found))[0]
    for key in found:
        # Two instants far apart are two facts: only the one taken, and what says the same, is the timestamp.
        if key == chosen or _is_same_instant(rest[key], found[key], found[chosen]):
            del rest[key]
    return found[chosen]


def _find_instants(rest: Mapping[str, Any], *keys: str) -> dict[str, int]:
    return {key: instant for key in keys if (instant := parse_others_instant(rest.get(key))) is not None}


def _has_zone(text: str) -> bool:
    return text.rstrip().upper().endswith("Z") or "+" in text or text.count("-") > 2


def _is_same_instant(value: object, instant: int, chosen: int) -> bool:
    # A time without a zone may be off by whole hours, and the two clocks of one line were read one after the other.
    distance = abs(instant - chosen)
    if isinstance(value, str) and not _has_zone(value):
        distance = min(distance % 900_000_000_000, 900_000_000_000 - distance % 900_000_000_000)
    return distance < 1_000_000_000


def _take_severity(rest: dict[str, Any]) -> tuple[Severity, str]:
    given = rest.get("severity")
    severity = None if isinstance(given, bool) else parse_severity(given)
    if severity is None:
        return Severity.INFO, Severity.INFO.name
    del rest["severity"]
    return severity, given if isinstance(given, str) else severity.name


def _take_id(rest: dict[str, Any], key: str, digits: int) -> int:
    text = rest.get(key)
    if not isinstance(text, str) or len(text) != digits:
        return 0
    try:
        number = int(text, 16)
    except ValueError:
        return 0
    del rest[key]
    return number


def _take_uid(rest: dict[str, Any]) -> str:
    for key in ("uid", UID_ATTRIBUTE):
        if isinstance(rest.get(key), str):
            return str(rest.pop(key))
    return ""
