"""Set up, start, flush and end: the only module that knows all parts."""

from __future__ import annotations

import _thread
import math
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any

from otel_events import catalog, propagation, runtime
from otel_events.accounting import Accounts
from otel_events.context import bind
from otel_events.emit import refuse_departures
from otel_events.notices import Notices
from otel_events.stats import Stats, stats_of
from otel_events.version import VERSION

# Whatever is imported inside a function here is not needed to emit, and would make `import otel_events` slow.

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.trace import TracerProvider

    from otel_events.pipeline.dispatch import Dispatch
    from otel_events.pipeline.worker import Pipeline
    from otel_events.settings import Settings

_TASK_CLOSINGS = ("task.completed", "task.failed", "task.cancelled")


@dataclass(slots=True)
class _State:
    """What this process has set up so far."""

    keywords: Mapping[str, Any] = field(default_factory=dict)
    settings: Settings | None = None
    pipeline: Pipeline | None = None
    private_provider: TracerProvider | None = None
    notices: Notices = field(default_factory=Notices)
    lock: threading.RLock = field(default_factory=threading.RLock)


_state = _State()


def configure(**keywords: Any) -> None:
    """Set up where events and spans go, by *keywords*, then the environment, then the defaults.

    Optional for events: the first one starts the pipeline from the environment. Sets a global TracerProvider if spans
    are to be sent and the program has none; a provider of the program's own is never replaced. May be called again, late,
    and from any thread: the last call holds as a whole, and events that still wait go the new way.

    Args:
        **keywords: see "Settings" in the documentation; each has its default there, and its variable.

    Raises:
        ConfigurationError: with every wrong keyword at once. Wrong variables are warned about and not used.
        DefinitionError: with everything wrong in the event definitions of `catalog`.
    """
    with _state.lock:
        settings = _resolve(keywords)
        _extend_catalog(settings)
        _state.keywords = keywords
        if not runtime.capture.open:
            runtime.capture.reopen()
            _state.pipeline = None
        replaced = _set_up(settings)
        _set_global_provider(settings)
    if replaced is not None:
        replaced.close(time.monotonic() + settings.exit_timeout)


def _resolve(keywords: Mapping[str, Any]) -> Settings:
    from otel_events.entry_points import installed
    from otel_events.settings import resolve

    settings, warnings = resolve(keywords, os.environ, installed=installed)
    for warning in warnings:
        _state.notices.warn(f"setting:{warning}", warning)
    return settings


def _set_up(settings: Settings) -> Dispatch | None:
    """Build everything by *settings* and start; return the sinks that were in place before, if any."""
    from otel_events.pipeline.worker import Pipeline
    from otel_events.providers import build_resource
    from otel_events.wiring import build_wiring

    resource = build_resource(settings, VERSION)
    capture = runtime.capture
    wiring = build_wiring(settings, resource, capture, _state.notices)
    capture.resize(settings.queue_bytes, settings.queue_events)
    _fill_slots(settings)
    _state.settings = settings
    before = None
    if _state.pipeline is None:
        _state.pipeline = Pipeline(capture, wiring, _state.notices)
    else:
        before = _state.pipeline.rewire(wiring).dispatch
    _state.pipeline.start()
    return before


def _fill_slots(settings: Settings) -> None:
    from otel_events.pipeline.copies import CopyFinisher
    from otel_events.wiring import build_stages

    bind(**settings.attributes)
    propagation.allowed_keys = settings.baggage_keys
    runtime.is_copied_to_spans = partial(_is_copied, settings.span_events, dict(settings.span_event_overrides))
    # The copies have accounts of their own: what is cut or wrong in them was counted with the record.
    accounts = Accounts()
    stages = build_stages(settings, accounts)
    runtime.finish_copy = CopyFinisher(stages, runtime.capture.writer, accounts, Notices(quiet_seconds=math.inf))
    runtime.strict = refuse_departures if settings.strict else None
    fill_catalogue_slots()


def fill_catalogue_slots() -> None:
    """Tell capture what it needs to know of the catalogue."""
    known = catalog.current()
    runtime.closing_names = frozenset(
        spelling for name in _TASK_CLOSINGS for spelling in (name, *known.aliases_of(name))
    )
    runtime.is_lifecycle = _is_lifecycle


def _is_lifecycle(name: object) -> bool:
    definition = catalog.current().find(str(name))
    return definition is not None and definition.lifecycle


