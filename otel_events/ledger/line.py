"""One event as one line of the ledger, without loss, and back.

The shape is in `docs/ledger.md`. Keys after `message` appear only where they say something, save `service` and
`attributes`, which are always there.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import orjson

from otel_events.event import CORRELATION, DEFAULT_SCOPE, Event, InstrumentationScope, Resource, Severity
from otel_events.ledger.instants import format_instant, parse_instant
from otel_events.ledger.lines import PlacedLines, encode_each, in_order
from otel_events.ledger.quick_line import QuickLines
from otel_events.ledger.tags import clean_text, tag, tag_attributes, untag, untag_attributes
from otel_events.pipeline.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from otel_events.event import Value
    from otel_events.ledger.lines import Lines

HEADER_EVENT = "otel_events.ledger.header"

_SEVERITY_NAMES: dict[int, str] = {int(severity): severity.name for severity in Severity}
_SEVERITY_NUMBERS = {name: number for number, name in _SEVERITY_NAMES.items()}
_SAMPLED = 1


class EventsFormat:
    """The ledger's own format: every line whole and alike, a header line for each writer.

    Args:
        service: the writing program's `service.name`.
        resource: what describes the writing program; goes into the header line.
        writer_id: the prefix of the writer's uids, by which readers find the header again.
    """

    def __init__(self, *, service: str, resource: Mapping[str, Value], writer_id: str) -> None:
        self._service = service
        self._resource = resource
        self._writer_id = writer_id
        self._split: tuple[Mapping[str, Value], dict[str, Any], dict[str, Any]] = ({}, {}, {})
        self._foreign: tuple[Resource | None, dict[str, Any]] = (None, {})
        self._quick = QuickLines(service, self._around)

    def header(self) -> bytes:
        """Return the line that describes this writer."""
        now = time.time_ns()
        return dump_line(
            {
                "time": format_instant(now),
                "unix": now / 1e9,
                "event": HEADER_EVENT,
                "severity": "INFO",
                "message": f"{self._service} writes to this file",
                "service": self._service,
                "writer": self._writer_id,
                "resource": tag_attributes(self._resource),
            }
        )

    def encode_all(self, events: Sequence[Event], leave_out: Callable[[Event, Exception], None]) -> Lines:
        """Return the lines of *events* in their order; *leave_out* is called for one that holds what has no form."""
        batch = Batch.of(events)
        made = [(group, self._quick.alike(group)) for group in batch.alike]
        pieces = [lines for _, lines in made if lines is not None]
        others = [group for group, lines in made if lines is None]
        rest = Batch(others, batch.alone, batch.places)
        rest.take_apart(others)
        if rest.alone:
            pieces.append(self._encode_alone(rest, leave_out))
        return in_order(pieces)

    def _encode_alone(self, rest: Batch, leave_out: Callable[[Event, Exception], None]) -> PlacedLines:
        events, places = rest.alone, rest.places
        # By number, not by place: some stages put new events into the places of others.
        usual = self._quick.alone(events)
        if len(usual.places) == len(events):
            return PlacedLines(places, usual.parts)
        others = sorted(set(range(len(events))).difference(usual.places))
        lines = encode_each(self.encode, [(number, events[number]) for number in others], leave_out)
        lines.update(zip(usual.places, usual.lines(), strict=True))
        numbers = sorted(lines)
        return PlacedLines([places[number] for number in numbers], [[lines[number] for number in numbers]])

    def encode(self, event: Event) -> bytes:
        """Return *event* as one line, or raise TypeError if it holds what no pipeline lets through."""
        line = {
            "time": format_instant(event.timestamp),
            "unix": event.timestamp / 1e9,
            **_kind(event),
            "message": event.body if type(event.body) is str else tag(event.body),
        }
        attributes = self._add_correlation(event, line)
        line.update(_trace(event))
        if event.uid:
            line["uid"] = event.uid
        line["service"] = self._service
        line["attributes"] = attributes
        line.update(_rarities(event))
        if event.resource is not None:
            line.update(self._origin(event.resource))
        return dump_line(line)

    def _around(self, event: Event) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Return what a line says before the message, before the uid and behind the attributes."""
        correlated, _ = self._split_bound(event.bound)
        return _kind(event), {**correlated, **_trace(event)}, _rarities(event)

    def _origin(self, resource: Resource) -> dict[str, Any]:
        """Return what a line says of a resource that is not the writer's own."""
        # Most foreign records come from one provider: its resource is looked at once.
        if self._foreign[0] is not resource:
            said: dict[str, Any] = {}
            if resource.attributes != self._resource or resource.schema_url:
                said["service"] = str(resource.attributes.get("service.name", ""))
                said["origin"] = {"attributes": tag_attributes(resource.attributes)}
                if resource.schema_url:
                    said["origin"]["schema_url"] = resource.schema_url
            self._foreign = (resource, said)
        return self._foreign[1]

    def _add_correlation(self, event: Event, line: dict[str, Any]) -> dict[str, Any]:
        """Put the correlation attributes on *line*; return the other attributes."""
        own = tag_attributes(event.attributes)
        correlated, others = self._split_bound(event.bound)
        if not CORRELATION.keys().isdisjoint(own):
            mine = {key: own.pop(key) for key in CORRELATION if key in own}
            merged = {**correlated, **mine}
            correlated = {key: merged[key] for key in CORRELATION if key in merged}
        line.update(correlated)
        if others:
            own = {**own, **{key: value for key, value in others.items() if key not in own}}
        return own

    def _split_bound(self, bound: Mapping[str, Value]) -> tuple[dict[str, Any], dict[str, Any]]:
        # Many events share one mapping: it is taken apart once.
        split = self._split
        if split[0] is not bound:
            tagged = tag_attributes(bound)
            correlated = {key: tagged.pop(key) for key in CORRELATION if key in tagged}
            self._split = split = (bound, correlated, tagged)
        return split[1], split[2]


