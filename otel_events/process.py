"""What this process has set up: settings, pipeline and tracer provider, built first and put in place together."""

from __future__ import annotations

import math
import os
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import NoOpTracerProvider

from otel_events import propagation, runtime, tracing, whole_imports
from otel_events.binding import forget_around
from otel_events.capture_slots import extend_catalog, fill_slots
from otel_events.context import bind
from otel_events.interrupts import is_interrupt

# Whatever is imported inside a function here is not needed to emit, and would make `import otel_events` slow.
from otel_events.notices import told
from otel_events.pipeline.deferred_notices import DeferredNotices
from otel_events.set_up import build_by, resolve_settings
from otel_events.stats import join_spools

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.trace import TracerProvider

    from otel_events.pipeline.sink import Sink
    from otel_events.pipeline.worker import Pipeline, Wiring
    from otel_events.pipeline.writer_events import WriterEvents
    from otel_events.settings import Settings
    from otel_events.stats import SpoolState

_FORK_PATIENCE = 5.0  # seconds: a set-up takes a fifth of one
_SPAN_PATIENCE = 1.0  # seconds that a task waits for another thread's set-up, before it goes on without a span
# What a set-up changes of the runtime, and one that stands in for a while restores.
_SLOTS = ("capture", "process_attributes", "is_copied_to_spans", "finish_copy")


