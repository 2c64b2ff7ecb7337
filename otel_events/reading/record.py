"""The one shape in which events and spans come out of files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from otel_events.event import CORRELATION, DEFAULT_SCOPE, Event, InstrumentationScope, Severity
from otel_events.ledger.instants import format_instant, parse_instant
from otel_events.ledger.line import dump_line
from otel_events.ledger.tags import tag, tag_attributes
from otel_events.pipeline.evaluation import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from otel_events.event import Value

RecordKind: TypeAlias = Literal["event", "span"]

# What a ledger's line says beside the attributes, under the ledger's own names.
_OTHERS = ("trace_id", "span_id", "parent_span_id", "uid", "service", "scope", "duration", "end", "given_name")
# No facts: they are said otherwise, or hold the others.
_NOT_ASKED_FOR = frozenset({"attributes", "unix"})


class Record:
    """One event or span as a file kept it. Cheap to make: most are counted or passed over, few are shown.

    Attributes:
        kind: `event`, or `span` for one out of a traces file.
        name: of the event or span.
        timestamp: when it happened or began, nanoseconds since the Unix epoch; 0 if the file does not say.
        severity: OpenTelemetry's severity number; of a failed span ERROR.
        attributes: its attributes. In a ledger's lines correlation attributes stand among the facts, so ask `lookup`.
        facts: everything else, under the names of the ledger's keys.
        raw: the ledger's line as it stood in the file; empty if it came from elsewhere.
    """

    __slots__ = ("attributes", "facts", "kind", "name", "raw", "severity", "timestamp")

    def __init__(
        self,
        name: str,
        timestamp: int,
        severity: int,
        attributes: Mapping[str, Value],
        facts: Mapping[str, Any],
        *,
        kind: RecordKind = "event",
        raw: bytes = b"",
    ) -> None:
        self.name = name
        self.timestamp = timestamp
        self.severity = severity
        self.attributes = attributes
        self.facts = facts
        self.kind = kind
        self.raw = raw

    def lookup(self, key: str) -> Any:
        """Return the attribute or fact *key*, MISSING if there is none; an attribute hides a fact of its name."""
        value = self.attributes.get(key, MISSING)
        if value is MISSING and key not in _NOT_ASKED_FOR:
            return self.facts.get(key, MISSING) if key not in _COMPUTED else _COMPUTED[key](self)
        return value

    def get(self, key: str) -> Any:
        """Return the attribute or fact *key*, None if there is none."""
        value = self.lookup(key)
        return None if value is MISSING else value

    def text(self, key: str) -> str:
        """Return the attribute or fact *key* as text, empty if there is none."""
        value = self.lookup(key)
        return "" if value is MISSING or value is None else str(value)

    @property
    def all_attributes(self) -> dict[str, Value]:
        """Return a new mapping: the correlation attributes in the order in which people read them, then the others."""
        correlated = {key: value for key in CORRELATION if (value := self.lookup(key)) is not MISSING}
        return {**correlated, **self.attributes}

    @property
    def observed(self) -> int:
        """Return when it was recorded, nanoseconds since the Unix epoch."""
        value = self.facts.get("observed")
        return value if isinstance(value, int) else parse_instant(value) or self.timestamp

    @property
    def severity_name(self) -> str:
        """Return OpenTelemetry's short name of the severity."""
        return _SEVERITY_NAMES.get(self.severity, str(self.severity))

    @property
    def duration(self) -> float | None:
        """Return how long it took in seconds, None if it does not say."""
        attributes = self.attributes
        value, factor = attributes.get("duration"), 1.0
        if value is None:
            if self.kind == "span":
                value = self.facts.get("duration")
            elif "duration_ms" in attributes:
                value, factor = attributes["duration_ms"], 0.001
            else:
                value = attributes.get("duration_seconds")
        if type(value) not in _NUMBERS or not -_FOREVER < value < _FOREVER:  # type: ignore[operator]  # it is a number
            return None
        return value * factor  # type: ignore[operator]

    def line(self) -> bytes:
        """Return it as one line of JSON in the ledger's shape, its own one if it came from a ledger."""
        return self.raw + b"\n" if self.raw else dump_line(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Return what the ledger's line says, with values that JSON can carry; a span says its kind beside."""
        if self.raw:
            return dict(self.facts)
        own = dict(self.attributes)
        line: dict[str, Any] = {
            "time": format_instant(self.timestamp),
            "unix": self.timestamp / 1e9,
            "event": self.name,
            "severity": _SEVERITY_NAMES.get(self.severity, self.severity),
            "message": tag(self.facts.get("message")),
        }
        if self.kind != "event":
            line["kind"] = self.kind
        line.update(tag_attributes({key: own.pop(key) for key in CORRELATION if key in own}))
        line.update({key: self.facts[key] for key in _OTHERS if self.facts.get(key)})
        line["attributes"] = tag_attributes(own)
        if self.observed != self.timestamp:
            line["observed"] = format_instant(self.observed)
        return line

    def event(self) -> Event:
        """Return it as an event, for what works on those."""
        scope = self.facts.get("scope")
        name = scope.get("name") if isinstance(scope, dict) else scope
        return Event(
            name=self.name,
            timestamp=self.timestamp,
            observed_timestamp=self.observed,
            severity=self.severity,
            severity_text=self.severity_name,
            body=self.facts.get("message"),
            attributes=self.all_attributes,
            uid=self.text("uid"),
            scope=InstrumentationScope(str(name)) if name else DEFAULT_SCOPE,
        )


_SEVERITY_NAMES: dict[int, str] = {int(severity): severity.name for severity in Severity}
_NUMBERS = frozenset({int, float})
_FOREVER = 1e300  # whole numbers may be larger than a float can be
# Facts that are kept in a shorter form than the one people ask for.
_COMPUTED: dict[str, Callable[[Record], Any]] = {
    "event": lambda record: record.name,
    "name": lambda record: record.name,
    "kind": lambda record: record.kind,
    "time": lambda record: format_instant(record.timestamp),
    "severity": lambda record: record.severity_name,
    # Older files say it in other units and under other names.
    "duration": lambda record: MISSING if record.duration is None else record.duration,
}
