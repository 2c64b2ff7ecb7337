"""A client that reads slowly, or not at all: what it gets in the end, and that nobody else notices."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from contextlib import asynccontextmanager, contextmanager

import httpx
import pytest
from websockets.asyncio.client import connect

from otel_events.server.access.settings import Limits
from otel_events.server.live import socket_io
from otel_events.server.live.hub import HubSettings
from tests.program import PATIENCE
from tests.server.live.conftest import TOKEN, until

pytestmark = pytest.mark.slow
EVENTS = 2_000


class Told:
    """What one client was told: by itself, as counts, and as gaps."""

    def __init__(self, messages) -> None:
        self._messages = messages  # an asynchronous iterator of (kind, content)
        self.numbers: list[int] = []
        self.counted = self.dropped = 0

    @property
    def total(self) -> int:
        return len(self.numbers) + self.counted + self.dropped

    async def until(self, total: int) -> None:
        """Read until so many events are accounted for."""
        while self.total < total:
            kind, said = await anext(self._messages)
            if kind == "counts":
                self.counted += sum(said["counts"].values())
            elif kind == "gap":
                self.dropped += said["dropped"]
            else:
                self.numbers += [event["n"] for event in said]


@asynccontextmanager
async def websocket(live):
    async def messages(stream):
        async for message in stream:
            frame = json.loads(message)
            if frame["type"] == "events":
                yield "events", [event["attributes"] for event in frame["events"]]
            elif frame["type"] in {"counts", "gap"}:
                yield frame["type"], frame

    async with live.connect(max_queue=1) as stream:
        await stream.recv()
        yield Told(messages(stream))


@asynccontextmanager
async def server_sent(live):
    async def messages(lines):
        kind = ""
        async for line in lines:
            name, _, value = line.partition(": ")
            kind = value if name == "event" else kind
            if name == "data" and kind != "hello":
                said = json.loads(value)
                yield ("events", [said["attributes"]]) if kind == "event" else (kind, said)

    async with (
        httpx.AsyncClient(timeout=None) as client,
        client.stream("GET", live.address("/events"), headers=live.headers) as answer,
    ):
        lines = answer.aiter_lines()
        while not re.match("data: ", await anext(lines)):
            pass
        yield Told(messages(lines))


@asynccontextmanager
async def socket_io_page(live):
    """A page of Socket.IO without its library: it answers pings when it comes to read them."""

    async def messages(stream):
        async for packet in stream:
            if packet == "2":
                await stream.send("3")
            elif packet.startswith("42"):
                name, said = json.loads(packet[2:])
                yield ("events", [said["data"]]) if name == "event" else (name, said)

    address = live.address("/socket.io/?EIO=4&transport=websocket", "ws")
    async with connect(address, max_queue=1, max_size=None, ping_interval=None) as stream:
        await stream.recv()
        await stream.send("40" + json.dumps({"token": TOKEN}))
        await stream.recv()
        yield Told(messages(stream))


KINDS = {"websocket": websocket, "server_sent": server_sent, "socket_io": socket_io_page}


@pytest.mark.parametrize("slow", KINDS)
def test_one_slow_client_slows_no_other_and_is_told_what_it_missed(on_server, monkeypatch, slow):
    """While one reads nothing, quick clients of every kind get everything in order; in the end its sums are those of all."""

    monkeypatch.setattr(socket_io, "_PING_TIMEOUT", 300)  # nor is it to be let go, however long a busy machine takes

    async def play(live):
        async with (
            KINDS[slow](live) as stuck,
            websocket(live) as first,
            server_sent(live) as second,
            socket_io_page(live) as third,
        ):
            for stored in range(50, EVENTS + 1, 50):
                live.store_events("task.started", *["reward.computed"] * 49, text="x" * 5_000)
                # The next are only stored when each has these: whoever waited for the slow one would wait for ever.
                for quick in (first, second, third):
                    await quick.until(stored)
            assert live.hub.figures().clients == 4
            await stuck.until(EVENTS)

        assert first.numbers == second.numbers == third.numbers == list(range(1, EVENTS + 1))
        assert stuck.total == EVENTS
        assert stuck.numbers == sorted(set(stuck.numbers))
        assert stuck.counted + stuck.dropped > 0, "ten megabytes fit into no buffer between the two"

    on_server(play, HubSettings(client_bytes=100_000, interval=0.001), limits=Limits(stalled_seconds=300))


@contextmanager
def disk_that_hangs(live):
    """Stand in for one: the store keeps its lock while it waits for the disk."""
    locked, healed = threading.Event(), threading.Event()

    def wait():
        with live.store._lock:
            locked.set()
            healed.wait(20)

    thread = threading.Thread(target=wait)
    thread.start()
    locked.wait(20)
    try:
        yield
    finally:
        healed.set()
        thread.join()


@pytest.mark.parametrize("late", ["/stream", "/events"])
def test_who_comes_while_the_disk_hangs_holds_up_nobody(on_server, late):
    """It waits for its greeting, the others go on; and if it has left meanwhile, nothing of it stays."""

    async def play(live):
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        head = "".join(f"{name}: {value}\r\n" for name, value in live.headers.items())
        async with websocket(live), httpx.AsyncClient(timeout=PATIENCE) as client:
            with disk_that_hangs(live):
                _, writer = await asyncio.open_connection("127.0.0.1", live.port)
                extra = upgrade + key if late == "/stream" else ""
                writer.write(f"GET {late} HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\n{head}{extra}\r\n".encode())
                await until(lambda: live.hub.figures().clients == 2)
                answer = await client.get(live.address("/healthz"))
                writer.transport.abort()
            await until(lambda: live.hub.figures().clients == 1)

        assert answer.status_code == 200

    on_server(play)
