"""The OTel SDK's logger provider, as its documentation sets it up for OTLP/HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from benchmarks.event import SERVICE

if TYPE_CHECKING:
    from benchmarks.subjects.subject import Place


def make_provider(place: Place) -> LoggerProvider:
    """Return a provider with a batch processor; the options are that processor's keywords."""
    provider = LoggerProvider(Resource.create({"service.name": SERVICE}))
    exporter = OTLPLogExporter(endpoint=f"{place.endpoint}/v1/logs")
    options: dict[str, Any] = place.options
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, **options))
    return provider