def _is_copied(default: bool, overrides: Mapping[str, bool], name: object) -> bool:
    for pattern, is_copied in overrides.items():
        if fnmatchcase(str(name), pattern):
            return is_copied
    definition = catalog.current().find(str(name))
    return default and (definition is None or definition.copied_to_spans)


def _extend_catalog(settings: Settings) -> None:
    folders = [entry for entry in settings.catalog if not isinstance(entry, (type, catalog.EventDefinition))]
    definitions = [getattr(entry, "__otel_event__", entry) for entry in settings.catalog if entry not in folders]
    if folders:
        from otel_events.catalog.registry import load_registry

        definitions.extend(load_registry(*folders))
    if not definitions:
        return
    for name in catalog.extend_current(definitions).replaced:
        _state.notices.warn(f"replaced:{name}", f"your own definition of '{name}' replaces the built-in one")


def _set_global_provider(settings: Settings) -> None:
    from opentelemetry import trace

    from otel_events.providers import build_resource, build_tracer_provider, wants_spans

    if wants_spans(settings) and isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        resource = build_resource(settings, VERSION)
        trace.set_tracer_provider(build_tracer_provider(settings, resource, _state.notices))


def private_tracer_provider() -> TracerProvider | None:
    """Return the provider of tasks' spans in a program that configured nothing, None if its spans go nowhere."""
    from otel_events.providers import build_resource, build_tracer_provider, wants_spans

    if _state.settings is None or (_state.private_provider is None and wants_spans(_state.settings)):
        with _state.lock:
            settings = _ensure_settings()
            if _state.private_provider is None and wants_spans(settings):
                resource = build_resource(settings, VERSION)
                _state.private_provider = build_tracer_provider(settings, resource, _state.notices)
    return _state.private_provider


def _ensure_settings() -> Settings:
    if _state.settings is None:
        _state.settings = _resolve(_state.keywords)
    return _state.settings


def _ensure_pipeline() -> Pipeline:
    with _state.lock:
        if _state.pipeline is None:
            _set_up(_ensure_settings())
        assert _state.pipeline is not None
        return _state.pipeline


def start_in_background() -> None:
    """Start the pipeline without waiting for it: on the thread of the first emit, whatever it is in the middle of."""
    _finalize_in_multiprocessing()
    # Not `threading.Thread`: its `start` takes locks and waits.
    _thread.start_new_thread(_start, ())


def _start() -> None:
    try:
        _ensure_pipeline().start()
    except Exception as error:
        # A program that never called configure has nobody to raise to.
        runtime.capture.accounts.problems.add("start_failed")
        _state.notices.warn("start_failed", f"otel_events could not start, events wait in memory: {error}")


def flush(timeout: float | None = None) -> bool:
    """Hand over everything emitted so far; True only if all of it is safe, in the sense of each sink.

    Args:
        timeout: seconds, never exceeded by more than 50 ms; by default `exit_timeout`.
    """
    if not runtime.capture.started and not runtime.capture.items:
        return True
    deadline = _deadline(timeout)
    try:
        return _ensure_pipeline().flush(deadline)
    except Exception as error:
        _state.notices.warn("flush_failed", f"flush failed: {error!r}")
        return False


def shutdown(timeout: float | None = None) -> bool:
    """Flush, then close every sink; later events are dropped and counted. True only if nothing was left behind.

    Runs by itself at exit. `configure` starts anew.

    Args:
        timeout: seconds, never exceeded by more than 50 ms; by default `exit_timeout`.
    """
    capture = runtime.capture
    if not capture.started and not capture.items:
        return True
    deadline = _deadline(timeout)
    try:
        return _ensure_pipeline().stop(deadline)
    except Exception as error:
        _state.notices.warn("shutdown_failed", f"shutdown failed: {error!r}")
        return False


def _deadline(timeout: float | None) -> float:
    if timeout is None:
        timeout = _state.settings.exit_timeout if _state.settings is not None else 2.0
    return time.monotonic() + max(0.0, timeout)


def stats() -> Stats:
    """Return what became of this process's events so far."""
    return stats_of(runtime.capture)


def _forget_parent() -> None:
    """Let the child of a fork build its own pipeline, sinks and threads, by the same settings, when it first emits."""
    _state.pipeline = None
    _state.lock = threading.RLock()
    _state.notices = Notices()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)


def _finalize_in_multiprocessing() -> None:
    """Have a child of multiprocessing shut down at its end: `atexit` runs in none of them."""
    process = sys.modules.get("multiprocessing.process")
    if process is None or process.parent_process() is None:
        return
    from multiprocessing.util import Finalize

    Finalize(None, shutdown, exitpriority=0)
