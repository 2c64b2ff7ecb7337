"""Which stages and sinks follow from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.entry_points import load_entry_point
from otel_events.otel_logs import program_provider
from otel_events.pipeline.dispatch import Dispatch, Route, Sinks
from otel_events.pipeline.limit import Limit, LimitSettings
from otel_events.pipeline.normalize import Normalize
from otel_events.pipeline.worker import Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.sdk.resources import Resource

    from otel_events.accounting import Accounts
    from otel_events.notices import Notices
    from otel_events.otlp.endpoint import Endpoint, Signal
    from otel_events.pipeline.sink import Sink, SpanSink
    from otel_events.pipeline.stage import Stage
    from otel_events.runtime import Capture
    from otel_events.settings import EndpointSettings, Settings
    from otel_events.spool.queue import Spool


def build_wiring(
    settings: Settings,
    make_resource: Callable[[], Resource],
    capture: Capture,
    notices: Notices,
    *,
    instead: Any = None,
) -> Wiring:
    """Return all that a batch passes through, by *settings*. Nothing is opened, connected or written yet.

    Args:
        settings: what is wanted.
        make_resource: who emits; asked only if a sink says it.
        capture: where events come from, and are counted.
        notices: where warnings go.
        instead: a sink that takes everything, in place of those that *settings* ask for.

    Raises:
        ConfigurationError: an endpoint cannot work.
    """
    spools = _Spools()
    if instead is None:
        sinks = _SinkTable(settings, make_resource, capture, notices, spools).sinks()
    else:
        sinks = Sinks(events=(instead,), spans=(instead,))
    return Wiring(
        normalize=Normalize(capture.writer, capture.accounts, notices),
        stages=build_stages(settings, capture.accounts),
        dispatch=Dispatch(sinks, capture.accounts, capture.span_accounts, notices),
        flush_interval=min(settings.flush_interval, settings.span_batch.flush_interval),
        count_spooled=spools.count,
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


class _Spools:
    """Makes the spools of the network sinks, and counts what waits in them."""

    def __init__(self) -> None:
        self._made: list[tuple[str, Spool]] = []

    def make(self, signal: Signal, endpoint: Endpoint, *, accounts: Accounts) -> Spool:  # noqa: ARG002  # one in memory is the same for every endpoint
        from otel_events.spool.memory import MemorySpool

        spool = MemorySpool(accounts=accounts)
        self._made.append((signal, spool))
        return spool

    def count(self, signal: str) -> int:
        """Return how many records of *signal* (`logs`, `traces`) wait to be sent."""
        return sum(spool.pending().records for of, spool in self._made if of == signal)


class _SinkTable:
    """The table "Where events go" of the documentation, row by row."""

    def __init__(
        self,
        settings: Settings,
        make_resource: Callable[[], Resource],
        capture: Capture,
        notices: Notices,
        spools: _Spools,
    ) -> None:
        self._settings = settings
        self._make_resource = make_resource
        self._capture = capture
        self._notices = notices
        self._spools = spools
        self._made_resource: Resource | None = None
        self._objects = [self._apart(sink) for sink in settings.sink or () if not isinstance(sink, str)]

    def sinks(self) -> Sinks:
        settings = self._settings
        if settings.disabled:
            return Sinks()
        routes = tuple(Route(pattern, frozenset(names)) for pattern, names in settings.routes)
        default = self._default_names()
        routed = {name for route in routes for name in route.sinks}
        return Sinks(
            events=(*self._named(default | routed), *self._log_exporters(), *self._objects),
            spans=tuple(self._span_sinks()),
            routes=routes,
            routed_only=frozenset(routed - default - {sink.name for sink in self._objects}),
        )

    # -- events ------------------------------------------------------------------------------------------------------

    def _default_names(self) -> set[str]:
        settings = self._settings
        destination = settings.destination
        if settings.sink is not None:
            names = {sink for sink in settings.sink if isinstance(sink, str)}
        elif destination.wants_otlp_logs:
            names = {"otlp"}
        elif destination.logs_none or destination.other_logs_exporters:
            names = set()
        else:
            names = {"otel" if program_provider() is not None else "ledger"}
        if settings.ledger is False:
            names.discard("ledger")
        elif settings.ledger is not None:
            names.add("ledger")
        return names

    def _named(self, names: set[str]) -> Iterator[Sink]:
        if "otlp" in names and self._settings.logs is not None:
            yield self._otlp(self._settings.max_export_batch_size, logs=self._settings.logs)
        if "ledger" in names:
            yield self._ledger_unless_provider() if self._is_ledger_a_fallback() else self._ledger()
        if "otel" in names:
            yield self._otel(None)
        if "memory" in names:
            from otel_events.sinks.memory import MemorySink

            yield self._apart(MemorySink())

    def _is_ledger_a_fallback(self) -> bool:
        settings = self._settings
        is_routed = any("ledger" in names for _, names in settings.routes)
        return settings.sink is None and settings.ledger is None and not is_routed

    def _ledger_unless_provider(self) -> Sink:
        from otel_events.sinks.unless_provider import UnlessProviderSink

        return UnlessProviderSink(self._ledger(), self._otel)

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
            resource=_plain(self._resource()),
            service=settings.service_name,
            writer_id=self._capture.writer,
            rotation=rotation,
            accounts=self._capture.accounts,
            notices=self._notices,
        )

    def _otel(self, provider: Any) -> Sink:
        from otel_events.sinks.otel import OtelSink

        sink = OtelSink(provider, accounts=self._capture.accounts, notices=self._notices)
        made: Sink = self._apart(sink, counts_itself=True)
        return made

    def _log_exporters(self) -> Iterator[Sink]:
        from otel_events.sinks.exporter import LogExporterSink

        for name in self._settings.destination.other_logs_exporters:
            exporter = self._load("logs", name)
            if exporter is not None:
                yield self._apart(LogExporterSink(name, exporter, self._resource()))

    # -- spans -------------------------------------------------------------------------------------------------------

    def _span_sinks(self) -> Iterator[SpanSink]:
        settings = self._settings
        if settings.traces is not None:
            yield self._otlp(settings.span_batch.max_export_batch_size, traces=settings.traces)
        if settings.destination.other_traces_exporters:
            from otel_events.sinks.exporter import SpanExporterSink

            for name in settings.destination.other_traces_exporters:
                exporter = self._load("traces", name)
                if exporter is not None:
                    yield self._apart(SpanExporterSink(name, exporter))
        yield from (sink for sink in self._objects if sink.takes_spans)

    # -- both --------------------------------------------------------------------------------------------------------

    def _resource(self) -> Resource:
        if self._made_resource is None:
            self._made_resource = self._make_resource()
        return self._made_resource

    def _otlp(
        self, max_batch: int, *, logs: EndpointSettings | None = None, traces: EndpointSettings | None = None
    ) -> Any:
        from otel_events.sinks.otlp import OtlpSink

        settings = self._settings
        return OtlpSink(
            logs=_endpoint(logs, settings.export_timeout),
            traces=_endpoint(traces, settings.span_batch.export_timeout),
            resource=_plain(self._resource()) if logs is not None else {},
            accounts=self._capture.accounts,
            span_accounts=self._capture.span_accounts,
            notices=self._notices,
            max_batch=max_batch,
            spool_factory=self._spools.make,
        )

    def _apart(self, sink: Any, *, counts_itself: bool = False) -> Any:
        from otel_events.sinks.apart import ApartSink

        return ApartSink(
            sink,
            accounts=self._capture.accounts,
            span_accounts=self._capture.span_accounts,
            notices=self._notices,
            counts_itself=counts_itself,
        )

    def _load(self, signal: str, name: str) -> Any:
        try:
            return load_entry_point(f"opentelemetry_{signal}_exporter", name)()
        except Exception as error:
            # An exporter of somebody else's: the program runs on without it.
            self._capture.accounts.problems.add("exporter_failed")
            self._notices.warn(
                f"exporter_failed:{signal}:{name}", f"the {signal} exporter '{name}' cannot be used: {error!r}"
            )
            return None


def _plain(resource: Resource) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in resource.attributes.items()}


def _endpoint(settings: EndpointSettings | None, longest: float | None) -> Endpoint | None:
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
