"""The OTLP endpoints that the environment names, or a command's own option does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from otel_events.errors import ConfigurationError
from otel_events.otlp.endpoint import Endpoint
from otel_events.reading.harmless import harmless
from otel_events.settings import resolve

if TYPE_CHECKING:
    from otel_events.otlp.endpoint import Signal
    from otel_events.settings import EndpointSettings, Settings


def read_settings(**keywords: Any) -> Settings:
    """Return the settings by *keywords* above the environment; tell what is wrong with the latter, once each."""
    try:
        settings, warnings = resolve(keywords, os.environ)
    except ConfigurationError as error:
        raise click.UsageError("; ".join(map(harmless, error.problems))) from error
    for warning in warnings:
        click.echo(f"Warning: {harmless(warning)}", err=True)
    return settings


def find_endpoints(to: str | None, protocol: str | None) -> dict[Signal, Endpoint]:
    """Return where each signal goes: to *to*, else where the environment says; without those that go nowhere.

    Headers, certificates and the rest of `OTEL_EXPORTER_OTLP_*` hold for *to* as well.
    """
    given: dict[str, Any] = {"protocol": protocol} if protocol else {}
    if to is not None:
        # Named on the command line, it stands above whatever the environment says of exporters.
        given |= {"endpoint": to, "logs_exporter": "otlp", "traces_exporter": "otlp", "disabled": False}
    settings = read_settings(**given)
    wanted: dict[Signal, EndpointSettings | None] = {"logs": settings.logs, "traces": settings.traces}
    return {signal: make_endpoint(one) for signal, one in wanted.items() if one is not None}


def make_endpoint(settings: EndpointSettings) -> Endpoint:
    """Return the endpoint that *settings* describe, or raise a UsageError with all that is wrong with it."""
    try:
        return Endpoint(**settings._asdict())
    except ConfigurationError as error:
        raise click.UsageError("; ".join(map(harmless, error.problems))) from error
