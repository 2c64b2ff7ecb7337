"""What programs of the older broadcaster say, as events."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Literal

import orjson

from otel_events.event import Resource
from otel_events.ledger.broadcast import decode_broadcast, service_of
from otel_events.ledger.read import LedgerReader
from otel_events.server.store.stored import Arrival

if TYPE_CHECKING:
    from collections.abc import Mapping

RELAYED_BY = "relayed_by"
UID_PREFIX = "b-"
_SERVICE = "broadcaster"  # of programs that do not say whose events theirs are
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
        self._lines = LedgerReader()
        self._resources: dict[str, Resource] = {}  # services are few
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
        if "type" not in said:
            return self._read_line(payload)
        event = decode_broadcast(said, f"{UID_PREFIX}{digest}" + (f"-{before}" if before else ""))
        return Arrival(event, self._resource(service_of(said, _SERVICE), {}))

    def _read_line(self, payload: bytes) -> Arrival | None:
        """Return the event in what the Redis sink of a program of ours sent: a line of the ledger."""
        recorded = next(iter(self._lines.parse_line(payload)), None)
        if recorded is None or not recorded.event.uid:
            self.malformed += 1
            return None
        return Arrival(recorded.event, self._resource(recorded.service, recorded.resource))

    def _resource(self, service: str, attributes: Mapping[str, Any]) -> Resource:
        return self._resources.setdefault(service, Resource({"service.name": service, **attributes}))


def _load(payload: bytes) -> dict[str, Any] | None:
    if len(payload) > _MAX_PAYLOAD:
        return None
    try:
        said = orjson.loads(payload)
    except ValueError:
        return None
    name = said.get("type", said.get("event")) if isinstance(said, dict) else None
    return said if isinstance(name, str) and 0 < len(name) <= _MAX_NAME else None
