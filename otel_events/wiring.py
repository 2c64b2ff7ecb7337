"""Which stages and sinks follow from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.otel_logs import program_provider, provider_for_exporters
from otel_events.pipeline.dispatch import Dispatch, Route
from otel_events.pipeline.limit import Limit, LimitSettings
from otel_events.pipeline.normalize import Normalize
from otel_events.pipeline.worker import Wiring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.resources import Resource

    from otel_events.accounting import Accounts
    from otel_events.notices import Notices
    from otel_events.pipeline.sink import Sink
    from otel_events.pipeline.stage import Stage
    from otel_events.runtime import Capture
    from otel_events.settings import EndpointSettings, Settings


def build_wiring(settings: Settings, resource: Resource, capture: Capture, notices: Notices) -> Wiring:
    """Return all that a batch passes through, by *settings*. Nothing is opened, connected or written yet.

    Raises:
        ConfigurationError: an endpoint cannot work.
    """
    sinks = list(_Sinks(settings, resource, capture, notices).all())
    routes = [Route(pattern, frozenset(names)) for pattern, names in settings.routes]
    return Wiring(
        normalize=Normalize(capture.writer, capture.accounts, notices),
        stages=build_stages(settings, capture.accounts),
        dispatch=Dispatch(sinks, routes, capture.accounts, notices),
        flush_interval=settings.flush_interval,
    )


def build_stages(settings: Settings, accounts: Accounts) -> tuple[Stage, ...]:
    """Return the stages in the order in which a batch passes through them."""
    return (Limit(limit_settings(settings), accounts),)


def limit_settings(settings: Settings) -> LimitSettings:
    """Return the bounds of log records and span events."""
    return LimitSettings(
        attribute_count_limit=settings.attribute_count_limit,
        attribute_value_length_limit=settings.attribute_value_length_limit,
        max_event_bytes=settings.max_event_bytes,
        max_body_length=settings.max_body_length,
    )


class _Sinks:
    """The table "Where events go" of the documentation, row by row."""

    def __init__(self, settings: Settings, resource: Resource, capture: Capture, notices: Notices) -> None:
        self._settings = settings
        self._resource = resource
        self._capture = capture
        self._notices = notices

    def all(self) -> Iterator[Sink]:
        settings = self._settings
        if settings.disabled:
            return
        names = self._names()
        if "otlp" in names or settings.traces is not None:
            yield self._otlp(settings.logs if "otlp" in names else None)
        if "ledger" in names:
            yield self._ledger()
        if "otel" in names and (provider := program_provider()) is not None:
            yield self._otel(provider, name="otel", is_own=False)
        if "memory" in names:
            from otel_events.sinks.memory import MemorySink

            yield MemorySink()
        if settings.destination.other_logs_exporters:
            yield from self._exporters(settings.destination.other_logs_exporters)
        yield from (sink for sink in settings.sink or () if not isinstance(sink, str))

    def _names(self) -> set[str]:
        settings = self._settings
        destination = settings.destination
        if settings.sink is not None:
            names = {sink for sink in settings.sink if isinstance(sink, str)}
        elif destination.wants_otlp_logs:
            names = {"otlp"}
        elif destination.logs_none or destination.other_logs_exporters:
            names = set()
        elif program_provider() is not None:
            names = {"otel"}
        else:
            names = {"ledger"}
        if settings.ledger is False:
            names.discard("ledger")
        elif settings.ledger is not None:
            names.add("ledger")
        return names

    def _otlp(self, logs: EndpointSettings | None) -> Sink:
        from otel_events.sinks.otlp import OtlpSink

        settings = self._settings
        return OtlpSink(
            logs=_endpoint(logs, settings.export_timeout),
            traces=_endpoint(settings.traces, settings.span_batch.export_timeout),
            resource=_plain(self._resource),
            accounts=self._capture.accounts,
            span_accounts=self._capture.span_accounts,
            notices=self._notices,
            max_batch=settings.max_export_batch_size,
        )

    def _ledger(self) -> Sink:
        from otel_events.ledger.rotate import RotationSettings
        from otel_events.sinks.ledger import LedgerSink

        settings = self._settings
        rotation = RotationSettings(
            max_file_bytes=settings.ledger_max_bytes,
            max_age=settings.ledger_max_age,
            max_total_bytes=settings.ledger_total_bytes,
        )
        return LedgerSink(
            settings.ledger if isinstance(settings.ledger, str) else None,
            format="flat" if settings.ledger_format == "flat" else "events",
            resource=_plain(self._resource),
            service=settings.service_name,
            writer_id=self._capture.writer,
            rotation=rotation,
            accounts=self._capture.accounts,
            notices=self._notices,
        )

    def _otel(self, provider: Any, *, name: str, is_own: bool) -> Sink:
        from otel_events.sinks.otel import OtelSink

        return OtelSink(provider, accounts=self._capture.accounts, notices=self._notices, name=name, is_own=is_own)

    def _exporters(self, names: tuple[str, ...]) -> Iterator[Sink]:
        try:
            provider = provider_for_exporters(names, self._resource)
        except Exception as error:
            # An exporter of somebody else's: the program runs on without it.
            self._capture.accounts.problems.add("exporter_failed")
            self._notices.warn("exporter_failed", f"the logs exporters {', '.join(names)} cannot be used: {error!r}")
            return
        yield self._otel(provider, name="exporters", is_own=True)


def _plain(resource: Resource) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in resource.attributes.items()}


def _endpoint(settings: EndpointSettings | None, longest: float | None) -> Any:
    from otel_events.otlp.endpoint import Endpoint

    if settings is None:
        return None
    timeout = settings.timeout if longest is None else min(settings.timeout, longest)
    return Endpoint(
        url=settings.url,
        protocol="grpc" if settings.protocol == "grpc" else "http/protobuf",
        headers=settings.headers,
        timeout=timeout,
        compression=settings.compression,  # type: ignore[arg-type]  # one of its words, or None
        certificate_file=settings.certificate_file,
        client_certificate_file=settings.client_certificate_file,
        client_key_file=settings.client_key_file,
        insecure=settings.insecure,
    )
