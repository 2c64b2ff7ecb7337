"""The stream as server-sent events, against a real server, with curl and with a client that reads the format."""

from __future__ import annotations

import asyncio
import json
import shutil

import httpx
import pytest

from otel_events.server.live.hub import HubSettings
from tests.program import PATIENCE


async def messages(response):
    """Yield (id, event, data) of each message as a browser would."""
    rest = b""
    async for chunk in response.aiter_bytes():
        *whole, rest = (rest + chunk).split(b"\n\n")
        for message in whole:
            fields = dict(line.split(b": ", 1) for line in message.split(b"\n"))
            if b"data" in fields:
                yield int(fields[b"id"]), fields[b"event"].decode(), json.loads(fields[b"data"])


async def take(live, query: str, count: int, headers=None) -> list[tuple]:
    """Return the first *count* messages after hello."""
    async with (
        httpx.AsyncClient(headers={**live.headers, **(headers or {})}, timeout=PATIENCE) as client,
        client.stream("GET", live.address(f"/events{query}")) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        found: list[tuple] = []
        async for message in messages(response):
            if message[1] == "hello":
                live.store_events("task.completed")
                continue
            found.append(message)
            if len(found) == count:
                break
        return found


def test_each_event_is_a_message_with_its_cursor_as_id(on_server):
    """`id` is the cursor, `event` says what it is, `data` is the event as everywhere."""

    async def play(live):
        live.store_events("task.started", "epoch.completed")
        await asyncio.sleep(0.01)
        found = await take(live, "?from=0&filter=task.*", 2)

        assert [(id_, kind, data["seq"], data["event"]) for id_, kind, data in found] == [
            (1, "event", 1, "task.started"),
            (3, "event", 3, "task.completed"),
        ]

    on_server(play)


def test_a_browser_that_comes_again_goes_on_where_it_was(on_server):
    """`Last-Event-ID` is newer than what stands in the address, and wins."""

    async def play(live):
        live.store_events(*["task.started"] * 5)
        await asyncio.sleep(0.01)
        found = await take(live, "?from=0", 2, {"Last-Event-ID": "4"})

        assert [id_ for id_, _, _ in found] == [5, 6]

    on_server(play)


def test_a_question_that_cannot_be_answered_is_a_400_with_its_place(on_server):
    """Mistakes are told as by the API."""

    async def play(live):
        async with httpx.AsyncClient(headers=live.headers, timeout=PATIENCE) as client:
            response = await client.get(live.address("/events?filter=task.*%20severity>=loud"))

        assert response.status_code == 400
        assert response.json()["error"]["parameter"] == "filter"
        assert response.json()["error"]["column"] == 18

    on_server(play)


def test_lines_within_an_event_cannot_end_its_message(on_server):
    """Whatever stands in an event, it is one line of data."""

    async def play(live):
        live.store_events("task.started", text="a\n\ndata: {}\r\nevent: gap\u2028\n\n")
        await asyncio.sleep(0.01)
        found = await take(live, "?from=0", 2)

        assert found[0][2]["attributes"]["text"] == "a\n\ndata: {}\r\nevent: gap\u2028\n\n"

    on_server(play)


def test_silence_is_kept_alive(on_server):
    """A comment and the cursor come when nothing happens, and mean nothing to EventSource."""

    async def play(live):
        live.store_events("epoch.completed")
        await asyncio.sleep(0.01)
        async with (
            httpx.AsyncClient(headers=live.headers, timeout=PATIENCE) as client,
            client.stream("GET", live.address("/events?filter=task.*")) as response,
        ):
            lines = response.aiter_lines()
            while not (await anext(lines)).startswith(": heartbeat"):
                pass
            assert await anext(lines) == "id: 1"

    on_server(play, HubSettings(heartbeat=0.02, interval=0.001))


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_curl_shows_events_as_they_happen(on_server):
    """`curl -N` is all one needs to watch."""

    async def play(live):
        curl = await asyncio.create_subprocess_exec(
            *("curl", "-sN", "-H", f"Authorization: {live.headers['Authorization']}", live.address("/events")),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            while not (await curl.stdout.readline()).startswith(b"event: hello"):
                pass
            live.store_events("task.started")
            while not (line := await curl.stdout.readline()).startswith(b'data: {"seq":1,'):
                assert line
        finally:
            curl.kill()
            await curl.wait()
        await live.emptied()

    on_server(play)


def test_the_end_of_the_server_ends_the_answer(on_server):
    """The answer ends in good order, so that the browser comes again by itself."""

    async def play(live):
        async with (
            httpx.AsyncClient(headers=live.headers, timeout=PATIENCE) as client,
            client.stream("GET", live.address("/events")) as response,
        ):
            async for _ in messages(response):
                live.stop()

    on_server(play)
