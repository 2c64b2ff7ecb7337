"""What the dashboard of the activity publisher is told of one event: a topic, and flat JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from otel_events.compat.guard import current_guard
from otel_events.compat.json_payload import to_payload
from otel_events.ledger.instants import format_instant_for_datetime
from otel_events.sinks.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

# By the event's name: its topic, and what stands there beside time, trace and file, with what does where it is unknown.
_TOPICS: dict[str, tuple[str, dict[str, Any]]] = {
    "sparc.task": ("egos.sparc.tasks", {"id": "", "type": "process", "status": "", "result": None}),
    "llm.interaction": ("egos.llm.logs", {"model": "unknown", "prompt": "", "response": ""}),
    "pattern.propagated": ("egos.propagation.log", {"subsystem": "", "pattern": "", "status": ""}),
    "heartbeat": ("heartbeat", {"component": "", "interval": None, "status": "ok"}),
}
_PREFIX = "egos."


@dataclass(frozen=True, slots=True)
class Seen:
    """One event, as it was emitted.

    Attributes:
        name: canonical.
        attributes: frozen ones.
        timestamp: nanoseconds since the epoch.
        trace_id: of its trace.
        uid: empty if there is none.
    """

    name: str
    attributes: Mapping[str, Any]
    timestamp: int
    trace_id: int
    uid: str


def has_topic(name: str) -> bool:
    """Return whether events of *name* are published."""
    return name in _TOPICS


def make_message(seen: Seen) -> Message:
    """Return what goes out for *seen*."""
    topic, fields = _TOPICS[seen.name]
    said = {
        "timestamp": format_instant_for_datetime(seen.timestamp),
        "trace_id": str(UUID(int=seen.trace_id)),
        **({"file_path": str(seen.attributes.get("file_path", ""))} if topic.startswith(_PREFIX) else {}),
        **_without_secrets({key: seen.attributes.get(key, usual) for key, usual in fields.items()}),
        **({"uid": seen.uid} if seen.uid else {}),
    }
    return Message(seen.uid, topic, to_payload(said))


def _without_secrets(fields: dict[str, Any]) -> Mapping[str, Any]:
    guard = current_guard()
    cleaned: Mapping[str, Any] = fields if guard is None else guard.attributes(fields)
    return cleaned
