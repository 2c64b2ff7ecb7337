"""The older broadcaster's programs and consumers, reached through a real redis-server."""

# ruff: noqa: F811  # `redis` is the fixture

from __future__ import annotations

import asyncio
import json

import pytest

from otel_events.server.live.broadcast_reading import BroadcastReader
from tests.server.live.conftest import until
from tests.server.live.redis_server import _redis_is_installed, answered, names, play, redis, serving, uids  # noqa: F401  # fixtures

pytestmark = pytest.mark.slow


def broadcast(kind: str, number: int = 0, **data) -> str:
    """Return an event as the broadcaster's programs word it."""
    stamp = f"2026-02-14T19:01:23.{number:03d}Z"
    return json.dumps({"type": kind, "ts": stamp, "cycle": 7, "day": 1551, "data": data}, ensure_ascii=False)


async def say(client, *payloads: str) -> None:
    """Publish as the broadcaster does: on the channel and into the stream."""
    for payload in payloads:
        await client.publish("v5:events", payload)
        await client.xadd("v5:stream", {"event": payload}, maxlen=10_000, approximate=True)


async def said_on(channel, count: int) -> list[dict]:
    """Return what was published, at least *count* messages of it."""
    heard: list[dict] = []
    is_silent = False
    while len(heard) < count or not is_silent:
        message = await channel.get_message(timeout=0.05)
        is_silent = message is None
        heard += [] if message is None else [json.loads(message["data"])]
    return heard


def test_what_broadcaster_programs_publish_is_stored_once(redis, tmp_path):
    """Channel and stream bring the same event; it is stored once, in the catalogue's words, with all its data."""

    async def main():
        async with serving(redis, tmp_path / "a") as live:
            client = redis.client()
            await answered(lambda: client.pubsub_numsub("v5:events"), [(b"v5:events", 1)])
            same = broadcast("observe", 9, assessment="gleich")
            await say(client, broadcast("sense", 1, projection={"nodes": ["α"]}), broadcast("cycle.start", 2, day=1551))
            await say(client, same, same)
            await client.publish("v5:events", broadcast("render", 3, changes=[1]))
            await client.xadd("v5:stream", {"event": broadcast("execute", 4, action="go")})
            await until(lambda: live.store.last_seq >= 6)
            await asyncio.sleep(0.3)
            await client.aclose()

            found = {event.record.name: event.record for event in live.store.select(None)}
            assert sorted(names(live)) == ["cycle.start", "execute", "observe", "observe", "render", "sense.project"]
            sense = found["sense.project"]
            assert (sense.text("given_name"), sense.get("cycle"), sense.get("day")) == ("sense", 7, 1551)
            assert sense.attributes["projection"] == {"nodes": ["α"]}
            assert sense.get("time") == "2026-02-14T19:01:23.001000000Z"

    play(main())


def test_what_was_added_while_the_server_was_away_is_read_once(redis, tmp_path):
    """The stream's entries of the meantime come after a restart, also after one that forgot how far it was."""

    async def main():
        client = redis.client()
        await say(client, broadcast("observe", 1))
        async with serving(redis, tmp_path / "a") as live:
            await until(lambda: live.store.last_seq == 1)
        await say(client, broadcast("decision", 2))
        async with serving(redis, tmp_path / "a") as live:
            await until(lambda: live.store.last_seq == 2)
        (tmp_path / "a" / "redis.events.jsonl.json").unlink()
        async with serving(redis, tmp_path / "a") as live:
            await say(client, broadcast("execute", 3))
            await until(lambda: len(names(live)) == 3)
            assert names(live) == ["observe", "decision", "execute"]
        await client.aclose()

    play(main())


def test_the_broadcasters_consumers_are_served_if_asked(redis, tmp_path):
    """Events of ours are published in the broadcaster's shape, on both ways; nobody's come back to us."""

    async def main():
        client = redis.client()
        channel = client.pubsub(ignore_subscribe_messages=True)
        await channel.subscribe("v5:events")
        async with (
            serving(redis, tmp_path / "a", redis_broadcast=True) as first,
            serving(redis, tmp_path / "b", redis_broadcast=True) as second,
        ):
            await asyncio.sleep(0.1)
            first.store_events("task.started", cycle=4, goal="x")
            await say(client, broadcast("observe", 1))
            await until(lambda: first.store.last_seq == second.store.last_seq == 2)
            await answered(lambda: client.xlen("v5:stream"), 2)
            await asyncio.sleep(0.3)
            entries = [json.loads(fields[b"event"]) for _, fields in await client.xrange("v5:stream")]
            heard = await said_on(channel, 2)

            assert (first.store.last_seq, second.store.last_seq) == (2, 2)
            assert sorted(event["type"] for event in entries) == ["observe", "task.started"]
            assert sorted(event["type"] for event in heard) == ["observe", "task.started"]
            ours = next(event for event in entries if event["type"] == "task.started")
            assert list(ours)[:6] == ["type", "ts", "cycle", "day", "data", "uid"]
            assert (ours["cycle"], ours["data"]["goal"]) == (4, "x")
        await channel.aclose()
        await client.aclose()

    play(main())


@pytest.mark.parametrize(
    "payload",
    [
        *(b"", b"nonsense", b"[]", b"null", b'{"type":7}', b'{"type":""}', b"\xff\xfe", b"[" * 100_000),
        b'{"type":"' + b"x" * 300 + b'"}',
        b'{"type":"a","data":"' + b"x" * 1_100_000 + b'"}',
    ],
    ids=range(10),
)
def test_what_is_no_event_is_counted_and_passed_over(payload):
    """Whatever stands on the channel, it hurts nobody."""
    reader = BroadcastReader()

    assert reader.read(payload, "channel") is None
    assert reader.malformed == 1


@pytest.mark.parametrize(
    "said",
    [
        {"type": "observe"},
        {"type": "observe", "ts": "never", "cycle": "seven", "day": None, "data": [1, {"a": None}]},
        {"type": "observe", "ts": 1e400, "cycle": 10**30, "data": {"": "", "n": 10**30}},
        {"type": "error", "data": {"message": {"deep": 1}}},
    ],
)
def test_a_careless_event_is_an_event(said):
    """Nothing but a type is required, as with the broadcaster."""
    found = BroadcastReader().read(json.dumps(said).replace("Infinity", "1e999").encode(), "stream")

    assert found is None or found.event.name == said["type"]
