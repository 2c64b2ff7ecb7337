"""What the broadcaster's consumers are told of one call: its dict as JSON, without secrets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from otel_events import process
from otel_events.compat.guard import current_guard
from otel_events.compat.json_payload import read_json, to_payload
from otel_events.interrupts import is_interrupt
from otel_events.sinks.messages import Message
from otel_events.values import freeze

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Said:
    """One call, as it was when it was made.

    Attributes:
        text: the call's dict as JSON.
        uid: of its event; empty if there is none.
        beside: what the scopes around it say of tasks and sessions.
        trace: ids of the span around it, if there was one.
    """

    text: str
    uid: str
    beside: Mapping[str, Any]
    trace: Mapping[str, str]


def to_json(event: Mapping[str, Any]) -> str:
    """Return *event* as JSON; objects that it knows nothing of are text, as `str` gives it."""
    try:
        return json.dumps(event, ensure_ascii=False, default=_as_text)
    except (ValueError, TypeError, RuntimeError):  # a cycle, keys that are none, too deep, changed by another thread
        return json.dumps(freeze(event), ensure_ascii=False, default=_as_text)


def make_message(said: Said) -> Message:
    """Return what goes out for *said*."""
    event = read_json(said.text)
    event["data"] = _without_secrets(event["data"], said.beside)
    event |= {"uid": said.uid} if said.uid else {}
    event |= {"service": process.current().ready_settings().service_name, **said.trace}
    return Message(said.uid, "", to_payload(event))


def _without_secrets(data: Any, beside: Mapping[str, Any]) -> Any:
    guard = current_guard()
    if isinstance(data, dict):
        whole = {**data, **{key: value for key, value in beside.items() if key not in data}}
        return whole if guard is None else guard.attributes(whole)
    return data if guard is None else guard.value("data", data)


def _as_text(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # code of the program's, which may not break what it tells of
        if is_interrupt(error):
            raise
        return str(freeze(value))
