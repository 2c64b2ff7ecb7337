"""The providers that configure makes where the program has none, the resource and the propagators."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from otel_events import otel_logs
from otel_events.entry_points import load_entry_point
from otel_events.notices import told
from otel_events.random_ids import random_id
from otel_events.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanLimits, TracerProvider
    from opentelemetry.sdk.trace.id_generator import IdGenerator
    from opentelemetry.sdk.trace.sampling import Sampler

    from otel_events.notices import Notices
    from otel_events.sdk_logs import LoggerProvider
    from otel_events.settings import Settings


def build_resource(settings: Settings) -> Resource:
    """Return the resource: the SDK's own attributes, those of detectors that are asked for, then those of *settings*.

    Without secrets, as events: a detector may tell the arguments of the program's command line.
    """
    from opentelemetry.sdk.resources import Resource

    from otel_events.guards import redact_resource

    resource = _gather_resource(settings)
    clean = redact_resource(resource.attributes, settings)
    return resource if clean is None else Resource(clean, resource.schema_url)


def _gather_resource(settings: Settings) -> Resource:
    from opentelemetry.sdk.resources import Resource

    ours = {
        "telemetry.distro.name": "otel-events",
        "telemetry.distro.version": VERSION,
        **settings.resource_attributes,
    }
    if os.environ.get("OTEL_EXPERIMENTAL_RESOURCE_DETECTORS"):
        try:
            return Resource.create(ours)
        except RuntimeError:  # detectors run on threads, and an interpreter that is shutting down starts none
            pass
    return _without_detectors().merge(Resource(ours))


def _without_detectors() -> Resource:
    # Not `Resource.create`: it reads OTEL_RESOURCE_ATTRIBUTES once more, with warnings of its own, and needs threads,
    # which the end of a short program no longer gives.
    from opentelemetry.sdk import resources

    defaults = {
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.version": _sdk_version(),
    }
    instance = getattr(resources, "ServiceInstanceIdResourceDetector", None)  # since 1.44
    resource = resources.Resource(defaults)
    return resource if instance is None else resource.merge(instance().detect())


def _sdk_version() -> str:
    from opentelemetry.sdk.version import __version__

    return __version__


def wants_spans(settings: Settings) -> bool:
    """Tell whether spans go anywhere, so that a provider is needed."""
    destination = settings.destination
    goes_to_objects = any(hasattr(sink, "write_spans") for sink in settings.sink or ())
    return not settings.disabled and (
        destination.wants_otlp_traces or bool(destination.other_traces_exporters) or goes_to_objects
    )


def build_tracer_provider(settings: Settings, notices: Notices) -> TracerProvider:
    """Return a provider whose spans take our way, to whatever sinks `configure` chooses now or later."""
    from opentelemetry.sdk.trace import TracerProvider

    from otel_events.bridges.span_processor import DurableSpanProcessor

    provider = TracerProvider(
        sampler=_sampler(settings, notices),
        resource=build_resource(settings),
        span_limits=_span_limits(settings),
        id_generator=_id_generator(),
    )
    provider.add_span_processor(DurableSpanProcessor())
    return provider


def wants_log_records(settings: Settings) -> bool:
    """Tell whether log records of libraries are wanted: where OTLP is, as they do not belong into a ledger unasked."""
    return not settings.disabled and settings.destination.wants_otlp_logs


def build_logger_provider(settings: Settings) -> LoggerProvider:
    """Return a provider whose log records take our way."""
    from otel_events.bridges.log_processor import DurableLogRecordProcessor
    from otel_events.sdk_logs import make_provider

    return make_provider(build_resource(settings), DurableLogRecordProcessor())


def set_global_logger_provider(make: Callable[[], LoggerProvider]) -> None:
    """Make a provider the global one for log records, unless the program has one: that is never replaced."""
    if otel_logs.global_provider() is None:
        otel_logs.set_logger_provider(make())


def set_global_provider(make: Callable[[], TracerProvider]) -> None:
    """Make a provider the global one, unless the program has one: that is never replaced."""
    from opentelemetry import trace

    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        trace.set_tracer_provider(make())


def set_propagators(names: Sequence[str]) -> None:
    """Make the propagators *names* the global ones; the word `none` stands for none."""
    from opentelemetry import propagate
    from opentelemetry.propagators.composite import CompositePropagator

    chosen = [load_entry_point("opentelemetry_propagator", name)() for name in names if name != "none"]
    propagate.set_global_textmap(CompositePropagator(chosen))


def _id_generator() -> IdGenerator:
    from opentelemetry.sdk.trace.id_generator import IdGenerator

    class OwnIdGenerator(IdGenerator):
        """Ids that a program which seeds `random`, as training runs do, does not repeat from run to run."""

        def generate_span_id(self) -> int:
            return random_id(64)

        def generate_trace_id(self) -> int:
            return random_id(128)

        def is_trace_id_random(self) -> bool:
            return True

    return OwnIdGenerator()


def _sampler(settings: Settings, notices: Notices) -> Sampler:
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
    try:
        made: Sampler = load_entry_point("opentelemetry_traces_sampler", settings.sampler)(settings.sampler_arg)
    except Exception as error:
        # A sampler of somebody else's: the program runs on, and records all.
        notices.warn(
            f"sampler_failed:{settings.sampler}",
            f"the sampler '{settings.sampler}' cannot be used, parentbased_always_on is: {told(error)}",
        )
        return sampling.DEFAULT_ON
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
