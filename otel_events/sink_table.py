"""Where events and spans go: the sinks that follow from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.entry_points import load_entry_point
from otel_events.notices import told
from otel_events.otel_logs import program_provider
from otel_events.otlp.transport import prepare_http
from otel_events.pipeline.dispatch import Route, Sinks
from otel_events.settings.endpoint import HTTP
from otel_events.settings.lists import is_plan
from otel_events.sinks.planning import plans_by_default, plans_of
from otel_events.storage import attributes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.sdk.resources import Resource

    from otel_events.notices import Notices
    from otel_events.pipeline.sink import Sink, SpanSink
    from otel_events.runtime import Capture
    from otel_events.settings import EndpointSettings, Settings
    from otel_events.sinks.message_sink import MessageSink
    from otel_events.sinks.otlp import OtlpSink
    from otel_events.storage import Storage


class SinkTable:
    """The table "Where events go" of the documentation, row by row."""

    def __init__(
        self,
        settings: Settings,
        resource: Callable[[], Resource],
        capture: Capture,
        notices: Notices,
        storage: Storage,
    ) -> None:
        self._settings = settings
        self._resource = resource
        self._capture = capture
        self._notices = notices
        self._storage = storage
        self._network_sinks: list[OtlpSink | MessageSink] = []
        self._objects = [
            self._apart(sink) for sink in settings.sink or () if not isinstance(sink, str) and not is_plan(sink)
        ]

    def sinks(self) -> Sinks:
        """Return the sinks that are wanted, and which events each of them gets."""
        settings = self._settings
        if settings.disabled:
            return Sinks()
        routes = tuple(Route(pattern, frozenset(names)) for pattern, names in settings.routes)
        default = self._default_names()
        routed = {name for route in routes for name in route.sinks}
        return Sinks(
            events=(
                *self._named(default | routed),
                *self._messages(default | routed),
                *self._log_exporters(),
                *self._objects,
            ),
            spans=tuple(self._span_sinks()),
            routes=routes,
            routed_only=frozenset(routed - default - {sink.name for sink in self._objects}),
        )

    def send_leftovers(self) -> None:
        """Begin to send what earlier processes, or sinks, have left on disk."""
        if self._storage.has_leftovers():
            for sink in self._network_sinks:
                sink.start()

    def prepare(self) -> None:
        """Import what the first request takes, while its events are still gathered."""
        if any(one is not None and one.protocol == HTTP for one in (self._settings.logs, self._settings.traces)):
            prepare_http()

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
        return names | plans_by_default(settings)

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
        from otel_events.sinks.synced_ledger import SyncedLedgerSink

        settings = self._settings
        kind = SyncedLedgerSink if settings.durability == "sync" else LedgerSink
        rotation = RotationSettings(
            max_file_bytes=settings.ledger_max_bytes,
            max_age=settings.ledger_max_age,
            max_total_bytes=settings.ledger_total_bytes,
        )
        return kind(
            settings.ledger if isinstance(settings.ledger, str) else None,
            format="flat" if settings.ledger_format == "flat" else "events",
            resource=attributes_of(self._resource()),
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

    def _otlp(
        self, max_batch: int, *, logs: EndpointSettings | None = None, traces: EndpointSettings | None = None
    ) -> Any:
        from otel_events.sinks.otlp import OtlpSink
        from otel_events.sinks.otlp_endpoint import endpoint_of

        settings = self._settings
        sink = OtlpSink(
            logs=endpoint_of(logs, settings.export_timeout),
            traces=endpoint_of(traces, settings.span_batch.export_timeout),
            resource=attributes_of(self._resource()) if logs is not None else {},
            accounts=self._capture.accounts,
            span_accounts=self._capture.span_accounts,
            notices=self._notices,
            max_batch=max_batch,
            spool_factory=self._storage.spools().make,
        )
        self._network_sinks.append(sink)
        return sink

    def _messages(self, names: set[str]) -> Iterator[Sink]:
        plans = list(plans_of(self._settings, names))
        if not plans:
            return
        from otel_events.sinks.message_sink import Materials

        materials = Materials(
            service=self._settings.service_name,
            writer_id=self._capture.writer,
            accounts=self._capture.accounts,
            notices=self._notices,
            make_spool=self._storage.spools().make_for,
        )
        for plan in plans:
            sink = plan.build(materials)
            self._network_sinks.append(sink)
            yield sink

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
                f"exporter_failed:{signal}:{name}", f"the {signal} exporter '{name}' cannot be used: {told(error)}"
            )
            return None
