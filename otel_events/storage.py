"""What keeps events until they are delivered: spools, a journal, and what earlier processes have left in one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_events.pipeline.one_by_one import NormalizeOne, RedactOne
from otel_events.pipeline.redact import Redact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.sdk.resources import Resource

    from otel_events.notices import Notices
    from otel_events.pipeline.stage import Stage
    from otel_events.pipeline.writer_events import WriterEvents
    from otel_events.runtime import Capture
    from otel_events.settings import Settings
    from otel_events.sinks.spools import Spools
    from otel_events.spool.journal import Journal
    from otel_events.spool.leftovers import Leftovers
    from otel_events.stats import SpoolState


class Storage:
    """What one configuration keeps on disk, or in memory where there is no place on one. Nothing is touched yet.

    Args:
        settings: how long, and how much.
        resource: who emits; asked only if it is written down.
        capture: where events come from, and are counted.
        notices: where warnings go.
        writer_events: told of what spools drop.
    """

    def __init__(
        self,
        settings: Settings,
        resource: Callable[[], Resource],
        capture: Capture,
        notices: Notices,
        writer_events: WriterEvents,
    ) -> None:
        self._settings = settings
        self._resource = resource
        self._capture = capture
        self._notices = notices
        self._writer_events = writer_events
        self._spools: Spools | None = None
        self._journal: Journal | None = None
        self._leftovers: Leftovers | None = None

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
            make_resource=lambda: attributes_of(self._resource()),
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

    def spools(self) -> Spools:
        """Return what makes the spools of the network sinks."""
        if self._spools is None:
            self._spools = self._make_spools()
        return self._spools

    def has_leftovers(self) -> bool:
        """Tell whether spools hold what earlier processes, or sinks, have left, as far as names tell."""
        return self._spools is not None and self._spools.find_leftovers()

    def states(self) -> Sequence[SpoolState]:
        """Return what waits in each of them."""
        states = [] if self._spools is None else self._spools.states()
        own = (place.state() for place in (self._journal, self._leftovers) if place is not None)
        return [*states, *own]

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


def attributes_of(resource: Resource) -> dict[str, Any]:
    """Return the attributes of *resource* as plain values."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in resource.attributes.items()}
