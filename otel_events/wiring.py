"""Which stages and sinks follow from the settings."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_events.entry_points import load_entry_point
from otel_events.guards import build_span_guards, build_stages
from otel_events.otel_logs import program_provider
from otel_events.otlp.transport import prepare_http
from otel_events.pipeline.before_emit import BeforeEmit
from otel_events.pipeline.dispatch import Dispatch, Route, Sinks
from otel_events.pipeline.normalize import Normalize
from otel_events.pipeline.one_by_one import NormalizeOne, RedactOne
from otel_events.pipeline.redact import Redact
from otel_events.pipeline.spans import GuardSpans
from otel_events.pipeline.worker import Wiring
from otel_events.settings.endpoint import HTTP
from otel_events.settings.lists import is_plan
from otel_events.sinks.planning import plans_by_default, plans_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from opentelemetry.sdk.resources import Resource

    from otel_events.notices import Notices
    from otel_events.pipeline.sink import Sink, SpanSink
    from otel_events.pipeline.stage import Stage
    from otel_events.pipeline.writer_events import WriterEvents
    from otel_events.runtime import Capture
    from otel_events.settings import EndpointSettings, Settings
    from otel_events.sinks.message_sink import MessageSink
    from otel_events.sinks.otlp import OtlpSink
    from otel_events.sinks.spools import Spools
    from otel_events.spool.journal import Journal
    from otel_events.spool.leftovers import Leftovers
    from otel_events.stats import SpoolState

_JOURNALING = ("journal", "sync")


def build_wiring(
    settings: Settings,
    make_resource: Callable[[], Resource],
    capture: Capture,
    notices: Notices,
    *,
    writer_events: WriterEvents,
    instead: Any = None,
) -> Wiring:
    """Return all that a batch passes through, by *settings*. Nothing is opened, connected or written yet.

    Args:
        settings: what is wanted.
        make_resource: who emits; asked only if a sink says it.
        capture: where events come from, and are counted.
        notices: where warnings go.
        writer_events: what the writer says of itself.
        instead: a sink that takes everything, in place of those that *settings* ask for.

    Raises:
        ConfigurationError: an endpoint cannot work.
    """
    table = _SinkTable(settings, make_resource, capture, notices, writer_events)
    sinks = table.sinks() if instead is None else Sinks(events=(instead,), spans=(instead,))
    stages = build_stages(settings, capture.accounts, notices)
    journal = None
    if settings.durability in _JOURNALING and sinks.events and instead is None:
        guards = tuple(itertools.takewhile(lambda stage: isinstance(stage, (BeforeEmit, Redact)), stages))
        journal = table.journal(guards)
        stages = stages[len(guards) :] if journal is not None else stages
    return Wiring(
        normalize=Normalize(capture.writer, capture.accounts, notices),
        stages=stages,
        dispatch=Dispatch(sinks, capture.accounts, capture.span_accounts, notices),
        flush_interval=min(settings.flush_interval, settings.span_batch.flush_interval),
        spools=table.spool_states,
        send_leftovers=table.send_leftovers,
        prepare=table.prepare,
        # Where events go nowhere, the writer need not say that it is there; nor to a test that captures.
        writer_events=writer_events if sinks.events and instead is None else None,
        journal=journal,
        leftovers=table.leftovers() if sinks.events and instead is None else None,
        guard_spans=GuardSpans(
            build_span_guards(settings, capture.span_accounts, notices), capture.span_accounts, notices
        ),
    )


class _SinkTable:
    """The table "Where events go" of the documentation, row by row."""

    def __init__(
        self,
        settings: Settings,
        make_resource: Callable[[], Resource],
        capture: Capture,
        notices: Notices,
        writer_events: WriterEvents,
    ) -> None:
        self._settings = settings
        self._make_resource = make_resource
        self._capture = capture
        self._notices = notices
        self._writer_events = writer_events
        self._spools: Spools | None = None
        self._journal: Journal | None = None
        self._leftovers: Leftovers | None = None
        self._network_sinks: list[OtlpSink | MessageSink] = []
        self._made_resource: Resource | None = None
        self._objects = [
            self._apart(sink) for sink in settings.sink or () if not isinstance(sink, str) and not is_plan(sink)
        ]

    def sinks(self) -> Sinks:
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

    def journal(self, guards: Sequence[Stage]) -> Journal | None:
        """Return what puts events on disk behind *guards*; None if there is no place for it, which is told."""
        from otel_events.spool.journal import Journal
        from otel_events.spool.places import journal_directory

        settings, root = self._settings, self._spool_root()
        if root is None:
            return None
        self._journal = Journal(
            journal_directory(root, settings.service_name),
            root=root,
            service=settings.service_name,
            writer_id=self._capture.writer,
            normalize=NormalizeOne(self._capture.writer, self._capture.accounts, self._notices),
            guards=tuple(RedactOne(guard) if isinstance(guard, Redact) else guard for guard in guards),
            make_resource=lambda: _plain(self._resource()),
            is_synced=settings.durability == "sync",
            accounts=self._capture.accounts,
            notices=self._notices,
            max_bytes=settings.spool_max_bytes,
        )
        return self._journal

    def leftovers(self) -> Leftovers | None:
        """Return what gives the events that processes of any mode have left in the journal."""
        from otel_events.spool.places import has_segments, journal_directory

        root = self._spool_root(tell=False)
        directory = None if root is None else journal_directory(root, self._settings.service_name)
        if root is None or directory is None or not has_segments(directory):
            return None
        from otel_events.spool.leftovers import Leftovers

        self._leftovers = Leftovers(
            directory,
            root=root,
            service=self._settings.service_name,
            writer_id=self._capture.writer,
            accounts=self._capture.accounts,
            notices=self._notices,
            max_age=self._settings.spool_max_age,
        )
        return self._leftovers

    def _spool_root(self, *, tell: bool = True) -> Path | None:
        """Return where spools and journals are; None if nothing is to be on disk, or if there is no place for it."""
        from otel_events.spool.places import default_root

        settings = self._settings
        if settings.durability == "memory":
            return None
        try:
            return default_root() if settings.spool_dir is None else Path(settings.spool_dir)
        except OSError as error:
            if tell:
                self._capture.accounts.problems.add("no_state_directory")
                self._notices.warn(
                    "no_state_directory",
                    f"there is no place on disk for what waits: {error.strerror}. It is kept in memory, up to 64 MiB, and"
                    " does not survive this process; set OTEL_EVENTS_SPOOL_DIR to a directory that can be written, or HOME",
                )
            return None

    def spool_states(self) -> Sequence[SpoolState]:
        states = [] if self._spools is None else self._spools.states()
        own = (place.state() for place in (self._journal, self._leftovers) if place is not None)
        return [*states, *own]

    def send_leftovers(self) -> None:
        if self._spools is not None and self._spools.find_leftovers():
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
        from otel_events.sinks.otlp_endpoint import endpoint_of

        settings = self._settings
        sink = OtlpSink(
            logs=endpoint_of(logs, settings.export_timeout),
            traces=endpoint_of(traces, settings.span_batch.export_timeout),
            resource=_plain(self._resource()) if logs is not None else {},
            accounts=self._capture.accounts,
            span_accounts=self._capture.span_accounts,
            notices=self._notices,
            max_batch=max_batch,
            spool_factory=self._all_spools().make,
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
            make_spool=self._all_spools().make_for,
        )
        for plan in plans:
            sink = plan.build(materials)
            self._network_sinks.append(sink)
            yield sink

    def _all_spools(self) -> Spools:
        if self._spools is None:
            self._spools = self._make_spools()
        return self._spools

    def _make_spools(self) -> Spools:
        from otel_events.sinks.spools import Spools, SpoolSettings

        settings = self._settings
        return Spools(
            SpoolSettings(
                root=self._spool_root(),
                service=settings.service_name,
                is_synced=settings.durability == "sync",
                max_bytes=settings.spool_max_bytes,
                max_age=settings.spool_max_age,
            ),
            self._capture.writer,
            self._notices,
            self._writer_events.note_dropped,
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
