"""The stream over a WebSocket, against a real server."""

from __future__ import annotations

import asyncio
import json
import sqlite3

import pytest
from websockets.exceptions import ConnectionClosed

from otel_events.server.access.settings import Limits
from otel_events.server.live.hub import HubSettings
from tests.server.live.conftest import until


async def receive(stream, kind: str | None = None) -> dict:
    """Return the next message, or the next one of *kind*."""
    while True:
        message = json.loads(await stream.recv())
        if kind is None or message["type"] == kind:
            return message


async def take(stream, count: int) -> list[dict]:
    """Return the next *count* events."""
    events: list[dict] = []
    while len(events) < count:
        events += (await receive(stream, "events"))["events"]
    return events


async def code_of_the_end(stream) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            await stream.recv()
    return closed.value.rcvd.code


def test_a_stream_says_hello_and_then_what_happens(on_server):
    """The first frame says where the stream begins; an event is the ledger's line with its number in front."""

    async def play(live):
        live.store_events("task.started")
        await asyncio.sleep(0.01)
        async with live.connect() as stream:
            hello = await receive(stream)
            live.store_events("task.completed", quality=0.5)
            frame = await receive(stream)

        assert (hello["type"], hello["cursor"], hello["first"]) == ("hello", 1, 1)
        assert {"server", "heartbeat"} < set(hello)
        event = frame["events"][0]
        assert (frame["type"], frame["cursor"], next(iter(event)), event["seq"]) == ("events", 2, "seq", 2)
        assert event["event"] == "task.completed"
        assert event["attributes"]["quality"] == 0.5

    on_server(play)


@pytest.mark.parametrize(
    ("begin", "seqs"),
    [
        ("0", [1, 2, 3, 4, 5]),
        ("3", [4, 5]),
        ("last:2", [4, 5]),
        ("last:200", [1, 2, 3, 4, 5]),
        ("2026-02-14T19:01:23.003Z", [3, 4, 5]),
        ("2020-01-01", [1, 2, 3, 4, 5]),
    ],
)
def test_a_stream_begins_where_the_client_says(on_server, begin, seqs):
    """After a cursor, at a time, or with the last so many."""

    async def play(live):
        live.store_events(*["task.started"] * 5)
        await asyncio.sleep(0.01)
        async with live.connect(f"?from={begin}") as stream:
            assert [event["seq"] for event in await take(stream, len(seqs))] == seqs

    on_server(play)


def test_last_counts_what_fits_the_filter(on_server):
    """`last:2` with a filter are the last two that fit."""

    async def play(live):
        for _ in range(3):
            live.store_events("task.started", *["epoch.completed"] * 5)
        await asyncio.sleep(0.01)
        async with live.connect("?from=last:2&filter=task.*") as stream:
            assert [event["seq"] for event in await take(stream, 2)] == [7, 13]

    on_server(play)


