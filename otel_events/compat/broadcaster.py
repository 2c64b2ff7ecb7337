"""Drop-in for the daemon's event broadcaster: its calls, its dict, its channel and stream; see docs/migrate/broadcaster.md.

Each call publishes and adds to the stream as before, on a thread, and is an event of otel_events as well, under one uid.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from operator import index
from typing import Any

from opentelemetry import trace

from otel_events import process
from otel_events.compat import message_courier
from otel_events.compat.broadcast_message import Said, make_message, to_json
from otel_events.compat.event_names import text_of
from otel_events.compat.numbered import emit_numbered
from otel_events.compat.silent import count, silent, silent_with
from otel_events.context import bind, bound_attributes
from otel_events.event import CORRELATION
from otel_events.ledger.broadcast import BROADCASTER_SCOPE
from otel_events.ledger.instants import format_instant
from otel_events.settings import resolve
from otel_events.sinks.plan import files_of
from otel_events.sinks.redis import DEFAULT_CHANNEL, DEFAULT_STREAM, Redis

__all__ = ["Broadcaster", "emit", "flush", "get_broadcaster", "set_cycle"]

_DEFAULT_URL = "redis://localhost:6379"
_MILLISECONDS = len("2026-02-14T19:01:23.456")
_BESIDE_DATA = frozenset({"cycle", "day"})


def _no_event() -> dict[str, Any]:
    """Return what a call gets that says no event."""
    return _make_event("", {}, time.time_ns())


class Broadcaster:
    """Publishes events on a channel of Redis and adds them to a stream, of which the newest 10,000 stay.

    Nothing here waits for Redis, which may come and go. What it has not taken yet waits on disk, in order.

    Args:
        redis_url: of the Redis, with user and password as needed; `rediss://` with the certificates that
            `OTEL_EVENTS_REDIS_CERTIFICATE` and its kin name.
        channel: to publish on.
        stream: to add to, as the field `event`.
    """

    def __init__(
        self, redis_url: str = _DEFAULT_URL, channel: str = DEFAULT_CHANNEL, stream: str = DEFAULT_STREAM
    ) -> None:
        self._plan: Redis | None = None
        try:
            settings, _ = resolve({}, os.environ)
            self._plan = Redis(redis_url, channel, stream, name="broadcaster", **files_of(settings.redis))
        except Exception as error:  # an address that is none, or `redis` is not installed: the program goes on
            count("compat_bad_setting")
            process.current().notices.warn("compat_broadcaster", f"a broadcaster publishes nothing: {error}")

    @silent
    def set_cycle(self, cycle: int, day: int) -> None:
        """Say which cycle of which day it is: in it is what this process emits from now on, on whatever thread."""
        bind(cycle=index(cycle), day=index(day))

    @silent_with(_no_event)
    def emit(self, event_type: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Say that something happened; return it as consumers of the broadcaster know it. Never raises, never waits."""
        now = time.time_ns()
        event = _make_event(text_of(event_type), {} if data is None else data, now)
        self._say(event, now)
        return event

    @silent
    def _say(self, event: dict[str, Any], now: int) -> None:
        text = to_json(event)
        data = event["data"]
        uid = emit_numbered(
            event["type"], data if isinstance(data, Mapping) else {"data": data}, now, BROADCASTER_SCOPE
        )
        if self._plan is not None and process.current().instead is None:  # a test that captures publishes nothing
            bound = bound_attributes()
            beside = {key: bound[key] for key in CORRELATION if key in bound and key not in _BESIDE_DATA}
            courier = message_courier.courier_for(self._plan, make_message)
            courier.put(Said(text, uid, beside, _trace_ids()))


def get_broadcaster() -> Broadcaster:
    """Return the process's own broadcaster, at `REDIS_URL` or on this machine."""
    global _broadcaster
    if _broadcaster is None:
        _broadcaster = Broadcaster(os.environ.get("REDIS_URL") or _DEFAULT_URL)
    return _broadcaster


@silent_with(_no_event)
def emit(event_type: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Do what `emit` of the process's own broadcaster does."""
    return get_broadcaster().emit(event_type, data)


@silent
def set_cycle(cycle: int, day: int) -> None:
    """Do what `set_cycle` of the process's own broadcaster does."""
    get_broadcaster().set_cycle(cycle, day)


def flush(timeout: float = 2.0) -> bool:
    """Return True only if Redis has taken within *timeout* seconds all that was emitted; needed by nobody at the end."""
    return message_courier.flush(timeout)


def _make_event(name: str, data: Any, now: int) -> dict[str, Any]:
    bound = bound_attributes()
    return {
        "type": name,
        "ts": format_instant(now)[:_MILLISECONDS] + "Z",
        "cycle": bound.get("cycle", 0),
        "day": bound.get("day", 0),
        "data": data,
    }


def _trace_ids() -> dict[str, str]:
    span = trace.get_current_span().get_span_context()
    return {"trace_id": f"{span.trace_id:032x}", "span_id": f"{span.span_id:016x}"} if span.is_valid else {}


def _import_client() -> None:
    """Import what the first connection needs, if it is installed.

    Not when that is made: a program that forks in the midst of it would leave its child with an import that never ends, a signal
    handler finds half a module, and the end of a short program leaves no time for it.
    """
    if find_spec("redis") is None:
        return
    import_module("encodings.idna")
    with Redis().connect(1.0) as client:
        client.connection_pool.make_connection()  # and nothing more: it connects when it is used


with suppress(Exception):  # a folder of that name, a broken installation: the courier tells what it cannot do
    _import_client()
_broadcaster: Broadcaster | None = None