def dump_line(line: dict[str, Any]) -> bytes:
    """Return *line* as JSON with its newline; values that JSON cannot carry are tagged, lone surrogates replaced."""
    try:
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # an integer beyond 64 bits or a lone surrogate, too rare to look for in each value
        return orjson.dumps(_tag_integers(clean_text(line)), option=orjson.OPT_APPEND_NEWLINE)


def read_header(line: Mapping[str, Any]) -> tuple[str, dict[str, Value]] | None:
    """Return the writer id and the resource if *line* is a header, else None."""
    resource, writer = line.get("resource"), line.get("writer")
    if line.get("event") != HEADER_EVENT or not isinstance(resource, dict) or not isinstance(writer, str):
        return None
    return writer, untag_attributes(resource)


def decode_line(line: Mapping[str, Any]) -> Event:
    """Return the event that *line* holds, or raise ValueError, TypeError or KeyError if it was tampered with."""
    timestamp = _read_instant(line["time"])
    severity = _read_severity(line["severity"])
    attributes = untag_attributes(line["attributes"])
    attributes.update({key: untag(line[key]) for key in CORRELATION if key in line})
    trace_id = _read_id(line.get("trace_id", "0"), 128)
    return Event(
        name=_read_text(line["event"]),
        timestamp=timestamp,
        observed_timestamp=_read_instant(line["observed"]) if "observed" in line else timestamp,
        severity=severity,
        severity_text=_read_text(line.get("severity_text", _SEVERITY_NAMES.get(severity, ""))),
        body=untag(line.get("message")),
        attributes=attributes,
        trace_id=trace_id,
        span_id=_read_id(line.get("span_id", "0"), 64),
        trace_flags=int(line.get("trace_flags", _SAMPLED if trace_id else 0)),
        scope=_read_scope(line["scope"]) if "scope" in line else DEFAULT_SCOPE,
        uid=_read_text(line.get("uid", "")),
        dropped_attributes=int(line.get("dropped_attributes", 0)),
        given_name=_read_text(line.get("given_name", "")),
        resource=_read_origin(line["origin"]) if "origin" in line else None,
    )


def _kind(event: Event) -> dict[str, Any]:
    return {"event": event.name, "severity": _SEVERITY_NAMES.get(event.severity, int(event.severity))}


def _trace(event: Event) -> dict[str, Any]:
    ids = {}
    if event.trace_id:
        ids["trace_id"] = f"{event.trace_id:032x}"
    if event.span_id:
        ids["span_id"] = f"{event.span_id:016x}"
    return ids


def _rarities(event: Event) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if event.observed_timestamp != event.timestamp:
        said["observed"] = format_instant(event.observed_timestamp)
    if event.severity_text != _SEVERITY_NAMES.get(event.severity, ""):
        said["severity_text"] = event.severity_text
    if event.trace_flags != (_SAMPLED if event.trace_id else 0):
        said["trace_flags"] = event.trace_flags
    if event.dropped_attributes:
        said["dropped_attributes"] = event.dropped_attributes
    if event.given_name:
        said["given_name"] = event.given_name
    if event.scope is not DEFAULT_SCOPE and event.scope != DEFAULT_SCOPE:
        said["scope"] = _write_scope(event.scope)
    return said


def _write_scope(scope: InstrumentationScope) -> dict[str, Any]:
    written: dict[str, Any] = {"name": scope.name}
    if scope.version:
        written["version"] = scope.version
    if scope.schema_url:
        written["schema_url"] = scope.schema_url
    if scope.attributes:
        written["attributes"] = tag_attributes(dict(scope.attributes))
    return written


def _read_scope(scope: Mapping[str, Any]) -> InstrumentationScope:
    return InstrumentationScope(
        name=_read_text(scope["name"]),
        version=_read_text(scope.get("version", "")),
        schema_url=_read_text(scope.get("schema_url", "")),
        attributes=tuple(untag_attributes(scope.get("attributes", {})).items()),
    )


def _read_origin(origin: Mapping[str, Any]) -> Resource:
    return Resource(untag_attributes(origin["attributes"]), _read_text(origin.get("schema_url", "")))


def _read_severity(value: object) -> int:
    if isinstance(value, str):
        return _SEVERITY_NUMBERS[value]
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise TypeError(f"severity {value!r} is neither a name nor a number")


def _read_instant(value: object) -> int:
    instant = parse_instant(value)
    if instant is None:
        raise ValueError(f"{value!r} is no instant")
    return instant


def _read_id(value: object, bits: int) -> int:
    number = int(_read_text(value), 16)
    if not 0 <= number < 1 << bits:
        raise ValueError(f"{value!r} is no id of {bits} bits")
    return number


def _read_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _tag_integers(value: Any) -> Any:
    # Everything else was tagged before: `tag` must not see a tag, or it would take it for a mapping that looks like one.
    if isinstance(value, dict):
        return {key: _tag_integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_tag_integers(item) for item in value]
    return tag(value)
