"""What all parts of the server share, and its beginning and end."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.absence.language import read_rules
from otel_events.accounting import Tally
from otel_events.errors import ConfigurationError
from otel_events.reading.sources import SourceError, ledger_path
from otel_events.server.absences import Absences
from otel_events.server.access.opening import open_access
from otel_events.server.ingest.grpc_service import GrpcService
from otel_events.server.ingest.intake import Intake
from otel_events.server.live.hub import Hub
from otel_events.server.live.redis_bridge import RedisBridge
from otel_events.server.store.store import Store
from otel_events.sinks.ledger import default_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.server.settings import ServerSettings


class Server:
    """The parts of one server.

    Attributes:
        settings: as they were resolved.
        store: what is kept.
        unseen_ledger: that programs of this user write to where no endpoint is set, if it is not the one of the store.
        intake: the queue before it.
        grpc: OTLP over gRPC; listens when it is started.
        hub: who is told of what is stored; lives on the event loop.
        absences: who watches over what is expected, if there are rules.
        bridge: to Redis, if there is one.
        access: who may ask for what.
        refused: requests that were refused, by reason.
        clock: Unix time in seconds.
        started: when it was made, by *clock*.
        otlp_port: where OTLP over HTTP is taken, once it is known.
    """

    def __init__(self, settings: ServerSettings, *, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.clock = clock
        self.started = clock()
        self.otlp_port = settings.otlp_port
        self.refused = Tally()
        path = Path(settings.ledger) if settings.ledger else ledger_path()
        self.store = Store(path, settings, is_default_path=not settings.ledger and _is_default(path))
        self.unseen_ledger = _unseen(self.store.place.ledger)
        self.intake = Intake(self.store, settings)
        self.hub = Hub(self.store)
        self.absences = Absences(self.store, read_rules(settings.expect)) if settings.expect else None
        self.store.listen(self.hub.publish)
        self.bridge = RedisBridge(self) if settings.redis_url else None
        self.grpc = GrpcService(self)
        self._is_open = False
        self.access = open_access(settings, self.refused.add, clock)
        self._ending: list[Callable[[], object]] = [self.hub.stop, self.access.connections.end_waiting]

    def open(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Open the store and take what comes in, or raise StoreError.

        Args:
            progress: told how many bytes of how many were read, where the index has to be brought up to the ledger.
        """
        self.store.open(progress)
        self.intake.start()
        if self.absences is not None:
            self.absences.start()
        self._is_open = True

    def close(self) -> None:
        """Take nothing more, write out what has come, and let go of all. May be called again."""
        self.grpc.stop()
        if self.absences is not None:
            self.absences.stop()
        self.intake.stop()
        self.store.close()
        self._is_open = False

    async def start(self) -> None:
        """Begin, on the running event loop; opens what is not open yet."""
        if not self._is_open:
            await asyncio.to_thread(self.open)
        await self.hub.start()
        if self.bridge is not None:
            await self.bridge.start()

    def before_the_end(self, callback: Callable[[], object]) -> None:
        """Have *callback* called, on the event loop, when the server is to stop and waits for what is under way."""
        self._ending.append(callback)

    def begin_to_end(self) -> None:
        """End what has no end of its own: streams, and requests that are not there whole."""
        for callback in self._ending:
            callback()

    async def stop(self) -> None:
        """End on the event loop, and let go of all."""
        if self.bridge is not None:
            await self.bridge.stop()
        self.hub.stop()
        await asyncio.to_thread(self.close)


def _is_default(path: Path) -> bool:
    try:
        return path == default_path()
    except OSError:  # a user without a home: then the environment has named it
        return False


def _unseen(ledger: Path) -> Path | None:
    try:
        users = ledger_path().absolute()
        return None if users == ledger or users.resolve() == ledger.resolve() else users
    except (SourceError, OSError, ConfigurationError):  # they keep none
        return None