@pytest.mark.parametrize(
    ("query", "parameter", "column"),
    [
        ("?filter=task.*%20severity>=loud", "filter", 18),
        ("?filter=%22open", "filter", 1),
        ("?filter=" + "a" * 5_000, "filter", None),
        ("?filter=" + "a," * 500, "filter", None),
        ("?from=sometime", "from", None),
        ("?from=last:many", "from", None),
        ("?from=last:99999999", "from", None),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_with_its_place(on_server, query, parameter, column):
    """The error frame says what is wrong and where; the code says not to come again with it."""

    async def play(live):
        async with live.connect(query) as stream:
            error = await receive(stream)
            assert (error["type"], error["parameter"], error.get("column")) == ("error", parameter, column)
            assert error["problem"]
            assert await code_of_the_end(stream) == 1008

    on_server(play)


def test_the_filter_changes_while_the_stream_runs(on_server):
    """The answer comes before the first frame of the new filter, which begins where the client was or where it says."""

    async def play(live):
        async with live.connect("?filter=task.*") as stream:
            await receive(stream, "hello")
            live.store_events("task.started", "epoch.completed")
            await take(stream, 1)
            await stream.send(json.dumps({"type": "filter", "filter": "epoch.*", "from": 0}))
            answer = await receive(stream)
            events = await take(stream, 1)
            await stream.send(json.dumps({"type": "filter", "filter": "severity>=loud"}))
            refused = await receive(stream)
            live.store_events("task.started", "epoch.completed")
            more = await take(stream, 1)

        assert answer == {"type": "filter", "filter": "epoch.*", "cursor": 0}
        assert [event["seq"] for event in events] == [2]
        assert (refused["type"], refused["column"]) == ("error", 11)
        assert [event["seq"] for event in more] == [4], "a filter that cannot be used changes nothing"

    on_server(play)


@pytest.mark.parametrize(
    "message",
    [
        "nonsense",
        "[]",
        "null",
        '{"type":"shout"}',
        '{"type":"filter","filter":7}',
        '{"type":"filter","from":[]}',
        '{"type":"filter","from":true}',
        b"\x00",
        "{" * 10_000,
        '{"filter":"' + "a" * 20_000 + '"}',
    ],
)
def test_what_is_not_understood_is_answered_by_an_error_and_hurts_nothing(on_server, message):
    """A message of any other kind gets an error frame, and the stream goes on."""

    async def play(live):
        async with live.connect() as stream:
            await receive(stream, "hello")
            await stream.send(message)
            assert (await receive(stream))["type"] == "error"
            live.store_events("task.started")
            assert len(await take(stream, 1)) == 1

    on_server(play)


def test_a_client_that_floods_is_sent_away(on_server):
    """More messages than anybody types end the connection, and only that one."""

    async def play(live):
        async with live.connect() as calm, live.connect() as flooding:
            for _ in range(1_000):
                await flooding.send('{"type":"filter","filter":"task.*"}')
            assert await code_of_the_end(flooding) == 1008

            live.store_events("task.started")
            assert len(await take(calm, 1)) == 1
            assert live.server.refused.counts() == {"stream_flooded": 1}

    on_server(play)


def test_a_huge_frame_of_a_client_is_not_read(on_server):
    """A frame over 64 KiB ends the connection with 1009, before it is in memory."""

    async def play(live):
        async with live.connect() as stream:
            await receive(stream, "hello")
            await stream.send("x" * 1_000_000)
            assert await code_of_the_end(stream) == 1009

    on_server(play)


@pytest.mark.parametrize("path", ["/stream", "/events"])
def test_who_reads_nothing_for_long_is_let_go(on_server, path):
    """A client that takes nothing costs nothing after a while, however it is connected; that is counted."""
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

    async def play(live):
        _, writer = await asyncio.open_connection("127.0.0.1", live.port, limit=1)
        headers = "".join(f"{name}: {value}\r\n" for name, value in live.headers.items())
        extra = upgrade + key if path == "/stream" else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\n{headers}{extra}\r\n".encode())
        await until(lambda: live.hub.figures().clients)
        while live.hub.figures().clients:
            live.store_events(*["task.started"] * 20, text="x" * 20_000)
            await asyncio.sleep(0.01)
        writer.transport.abort()

        assert live.server.refused.counts() == {"slow_reader": 1}

    on_server(play, HubSettings(client_bytes=1_000_000, interval=0.001), limits=Limits(stalled_seconds=0.3))


class BrokenHistory:
    """A store whose disk fails."""

    last_seq = 0

    def select(self, *_, **__):
        raise sqlite3.OperationalError("disk I/O error")


def test_a_store_that_cannot_be_read_asks_clients_to_come_later(on_server):
    """1013: what lies in the past cannot be had now; who follows the present goes on."""

    async def play(live):
        async with live.connect() as present:
            await receive(present, "hello")
            live.hub._history = BrokenHistory()
            live.store_events("task.started")
            assert len(await take(present, 1)) == 1
            async with live.connect("?from=last:10") as later:
                assert await code_of_the_end(later) == 1013

    on_server(play)


def test_the_end_of_the_server_asks_clients_to_come_again(on_server):
    """1012: the service restarts; resume with the cursor."""

    async def play(live):
        async with live.connect() as stream:
            await receive(stream, "hello")
            live.stop()
            assert await code_of_the_end(stream) == 1012

    on_server(play)


def test_a_client_that_vanishes_leaves_nothing_behind(on_server):
    """However a connection ends, its subscription ends with it."""

    async def play(live):
        async with live.connect() as polite, live.connect("?filter=task.*") as rude:
            await receive(polite, "hello")
            await receive(rude, "hello")
            assert live.hub.figures().clients == 2
            rude.transport.abort()
        await live.emptied()
        assert live.hub.figures().filters == 0

    on_server(play)
