"""The OTel SDK's tracer provider, as its documentation sets it up for OTLP/HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from benchmarks.event import SERVICE

if TYPE_CHECKING:
    from benchmarks.subjects.subject import Place


def make_provider(place: Place) -> TracerProvider:
    """Return a provider with a batch processor."""
    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{place.endpoint}/v1/traces")))
    return provider