class Process:
    """One set-up of the process. There is one at a time; tests let another stand in for it.

    Attributes:
        capture: what its pipeline takes from.
        instead: takes everything in place of the sinks that the settings ask for, and without a thread.
        keywords: what `configure` was last given.
        settings: None until they are needed.
        pipeline: None until it is needed.
        notices: where warnings about ourselves go.
        lock: held while any of these is replaced.
    """

    def __init__(self, *, like: Process | None = None) -> None:
        self.capture = runtime.capture
        self.instead: Sink | None = None
        self.keywords: Mapping[str, Any] = like.keywords if like is not None else {}
        self.settings: Settings | None = like.settings if like is not None else None
        self.pipeline: Pipeline | None = None
        self.notices = DeferredNotices()
        self.lock = threading.RLock()
        self._tracer_provider: TracerProvider | None = None
        self._has_decided_on_spans = False
        self._parents: list[Pipeline] = []
        self._writer_events: WriterEvents | None = None
        self._spools_before: list[SpoolState] = []
        self._redactor: tuple[Settings, Any] | None = None

    # -- setting up --------------------------------------------------------------------------------------------------

    def configure(self, keywords: Mapping[str, Any]) -> None:
        """Set up anew by *keywords*, or raise and leave everything as it was."""
        with self.lock:
            settings = resolve_settings(keywords, self.notices)
            settings, wiring = build_by(settings, keywords, self.notices, self._build)
            extend_catalog(settings.catalog, self.notices)
            self._set_propagators(settings, keywords)
            unbound = self._unbound_by(settings)
            self._take_events_again()
            self.keywords, self.settings = keywords, settings
            self._tracer_provider, self._has_decided_on_spans = None, False
            bind(**{**unbound, **settings.attributes})
            pipeline, before = self.pipeline, self._install(settings, wiring)
            self._set_global_providers(settings)
            self.start()
        if pipeline is not None and before is not None:
            pipeline.retire(before, time.monotonic() + settings.exit_timeout)

    def reopen(self) -> None:
        """Take events again after a shutdown, by the settings that hold."""
        with self.lock:
            self._take_events_again()
            self.ready_pipeline()

    def _take_events_again(self) -> None:
        if not self.capture.open:
            self.capture.reopen()
            self._forget_pipeline()

    def ready_pipeline(self, deadline: float = math.inf) -> Pipeline:
        """Return the pipeline, set up if it is not yet; its thread may not have been started.

        Raises:
            TimeoutError: another thread is still setting up at *deadline* (`time.monotonic()` seconds).
        """
        # Without the lock where there is one: a sink that flushes must not wait for a `configure` that waits for it.
        pipeline = self.pipeline
        if pipeline is not None:
            return pipeline
        with self._alone(deadline):
            return self.pipeline or self._first_pipeline()

    def _first_pipeline(self) -> Pipeline:
        settings, wiring = build_by(self.ready_settings(), self.keywords, self.notices, self._build)
        self.settings = settings
        bind(**settings.attributes)
        self._install(settings, wiring)
        assert self.pipeline is not None
        return self.pipeline

    def ready_settings(self, deadline: float = math.inf) -> Settings:
        """Return the settings, resolved if they are not yet; TimeoutError as from `ready_pipeline`."""
        settings = self.settings
        if settings is not None:
            return settings
        with self._alone(deadline):
            if self.settings is None:
                self.settings = resolve_settings(self.keywords, self.notices)
            return self.settings

    @contextmanager
    def _alone(self, deadline: float) -> Iterator[None]:
        if not self.lock.acquire(timeout=max(0.0, min(deadline - time.monotonic(), threading.TIMEOUT_MAX))):
            raise TimeoutError("another thread is still setting up")
        try:
            yield
        finally:
            self.lock.release()

    def start(self) -> None:
        """Set up if need be, and start the pipeline's thread."""
        pipeline = self.ready_pipeline()
        if self.instead is not None:
            return
        try:
            pipeline.start()
        except RuntimeError:
            # The interpreter is shutting down and starts no more threads: the exit hook takes what waits.
            self.capture.accounts.problems.add("thread_not_started")

    def wants_journal(self) -> bool:
        """Return whether events are to be on disk when `emit` returns, as far as is known."""
        if self.settings is not None:
            return self.settings.durability in runtime.JOURNALING
        return os.environ.get("OTEL_EVENTS_DURABILITY", "").strip().lower() in runtime.JOURNALING

    def _forget_pipeline(self) -> None:
        if self.pipeline is not None:
            self._spools_before = join_spools((*self.pipeline.spools_before(), *self.pipeline.spools_now()))
        self.pipeline = None

    def after_fork(self) -> None:
        """Let the child of a fork build its own pipeline, sinks and threads, by the same settings, when it needs them."""
        if self.pipeline is not None:
            # Kept, because destructors of what the parent's threads were using may hang here.
            self._parents.append(self.pipeline)
        self.pipeline = None
        self.capture = runtime.capture
        self.lock = threading.RLock()
        self.notices = DeferredNotices()
        self._writer_events = None
        self._spools_before = []
        self._redactor = None

    def _build(self, settings: Settings) -> Wiring:
        from otel_events.pipeline.writer_events import WriterEvents
        from otel_events.providers import build_resource
        from otel_events.wiring import build_wiring

        if self._writer_events is None:
            self._writer_events = WriterEvents(self.capture)
        return build_wiring(
            settings,
            partial(build_resource, settings),
            self.capture,
            self.notices,
            writer_events=self._writer_events,
            instead=self.instead,
        )

    def _install(self, settings: Settings, wiring: Wiring) -> Wiring | None:
        """Put *wiring* in place; return the one before, if there was one."""
        from otel_events.pipeline.worker import Pipeline

        fill_slots(settings, self.capture)
        if self.instead is None:
            self.capture.resize(settings.queue_bytes, settings.queue_events, settings.span_batch.queue_events)
            self.capture.most_extra_bytes = 2 * settings.max_event_bytes
        before = None
        if self.pipeline is not None:
            before = self.pipeline.rewire(wiring)
        else:
            self.pipeline = Pipeline(self.capture, wiring, self.notices, self._spools_before)
        self._set_journal(self.pipeline, wiring)
        return before

    def _set_journal(self, pipeline: Pipeline, wiring: Wiring) -> None:
        """Have events put on disk as they are emitted, or not, as *wiring* says."""
        journal = wiring.journal
        if self.instead is not None:
            return
        if journal is None:
            self.capture.set_journal(None)
            self.notices.wake = None
            self.notices.tell()
            return
        # The threads that emit now do work of which there may be something to tell.
        self.notices.wake = partial(self.capture.wakeups.put, None)
        self.capture.set_journal(journal, wiring.writer_events.announce if wiring.writer_events is not None else None)
        pipeline.put_on_disk()

    def without_secrets(self, key: str, value: Any) -> Any:
        """Return *value*, which *key* names and which leaves the process in no event, as events would have it."""
        from otel_events.guards import build_redactor

        settings = self.ready_settings()
        if self._redactor is None or self._redactor[0] is not settings:
            self._redactor = (settings, build_redactor(settings, self.capture.accounts, self.notices))
        redactor = self._redactor[1]
        return value if redactor is None else redactor.value(key, value)

    def _unbound_by(self, settings: Settings) -> dict[str, None]:
        """Return what the settings before had bound, and *settings* do not: the last `configure` holds as a whole."""
        before = self.settings.attributes if self.settings is not None else {}
        bound = runtime.process_attributes
        return {
            key: None for key, value in before.items() if bound.get(key) == value and key not in settings.attributes
        }

    def _set_propagators(self, settings: Settings, keywords: Mapping[str, Any]) -> None:
        # Those of the environment are in place already: OpenTelemetry's API reads the variable itself.
        if keywords.get("propagators") is not None:
            from otel_events.providers import set_propagators

            set_propagators(settings.propagators)

    # -- spans -------------------------------------------------------------------------------------------------------

    def _set_global_providers(self, settings: Settings) -> None:
        from otel_events import providers

        if self.instead is not None:
            return
        if providers.wants_spans(settings):
            providers.set_global_provider(lambda: providers.build_tracer_provider(settings, self.notices))
        if providers.wants_log_records(settings):
            providers.set_global_logger_provider(lambda: providers.build_logger_provider(settings))

    def private_tracer_provider(self) -> TracerProvider | None:
        """Return the provider of tasks' spans where the program has set none, None if spans go nowhere. Never raises."""
        if self._has_decided_on_spans:
            return self._tracer_provider
        if self.settings is None and self.instead is None and not (self.keywords or tracing.may_want_spans()):
            return None
        try:
            with self._alone(time.monotonic() + _SPAN_PATIENCE):
                self._decide_on_spans()
        except TimeoutError:
            self.capture.accounts.problems.add("tracer_provider_late")
        return self._tracer_provider

    def _decide_on_spans(self) -> None:
        if self._has_decided_on_spans:
            return
        try:
            self._tracer_provider = self._make_tracer_provider()
        except Exception as error:
            if is_interrupt(error):
                raise
            # On the thread of a task, which goes on without a span.
            self.capture.accounts.problems.add("tracer_provider_failed")
            self.notices.warn("tracer_provider_failed", f"tasks go on without spans: {told(error)}")
        self._has_decided_on_spans = True

    def _make_tracer_provider(self) -> TracerProvider | None:
        from otel_events.providers import build_tracer_provider, wants_spans

        settings = self.ready_settings()
        if self.instead is None and settings.disabled:
            # As the SDK's is then: ids of our own would go to other processes, as those of a span that nobody has.
            return NoOpTracerProvider()
        if self.instead is None and not wants_spans(settings):
            return None
        return build_tracer_provider(settings, self.notices)


