"""Stored events, a store, and a hub on a loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from otel_events.event import Event, Resource
from otel_events.server.live.hub import Hub, HubSettings
from otel_events.server.settings import ServerSettings
from otel_events.server.store.store import Store
from otel_events.server.store.stored import Arrival

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

RESOURCE = Resource({"service.name": "test"})
START = 1_771_095_683_000_000_000


def arrival(name: str, number: int = 0, **attributes) -> Arrival:
    """Return an event as it comes in."""
    time = START + number * 1_000_000
    return Arrival(Event(name, time, time, body=name, attributes=attributes, uid=f"w-{number}"), RESOURCE)


class Stage:
    """A store and a hub, with clients that read as fast as they are told to."""

    def __init__(self, path, settings: HubSettings) -> None:
        self.store = Store(path / "events.jsonl", ServerSettings(fsync="never", ledger=str(path / "events.jsonl")))
        self.store.open()
        self.hub = Hub(self.store, settings)
        self.store.listen(self.hub.publish)
        self._numbers = 0

    def store_events(self, *names: str, **attributes) -> list[int]:
        """Store one event of each of *names*; return their seqs."""
        arrivals = []
        for name in names:
            self._numbers += 1
            arrivals.append(arrival(name, self._numbers, n=self._numbers, **attributes))
        return [event.seq for event in self.store.append(arrivals)]


@pytest.fixture
def on_stage(tmp_path):
    """Run a coroutine function with a stage on which the hub lives."""

    def run(play: Callable[[Stage], Awaitable[None]], settings: HubSettings | None = None) -> None:
        async def main() -> None:
            stage = Stage(tmp_path, settings or HubSettings(interval=0.001))
            await stage.hub.start()
            try:
                await asyncio.wait_for(play(stage), 20)
            finally:
                stage.hub.stop()
                stage.store.close()

        asyncio.run(main())

    return run
