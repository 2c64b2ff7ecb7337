"""Which sinks of messages the settings ask for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from otel_events.errors import ConfigurationError
from otel_events.settings.lists import MESSAGE_SINKS, is_plan

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from otel_events.settings import Settings
    from otel_events.sinks.message_sink import SinkPlan

_WHAT = "configure() cannot use these keywords"


def plans_of(settings: Settings, wanted: Collection[str]) -> Iterator[SinkPlan]:
    """Yield what the sinks of messages named in *wanted* are made of; those of code stand in the place of the settings'.

    Raises:
        ConfigurationError: one cannot work, or two have one name.
    """
    given: list[SinkPlan] = [sink for sink in settings.sink or () if is_plan(sink)]
    names = [plan.name for plan in given]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigurationError(_WHAT, [f"two sinks have the name {twice[0]!r}"])
    yield from given
    for name in MESSAGE_SINKS:
        if name in wanted and name not in names:
            yield _plan(name, getattr(settings, name))


def plans_by_default(settings: Settings) -> set[str]:
    """Return the names of those that get what no route sends elsewhere.

    What `sink` names does. What a URL asks for does too, unless a route names it: then it gets what that says alone.
    """
    wanted = settings.sink or ()
    named = {name for name in MESSAGE_SINKS if name in wanted} | {sink.name for sink in wanted if is_plan(sink)}
    routed = {name for _, names in settings.routes for name in names}
    by_url = {name for name in MESSAGE_SINKS if getattr(settings, name).url}
    return named | (by_url - routed)


def _plan(name: str, values: Any) -> SinkPlan:
    said = values._asdict()
    if said["url"] is None:
        if name == "webhook":
            raise ConfigurationError(_WHAT, ["the sink 'webhook' needs a URL: webhook={'url': ...}"])
        del said["url"]  # the others have a usual place
    plan: SinkPlan = getattr(import_module(f"otel_events.sinks.{name}"), name.capitalize())(**said)
    return plan