_current = Process()
propagation.without_secrets = lambda key, value: _current.without_secrets(key, value)  # noqa: PLW0108  # whichever it is then


def current() -> Process:
    """Return the set-up that holds now."""
    return _current


@contextmanager
def stand_in(sink: Sink | None) -> Iterator[Process]:
    """Let another set-up stand in for the process's own; restore that with all it had put in place.

    Args:
        sink: takes everything, under the settings that hold; None for a set-up as if nobody had configured anything.
    """
    global _current
    outer, pid = _current, os.getpid()
    slots = {name: getattr(runtime, name) for name in _SLOTS}
    allowed_keys = propagation.allowed_keys
    runtime.capture = runtime.Capture()
    if sink is not None:
        runtime.capture.started = True  # nobody is to start a thread: whoever reads takes what waits
    _current = inner = Process(like=outer if sink is not None else None)
    inner.instead = sink
    try:
        yield inner
    finally:
        _current = outer
        for name, value in slots.items():
            setattr(runtime, name, value)
        forget_around()
        propagation.allowed_keys = allowed_keys
        if os.getpid() != pid:  # forked inside: what waited outside is the parent's to deliver
            runtime.capture = runtime.Capture()
            outer.after_fork()


class _Fork(threading.local):
    """The locks that a thread holds while it forks."""

    held: tuple[Any, ...] = ()


_fork = _Fork()


def _wait_for_set_up() -> None:
    """Let no thread be in the midst of setting up: the locks of what it imports just now would stay locked in the child."""
    locks = (_current.lock, whole_imports.lock)
    _fork.held = tuple(lock for lock in locks if lock.acquire(timeout=_FORK_PATIENCE))


def _go_on() -> None:
    locks, _fork.held = _fork.held, ()
    for lock in locks:
        lock.release()


def _forget_parent() -> None:
    _fork.held = ()
    whole_imports.lock = threading.RLock()
    _current.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_wait_for_set_up, after_in_parent=_go_on, after_in_child=_forget_parent)
