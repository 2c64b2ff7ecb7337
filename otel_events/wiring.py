"""Which stages and sinks follow from the settings."""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING, Any

from otel_events.guards import build_span_guards, build_stages
from otel_events.pipeline.before_emit import BeforeEmit
from otel_events.pipeline.dispatch import Dispatch, Sinks
from otel_events.pipeline.normalize import Normalize
from otel_events.pipeline.redact import Redact
from otel_events.pipeline.spans import GuardSpans
from otel_events.pipeline.worker import Wiring
from otel_events.runtime import JOURNALING
from otel_events.sink_table import SinkTable
from otel_events.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.sdk.resources import Resource

    from otel_events.notices import Notices
    from otel_events.pipeline.stage import Stage
    from otel_events.pipeline.writer_events import WriterEvents
    from otel_events.runtime import Capture
    from otel_events.settings import Settings
    from otel_events.spool.journal import Journal


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
    resource = cache(make_resource)
    storage = Storage(settings, resource, capture, notices, writer_events)
    table = SinkTable(settings, resource, capture, notices, storage)
    sinks = table.sinks() if instead is None else Sinks(events=(instead,), spans=(instead,))
    stages = build_stages(settings, capture.accounts, notices)
    # Where events go nowhere, the writer need not say that it is there; nor to a test that captures.
    goes_out = bool(sinks.events) and instead is None
    journal, stages = _part_journal(settings, storage, stages) if goes_out else (None, stages)
    return Wiring(
        normalize=Normalize(capture.writer, capture.accounts, notices),
        stages=stages,
        dispatch=Dispatch(sinks, capture.accounts, capture.span_accounts, notices),
        flush_interval=min(settings.flush_interval, settings.span_batch.flush_interval),
        spools=storage.states,
        send_leftovers=table.send_leftovers,
        prepare=table.prepare,
        writer_events=writer_events if goes_out else None,
        journal=journal,
        leftovers=storage.leftovers() if goes_out else None,
        guard_spans=GuardSpans(
            build_span_guards(settings, capture.span_accounts, notices), capture.span_accounts, notices
        ),
    )


def _part_journal(
    settings: Settings, storage: Storage, stages: tuple[Stage, ...]
) -> tuple[Journal | None, tuple[Stage, ...]]:
    """Return the journal with what an event passes before it is in there, if one is wanted, and the stages behind it."""
    if settings.durability not in JOURNALING:
        return None, stages
    guards = tuple(itertools.takewhile(lambda stage: isinstance(stage, (BeforeEmit, Redact)), stages))
    journal = storage.journal(guards)
    return journal, stages if journal is None else stages[len(guards) :]
