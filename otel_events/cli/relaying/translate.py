"""Messages into events: names, severities and texts by the catalogue, times and ids of those who said them."""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from otel_events import catalog
from otel_events.event import Event, Resource, Severity
from otel_events.ledger.broadcast import decode_broadcast, service_of
from otel_events.ledger.line import dump_line
from otel_events.ledger.read import LedgerReader, load_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.cli.relaying.message import Message
    from otel_events.pipeline.stage import Stage

_MAX_PAYLOAD = 1024 * 1024
_NOTHING: dict[str, Any] = {}
_PREFIX = "events."  # before the name, on the subjects of our own sink


class Translator:
    """Makes events of messages.

    What programs of ours have sent was guarded by them and stays as it is; all else passes *guards*.

    Args:
        service: whose events those are that do not say it.
        guards: stages that an event has to pass.

    """

    def __init__(self, service: str, guards: Sequence[Stage] = ()) -> None:
        self._strange = 0
        self._guards = tuple(guards)
        self._reader = LedgerReader()
        self._unnamed = Resource({"service.name": service})
        self._resources: dict[str, Resource] = {}
        self._run = secrets.token_hex(8)
        self._count = 0

    @property
    def unreadable(self) -> int:
        """How many messages held no event."""
        return self._strange + self._reader.report.passed_over

    def why_unreadable(self) -> str:
        """Return what those messages were, empty if there are none."""
        report = self._reader.report
        kinds = {
            "no JSON": report.malformed,
            "torn": report.torn,
            "no event": report.foreign + self._strange,
            "too long": report.oversized,
        }
        return ", ".join(f"{count:,} {kind}" for kind, count in kinds.items() if count)

    def events(self, messages: Sequence[Message]) -> list[Event]:
        """Return the events in *messages*, in their order."""
        made: list[Event] = []
        for message in messages:
            found, is_guarded = self._translate(message)
            for guard in () if is_guarded else self._guards:
                found = list(guard(found))
            made += found
        return made

    def learn(self, header: bytes) -> None:
        """Take note of a ledger's header line: what follows it is of that program."""
        self._reader.parse_line(header)

    def _translate(self, message: Message) -> tuple[list[Event], bool]:
        said = _load(message.payload)
        if said is None:
            return self._salvage(message)
        if isinstance(said.get("event"), str) or "resourceLogs" in said:
            return self._read_line(message, said)
        given = message.subject.removeprefix(_PREFIX)
        kind = said.get("type")
        # A topic's own flat payload may have a `type` too, which then means something else.
        is_topic = bool(given) and catalog.current().find(catalog.current().canonical(given)) is not None
        if isinstance(kind, str) and kind and not is_topic and ("data" in said or "ts" in said):
            event = decode_broadcast(said, self._uid(message))
            service = service_of(said, "")
            if service:
                event.resource = self._resources.setdefault(service, Resource({"service.name": service}))
                return [event], False
            return [self._named(event)], False
        if given:
            return self._read_line(message, {**said, "event": given})
        self._strange += 1
        return [], True

    def _salvage(self, message: Message) -> tuple[list[Event], bool]:
        """Return the whole line that may stand behind a torn one."""
        if not message.subject and len(message.payload) <= _MAX_PAYLOAD:
            return self._read_line(message, _NOTHING)
        self._strange += 1
        return [], True

    def _read_line(self, message: Message, said: dict[str, Any]) -> tuple[list[Event], bool]:
        payload = message.payload
        if message.subject and "resourceLogs" not in said:
            payload = dump_line(_with_plain_trace_id(said))
        found: list[Event] = []
        is_guarded = True
        for recorded in self._reader.parse_line(payload):
            event = recorded.event
            has_time = event.timestamp
            if recorded.source_kind == "flat":
                is_guarded = False
                _canonize(event, said)
                self._named(event)
            elif event.resource is None:
                event.resource = self._resources.setdefault(recorded.service, Resource(recorded.resource))
            if not event.uid:
                is_known = bool(has_time) or not message.is_loose
                event.uid = self._uid(message, is_known=is_known) + (f"-{len(found)}" if found else "")
            found.append(event)
        return found, is_guarded

    def _named(self, event: Event) -> Event:
        event.resource = self._unnamed
        return event

    def _uid(self, message: Message, *, is_known: bool = True) -> str:
        self._count += 1
        if message.key is None or not is_known:
            return f"{self._run}-{self._count:x}"
        digest = hashlib.sha256(message.key.encode() + b"\0" + message.subject.encode() + b"\0" + message.payload)
        return f"r-{digest.hexdigest()[:24]}"


def _load(payload: bytes) -> dict[str, Any] | None:
    if len(payload) > _MAX_PAYLOAD:
        return None
    try:
        said = load_json(payload)
    except ValueError:  # no JSON
        return None
    return said if isinstance(said, dict) else None


def _with_plain_trace_id(said: dict[str, Any]) -> dict[str, Any]:
    """Return *said* with a trace id that is written as a UUID in OpenTelemetry's form: the same 128 bits."""
    given = said.get("trace_id")
    try:
        return {**said, "trace_id": UUID(given).hex} if isinstance(given, str) else said
    except ValueError:  # it stays an attribute
        return said


def _canonize(event: Event, said: dict[str, Any]) -> None:
    """Give a hand-written event the catalogue's name, and what it says of that for what the line leaves open."""
    known = catalog.current()
    canonical = known.canonical(event.name)
    if canonical != event.name:
        event.given_name, event.name = event.name, canonical
    definition = known.find(canonical)
    if definition is not None:
        if "severity" not in said:
            event.severity = definition.severity or Severity.INFO
            event.severity_text = Severity(event.severity).name
        if event.body is None and definition.message:
            event.body = definition.message
    if not event.timestamp:
        event.timestamp = time.time_ns()
