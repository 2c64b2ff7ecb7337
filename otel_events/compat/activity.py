"""Drop-in for the activity publisher: files that change become events, on its three topics of NATS; see docs/migrate/activity.md.

python -m otel_events.compat.activity DIRECTORY...
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from uuid import UUID

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from otel_events import process
from otel_events.binding import get_context
from otel_events.compat import message_courier
from otel_events.compat.activity_message import Seen, has_topic, make_message
from otel_events.compat.numbered import emit_numbered
from otel_events.compat.silent import silent
from otel_events.event import InstrumentationScope
from otel_events.heartbeat import Heartbeat
from otel_events.random_ids import random_id
from otel_events.settings import resolve
from otel_events.sinks.nats import Nats
from otel_events.sinks.plan import files_of
from otel_events.values import freeze
from otel_events.watching import watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike
    from types import TracebackType

    from opentelemetry.context import Context
    from typing_extensions import Self

    from otel_events.watching import Classifier

__all__ = ["ActivityPublisher", "flush"]

DEFAULT_URL = "nats://localhost:4222"
_SCOPE = InstrumentationScope("otel_events.compat.activity")
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class ActivityPublisher:
    """Watches directories, and publishes what their files say of tasks, of exchanges with models, of references.

    Nothing here waits for NATS, which may come and go. What it has not taken yet waits on disk, in order.

    Args:
        *paths: directories, or files.
        extensions: of the files that are looked at, such as `.md`; none for all.
        nats_url: where to publish, with user and password or a token as needed; certificates and credentials are those that
            `OTEL_EVENTS_NATS_CERTIFICATE` and its kin name.
        heartbeat: seconds between two heartbeats; 0 for none.
        initial: how many of the newest files that mean anything are told at the start.
        content: prompts and responses are told, else only that there were some; None: as the setting `watch_content` says.
        polling: look again and again instead of being told by the system: network drives.
        classify: functions that say what a change means, as `otel_events.watch` takes them, in the place of the three of the
            profile `egos`. What they call `sparc.task`, `llm.interaction` or `pattern.propagated` is published.
        rules: a file of rules, which is one more such function.

    Raises:
        ConfigurationError: a path does not exist, a rule file is wrong, the address is none, or an extra is not installed.
    """

    def __init__(
        self,
        *paths: str | PathLike[str],
        extensions: Iterable[str] = (),
        nats_url: str = DEFAULT_URL,
        heartbeat: float = 30.0,
        initial: int = 20,
        content: bool | None = None,
        polling: bool = False,
        classify: Classifier | Iterable[Classifier] = (),
        rules: str | PathLike[str] | None = None,
    ) -> None:
        settings, _ = resolve({}, os.environ)
        self._plan = Nats(nats_url, name="activity", **files_of(settings.nats))
        self._heartbeat = Heartbeat("activity", heartbeat, {}, self._tell) if heartbeat > 0 else None
        self._watcher = watch(
            *paths,
            include=[f"*.{extension.lstrip('*.')}" for extension in extensions],
            classify=classify,
            rules=rules,
            profile="egos" if classify == () and rules is None else None,
            only_classified=True,
            initial=initial,
            burst=0,  # nothing but what means something is told, and of that the dashboard wants each
            content=content,
            polling=polling,
            emit=self._tell,
        )

    @property
    def address(self) -> str:
        """Where it publishes, without credentials."""
        return self._plan.address

    def start(self) -> Self:
        """Say that it lives, tell the newest files, and return when every change from now on will be seen."""
        if self._heartbeat is not None:
            self._heartbeat.start()
        try:
            self._watcher.start()
        except BaseException:
            self.stop()  # nothing may go on saying that it watches
            raise
        return self

    def stop(self) -> None:
        """Tell what has changed until now, and end. May be called again."""
        self._watcher.stop()
        if self._heartbeat is not None:
            self._heartbeat.stop()

    def run(self) -> None:
        """Watch until Ctrl-C."""
        with self:
            self._watcher.run()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace_back: TracebackType | None
    ) -> None:
        self.stop()

    @silent
    def _tell(
        self,
        name: str,
        message: str | None = None,
        /,
        *,
        severity: int | str | None = None,
        timestamp: int | None = None,
        attributes: Mapping[str, Any],
    ) -> None:
        """Emit, and publish what has a topic."""
        moment = time.time_ns() if timestamp is None else timestamp
        context, trace_id = _in_a_trace(get_context())
        uid = emit_numbered(name, attributes, moment, _SCOPE, context=context, message=message, severity=severity)
        if has_topic(name) and process.current().instead is None:  # a test that captures publishes nothing
            courier = message_courier.courier_for(self._plan, make_message)
            frozen: Any = freeze(dict(attributes))
            courier.put(Seen(name, frozen, moment, trace_id, uid))


def flush(timeout: float = 2.0) -> bool:
    """Return True only if NATS has taken within *timeout* seconds all that was told; needed by nobody at the end."""
    return message_courier.flush(timeout)


def _import_client() -> None:
    """Import what the first connection needs, if it is installed: not while that is made, when the program may fork."""
    if find_spec("nats") is not None:
        for module in ("encodings.idna", "nats.aio.client", "nats.errors"):
            import_module(module)


def _in_a_trace(context: Context) -> tuple[Context, int]:
    """Return *context* and its trace's id; where there is no trace, one that is made."""
    span = trace.get_current_span(context).get_span_context()
    if span.is_valid:
        return context, span.trace_id
    made = SpanContext(UUID(int=random_id(128), version=4).int, random_id(64), is_remote=False, trace_flags=_SAMPLED)
    return trace.set_span_in_context(NonRecordingSpan(made), context), made.trace_id


with suppress(Exception):  # a folder of that name, a broken installation: the courier tells what it cannot do
    _import_client()
if __name__ == "__main__":
    import sys

    from otel_events.compat import activity_program

    activity_program.end_by_sigterm()
    said = activity_program.make_parser("python -m otel_events.compat.activity").parse_args()
    sys.exit(activity_program.run(ActivityPublisher, said))
