"""The configurator of `opentelemetry-instrument` that sends a program's logs and spans the durable way."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.sdk._configuration import _OTelSDKConfigurator

from otel_events.bridges.log_processor import DurableLogRecordProcessor
from otel_events.bridges.span_processor import DurableSpanProcessor
from otel_events.otel_logs import global_provider

if TYPE_CHECKING:
    from collections.abc import Iterator

_GROUP = "opentelemetry_configurator"
_NAME = "otel_events"
_EXPORTERS = ("OTEL_TRACES_EXPORTER", "OTEL_LOGS_EXPORTER")


class OtelEventsConfigurator(_OTelSDKConfigurator):
    """Set up the SDK as OpenTelemetry's own configurator does, with our processors in place of its batch processors.

    Exporters that the environment asks for are our pipeline's to use, with its guards before them. With a file of
    declarative configuration that file says it all.

    `opentelemetry-instrument` takes any configurator that is installed, unless OTEL_PYTHON_CONFIGURATOR names one. Where it
    does not name ours, ours does what another would have done.
    """

    def _configure(self, **kwargs: Any) -> None:
        if os.environ.get("OTEL_PYTHON_CONFIGURATOR") != _NAME:
            _configure_as_without_us(kwargs)
        elif os.environ.get("OTEL_CONFIG_FILE"):
            super()._configure(**kwargs)  # type: ignore[no-untyped-call]
        else:
            with _no_exporters_of_the_sdk():
                super()._configure(**kwargs)  # type: ignore[no-untyped-call]
            _add_processors()


def _configure_as_without_us(kwargs: dict[str, Any]) -> None:
    from importlib.metadata import entry_points

    for point in entry_points(group=_GROUP):
        if point.name != _NAME:
            point.load()().configure(**kwargs)
            return


@contextmanager
def _no_exporters_of_the_sdk() -> Iterator[None]:
    """Let the SDK make no exporters of its own; its configurator has no other way of being told."""
    before = {name: os.environ.get(name) for name in _EXPORTERS}
    os.environ.update(dict.fromkeys(_EXPORTERS, "none"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _add_processors() -> None:
    # Afterwards, because not every version of the SDK takes processors from a configurator.
    for provider, add, processor in (
        (trace.get_tracer_provider(), "add_span_processor", DurableSpanProcessor),
        (global_provider(), "add_log_record_processor", DurableLogRecordProcessor),
    ):
        if hasattr(provider, add):
            getattr(provider, add)(processor())
