"""What programs of the older broadcaster say, as events."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Literal

import orjson

from otel_events import catalog
from otel_events.event import Event, Resource, Severity
from otel_events.ledger.instants import parse_instant
from otel_events.server.store.stored import Arrival
from otel_events.values import freeze

if TYPE_CHECKING:
    from otel_events.event import Attributes

RELAYED_BY = "relayed_by"
UID_PREFIX = "b-"
_SERVICE = Resource({"service.name": "broadcaster"})
_REMEMBERED = 20_000  # twice what the broadcaster's stream holds
_MAX_PAYLOAD = 1024 * 1024
_MAX_NAME = 255


class BroadcastReader:
    """Make one event of what comes twice: the broadcaster publishes each on a channel and adds it to a stream.

    Both have the same bytes. So of some bytes there are as many events as have come on the way on which more have come.
    The uid follows from the bytes: what is read again after a restart is known to the store.

    Attributes:
        malformed: what came and is no event.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str, list[int]] = OrderedDict()
        self.malformed = 0

    def read(self, payload: bytes, way: Literal["channel", "stream"]) -> Arrival | None:
        """Return the event in *payload*, None if it has come on the other way, came from a server, or is none."""
        digest = hashlib.sha256(payload).hexdigest()[:24]
        counts = self._seen.setdefault(digest, [0, 0])
        self._seen.move_to_end(digest)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        before = max(counts)
        counts[way == "stream"] += 1
        if max(counts) == before:
            return None
        said = _load(payload)
        if said is None:
            self.malformed += 1
            return None
        if RELAYED_BY in said:
            return None
        return Arrival(_event(said, f"{UID_PREFIX}{digest}" + (f"-{before}" if before else "")), _SERVICE)


def _load(payload: bytes) -> dict[str, Any] | None:
    if len(payload) > _MAX_PAYLOAD:
        return None
    try:
        said = orjson.loads(payload)
    except ValueError:
        return None
    name = said.get("type") if isinstance(said, dict) else None
    return said if isinstance(name, str) and 0 < len(name) <= _MAX_NAME else None


def _event(said: dict[str, Any], uid: str) -> Event:
    given, now = said["type"], time.time_ns()
    name = catalog.current().canonical(given)
    definition = catalog.current().find(name)
    attributes = _attributes(said)
    message = attributes.get("message")
    severity = (definition.severity if definition else None) or Severity.INFO
    moment = parse_instant(said.get("ts"))
    return Event(
        name=name,
        timestamp=now if moment is None else moment,
        observed_timestamp=now,
        severity=severity,
        severity_text=severity.name,
        body=message if isinstance(message, str) else definition.message if definition and definition.message else None,
        attributes=attributes,
        uid=said["uid"] if isinstance(said.get("uid"), str) and said["uid"] else uid,
        given_name=given if given != name else "",
    )


def _attributes(said: dict[str, Any]) -> Attributes:
    data = said.get("data")
    given = data if isinstance(data, dict) else {} if data is None else {"data": data}
    attributes = {key: freeze(value) for key, value in given.items()}
    for key in ("cycle", "day"):
        value = said.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            attributes.setdefault(key, value)
    return attributes
