"""Whether Redis, NATS and webhooks that are configured let us in."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

from otel_events.cli.diagnosis.finding import Finding, Situation
from otel_events.errors import ConfigurationError
from otel_events.otlp.outcome import say
from otel_events.settings.lists import MESSAGE_SINKS
from otel_events.sinks.planning import plans_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.settings import Settings

_TOPIC = "sinks"


def message_sinks(settings: Settings) -> list[str]:
    """Return the names of the sinks of messages that a URL asks for."""
    return [] if settings.disabled else [name for name in MESSAGE_SINKS if getattr(settings, name).url]


def check_message_sinks(situation: Situation) -> Iterator[Finding]:
    """Yield whether each of them can be reached; nothing is published or posted."""
    for name in message_sinks(situation.settings):
        try:
            (plan,) = plans_of(situation.settings, [name])
        except ConfigurationError as error:
            for problem in error.problems:
                yield Finding(_TOPIC, "error", f"{name}: {problem}", "correct the variable")
            continue
        address = _address(plan)
        try:
            _LOOKS[name](plan, situation.timeout)
        except Exception as error:  # of three clients, each with families of its own
            reason = say(f"{name} at {address} cannot be used", str(error) or type(error).__name__)
            yield Finding(
                _TOPIC, "error", reason, f"start it, or correct OTEL_EVENTS_{name.upper()}_*; events wait on disk"
            )
        else:
            yield Finding(_TOPIC, "ok", f"{name} at {address} answers")


def _address(plan: Any) -> str:
    return str(plan.endpoint.address if hasattr(plan, "endpoint") else plan.address)


def _look_at_redis(plan: Any, seconds: float) -> None:
    with plan.connect(seconds) as client:
        client.ping()


def _look_at_nats(plan: Any, seconds: float) -> None:
    async def look() -> None:
        client = await plan.connect(seconds, _ignore)
        await client.flush(max(1, round(seconds)))
        await client.close()

    asyncio.run(asyncio.wait_for(look(), seconds))


async def _ignore(_error: Exception) -> None:
    """Whatever it is, the answer to `flush` is missing then."""


def _look_at_webhook(plan: Any, seconds: float) -> None:
    # What it says to a request only a request can tell, and that would be an event.
    socket.create_connection((plan.endpoint.host, plan.endpoint.port), seconds).close()


_LOOKS = {"redis": _look_at_redis, "nats": _look_at_nats, "webhook": _look_at_webhook}
