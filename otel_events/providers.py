"""The TracerProvider that configure makes where the program has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.entry_points import load_exporter

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanLimits, TracerProvider
    from opentelemetry.sdk.trace.sampling import Sampler

    from otel_events.notices import Notices
    from otel_events.settings import Settings


def build_resource(settings: Settings, version: str) -> Resource:
    """Return the resource: the SDK's own attributes, the detectors', then those of *settings*."""
    from opentelemetry.sdk.resources import Resource

    distribution = {"telemetry.distro.name": "otel-events", "telemetry.distro.version": version}
    return Resource.create({**distribution, **settings.resource_attributes})


def wants_spans(settings: Settings) -> bool:
    """Tell whether spans go anywhere, so that a provider is needed."""
    destination = settings.destination
    return not settings.disabled and (destination.wants_otlp_traces or bool(destination.other_traces_exporters))


def build_tracer_provider(settings: Settings, resource: Resource, notices: Notices) -> TracerProvider:
    """Return a provider whose spans take our way to OTLP, and the SDK's own way to every other exporter named."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

    from otel_events.bridges.span_processor import DurableSpanProcessor

    provider = TracerProvider(sampler=_sampler(settings), resource=resource, span_limits=_span_limits(settings))
    if settings.destination.wants_otlp_traces:
        provider.add_span_processor(DurableSpanProcessor())
    for name in settings.destination.other_traces_exporters:
        try:
            exporter = load_exporter("opentelemetry_traces_exporter", name)()
        except Exception as error:
            notices.warn(f"exporter_failed:{name}", f"the traces exporter {name} cannot be used: {error!r}")
        else:
            processor = SimpleSpanProcessor if name == "console" else BatchSpanProcessor
            provider.add_span_processor(processor(exporter))
    return provider


def _sampler(settings: Settings) -> Sampler:
    from opentelemetry.sdk.trace import sampling

    if not isinstance(settings.sampler, str):
        sampler: Sampler = settings.sampler
        return sampler
    ratio = float(settings.sampler_arg) if isinstance(settings.sampler_arg, float) else 1.0
    known: dict[str, Any] = {
        "always_on": sampling.ALWAYS_ON,
        "always_off": sampling.ALWAYS_OFF,
        "parentbased_always_on": sampling.DEFAULT_ON,
        "parentbased_always_off": sampling.DEFAULT_OFF,
        "traceidratio": sampling.TraceIdRatioBased(ratio),
        "parentbased_traceidratio": sampling.ParentBasedTraceIdRatio(ratio),
    }
    if settings.sampler in known:
        found: Sampler = known[settings.sampler]
        return found
    made: Sampler = load_exporter("opentelemetry_traces_sampler", settings.sampler)(settings.sampler_arg)
    return made


def _span_limits(settings: Settings) -> SpanLimits:
    from opentelemetry.sdk.trace import SpanLimits

    limits = settings.span_limits
    return SpanLimits(
        max_events=limits.event_count,
        max_links=limits.link_count,
        max_span_attributes=limits.attribute_count,
        max_event_attributes=limits.event_attribute_count,
        max_link_attributes=limits.link_attribute_count,
        max_span_attribute_length=limits.attribute_value_length,
    )
