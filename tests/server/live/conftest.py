"""Stored events, a store, and a hub on a loop."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest
import uvicorn
from websockets.asyncio.client import connect

from otel_events.event import Event, Resource
from otel_events.server.access.protocols import uvicorn_options
from otel_events.server.app import create_app
from otel_events.server.live.hub import Hub, HubSettings
from otel_events.server.server import Server
from otel_events.server.serving import _Uvicorn as Running
from otel_events.server.settings import ServerSettings
from otel_events.server.store.store import Store
from otel_events.server.store.stored import Arrival

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from otel_events.server.access.settings import Limits

RESOURCE = Resource({"service.name": "test"})
START = 1_771_095_683_000_000_000


def arrival(name: str, number: int = 0, **attributes) -> Arrival:
    """Return an event as it comes in."""
    time = START + number * 1_000_000
    return Arrival(Event(name, time, time, body=name, attributes=attributes, uid=f"w-{number}"), RESOURCE)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what nobody announces."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.005)


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
                await asyncio.wait_for(play(stage), 120)
            finally:
                stage.hub.stop()
                stage.store.close()

        asyncio.run(main())

    return run


TOKEN = "a-token-of-the-tests-0123456789abcdef"


class Live(Stage):
    """A real server on a free port, in the loop of the test."""

    def __init__(self, path, settings: HubSettings | None = None, limits: Limits | None = None, **options) -> None:
        settings = settings or HubSettings(interval=0.001)
        ledger = str(path / "events.jsonl")
        self.server = Server(ServerSettings(fsync="never", ledger=ledger, token=TOKEN, **options))
        self.server.hub.settings = settings
        if limits is not None:
            self.server.access.connections.limits = limits
        self.store, self.hub = self.server.store, self.server.hub
        self._numbers = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.headers = {"Authorization": f"Bearer {TOKEN}"}

    def address(self, path: str, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def connect(self, query: str = "", **options):
        """Return a WebSocket to the stream."""
        return connect(self.address(f"/stream{query}", "ws"), additional_headers=self.headers, max_size=None, **options)

    async def run(self, play: Callable[[Live], Awaitable[None]]) -> None:
        config = uvicorn.Config(
            create_app(self.server),
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=2,
            **uvicorn_options(self.server.access.connections),
        )
        running = Running(config, self.server)
        serving = asyncio.create_task(running.serve([self._socket]))
        try:
            await until(lambda: running.started)
            await asyncio.wait_for(play(self), 120)
        finally:
            running.should_exit = True
            await serving

    def stop(self) -> None:
        self.hub.stop()

    async def emptied(self) -> None:
        """Wait until nobody follows the stream any more."""
        await until(lambda: not self.hub.figures().clients)


@pytest.fixture
def on_server(tmp_path):
    """Run a coroutine function with a real server."""

    def run(play: Callable[[Live], Awaitable[None]], settings: HubSettings | None = None, **options) -> None:
        live = Live(tmp_path, settings, **options)
        asyncio.run(live.run(play))

    return run
