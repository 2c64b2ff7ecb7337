"""What all parts of the server share, and its beginning and end."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.accounting import Tally
from otel_events.reading.sources import ledger_path
from otel_events.server.access.opening import open_access
from otel_events.server.ingest.intake import Intake
from otel_events.server.live.hub import Hub
from otel_events.server.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.server.settings import ServerSettings


class Server:
    """The parts of one server.

    Attributes:
        settings: as they were resolved.
        store: what is kept.
        intake: the queue before it.
        hub: who is told of what is stored; lives on the event loop.
        access: who may ask for what.
        refused: requests that were refused, by reason.
        clock: Unix time in seconds.
        started: when it was made, by *clock*.
    """

    def __init__(self, settings: ServerSettings, *, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.clock = clock
        self.started = clock()
        self.refused = Tally()
        self.store = Store(
            Path(settings.ledger) if settings.ledger else ledger_path(), settings, is_default_path=not settings.ledger
        )
        self.intake = Intake(self.store, settings)
        self.hub = Hub(self.store)
        self.access = open_access(settings, self.refused.add, clock)

    async def start(self) -> None:
        """Begin, on the running event loop."""
        self.store.listen(self.hub.publish)
        await asyncio.to_thread(self.store.open)
        await self.hub.start()
        self.intake.start()

    async def stop(self) -> None:
        """Take nothing more, write out what has come, and let go of all."""
        self.hub.stop()
        await asyncio.to_thread(self.intake.stop)
        await asyncio.to_thread(self.store.close)
