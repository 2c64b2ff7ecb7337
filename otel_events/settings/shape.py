"""The frozen values that settings end up as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from otel_events.filter_language import FilterSettings
    from otel_events.settings.destination import Destination
    from otel_events.settings.endpoint import EndpointSettings
    from otel_events.settings.message_settings import NatsSettings, RedisSettings, WebhookSettings


@dataclass(frozen=True, slots=True)
class SpanLimitSettings:
    """The limits of spans, under the names that `configure(span_limits={...})` takes. None: no limit."""

    attribute_count: int
    attribute_value_length: int | None
    event_count: int
    link_count: int
    event_attribute_count: int
    link_attribute_count: int


@dataclass(frozen=True, slots=True)
class SpanBatchSettings:
    """The batching of spans, under the names that `configure(span_batch={...})` takes; unset, that of events."""

    flush_interval: float
    export_timeout: float | None
    queue_events: int | None
    max_export_batch_size: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, resolved. Fields are the keywords of `configure`, save those named here.

    Attributes:
        resource_attributes: those of the environment and the keyword, with the `service.name` that won.
        logs: where log records are sent by OTLP; None if they are not.
        traces: where spans are sent by OTLP; None if they are not.
        destination: the choices that follow from exporters, endpoints and sinks.
        logs_exporter: None if unset; empty for `none`. `traces_exporter` likewise.
        sink: None if unset; else names out of `SINKS`, Sink objects, and what has `build`, of which sinks are made.
        ledger: a path; True: the default path; False: never; None: unset.
        ledger_max_bytes: None: no rotation by size. The other ledger bounds likewise.
        queue_events: None: the queue is bounded by bytes alone.
        sampler_arg: a float for the ratio samplers, a text for samplers of others, None for those that take none.
    """

    service_name: str
    resource_attributes: Mapping[str, Any]
    attributes: Mapping[str, Any]
    disabled: bool
    logs: EndpointSettings | None
    traces: EndpointSettings | None
    destination: Destination
    logs_exporter: tuple[str, ...] | None
    traces_exporter: tuple[str, ...] | None
    sink: tuple[Any, ...] | None
    routes: tuple[tuple[str, tuple[str, ...]], ...]
    redis: RedisSettings
    nats: NatsSettings
    webhook: WebhookSettings
    ledger: str | bool | None
    ledger_format: str
    ledger_max_bytes: int | None
    ledger_max_age: float | None
    ledger_total_bytes: int | None
    flush_interval: float
    max_export_batch_size: int
    queue_bytes: int
    queue_events: int | None
    export_timeout: float | None
    exit_timeout: float
    durability: str
    spool_dir: str | None
    spool_max_bytes: int
    spool_max_age: float
    span_batch: SpanBatchSettings
    attribute_count_limit: int
    attribute_value_length_limit: int | None
    max_event_bytes: int
    max_body_length: int
    span_limits: SpanLimitSettings
    propagators: tuple[str, ...]
    sampler: Any
    sampler_arg: float | str | None
    span_events: bool
    span_event_overrides: Mapping[str, bool]
    catalog: tuple[Any, ...]
    strict: bool
    before_emit: tuple[Callable[..., Any], ...]
    redact: Any
    redact_keys: tuple[str, ...]
    redact_innocent_keys: tuple[str, ...]
    redact_patterns: tuple[tuple[Any, Any], ...]
    redact_allow: tuple[Any, ...]
    redact_without: tuple[str, ...]
    redact_marker: str
    redact_max_scanned: int
    filter: FilterSettings
    deduplicate: tuple[tuple[Any, Any], ...]
    deduplicate_errors: bool
    deduplicate_window: float
    rate_limits: tuple[Any, ...]
    rate_limit_window: float
    roll_up: tuple[str, ...]
    roll_up_window: float
    baggage_keys: tuple[str, ...]
    watch_content: bool
