"""The bridge to Redis, against a real redis-server."""

# ruff: noqa: F811  # `redis` is the fixture

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from otel_events.server.live.redis_cursors import RedisCursors
from otel_events.server.live.redis_share import STREAM
from tests.server.live.conftest import until
from tests.server.live.redis_server import RedisServer, _redis_is_installed, answered, names, play, redis, serving, uids  # noqa: F401  # fixtures

pytestmark = pytest.mark.slow


def test_several_servers_share_one_stream(redis, tmp_path):
    """What one server stores, the others store and stream: each event once, with all that it says."""

    async def main():
        async with serving(redis, tmp_path / "a") as first, serving(redis, tmp_path / "b") as second:
            first.store_events(*["task.started"] * 300, quality=0.5, text="ä")
            second._numbers = 10_000
            second.store_events(*["task.completed"] * 300)
            await until(lambda: first.store.last_seq == second.store.last_seq == 600)
            await asyncio.sleep(0.2)

            assert sorted(uids(first)) == sorted(uids(second))
            assert len(set(uids(first))) == 600
            shared = next(event for event in second.store.select(None, limit=600) if event.record.text("uid") == "w-1")
            assert dict(shared.record.attributes) == {"n": 1, "quality": 0.5, "text": "ä"}
            assert shared.record.text("service") == "test"

    play(main())


def test_a_server_that_was_away_goes_on_where_it_was(redis, tmp_path):
    """Cursors outlive a restart: what was shared meanwhile comes, what was stored meanwhile is given, nothing twice."""

    async def main():
        async with serving(redis, tmp_path / "a") as first:
            async with serving(redis, tmp_path / "b") as second:
                first.store_events("task.started")
                await until(lambda: second.store.last_seq == 1)
            first.store_events(*["task.completed"] * 50)
            async with serving(redis, tmp_path / "b") as second:
                await until(lambda: second.store.last_seq == 51)
                second._numbers = 10_000
                second.store_events("observe")
                await until(lambda: first.store.last_seq == 52)

            assert names(first) == ["task.started", *["task.completed"] * 50, "observe"]
            assert names(second) == names(first)

    play(main())


def test_an_event_without_a_uid_is_shared_once_too(redis, tmp_path):
    """Events of other SDKs have no uid; they get one on the way."""
    from tests.server.live.conftest import arrival

    async def main():
        async with serving(redis, tmp_path / "a") as first:
            plain = arrival("task.started", 1)
            plain.event.uid = ""
            first.store.append([plain, plain._replace()])
            for _ in range(2):
                async with serving(redis, tmp_path / "b") as second:
                    await until(lambda second=second: second.store.last_seq == 2)
                (tmp_path / "b" / "redis.events.jsonl.json").unlink()
            async with serving(redis, tmp_path / "b") as second:
                await asyncio.sleep(0.3)
                assert second.store.last_seq == 2

    play(main())


def test_redis_may_go_away_and_come_back(redis, tmp_path, caplog):
    """While Redis is away the server stores and streams as ever; afterwards the others get what they missed."""

    async def main():
        async with serving(redis, tmp_path / "a") as first, serving(redis, tmp_path / "b") as second:
            first.store_events("task.started")
            await until(lambda: second.store.last_seq == 1)
            redis.kill()
            subscription = first.hub.subscribe(None, after=1)
            first.store_events(*["task.completed"] * 500)
            await anext(subscription)
            await until(lambda: not first.server.bridge.link.is_connected)
            redis.start()
            await until(lambda: second.store.last_seq == 501)

            assert uids(first) == uids(second)

    play(main())
    assert "fails" in caplog.text


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_redis_that_hangs_holds_up_nothing(redis, tmp_path):
    """A Redis that takes connections and answers nothing stops neither store nor stream."""

    async def main():
        async with serving(redis, tmp_path / "a") as first, serving(redis, tmp_path / "b") as second:
            first.store_events("task.started")
            await until(lambda: second.store.last_seq == 1)
            redis.hang(signal.SIGSTOP)
            subscription = first.hub.subscribe(None, after=1)
            for _ in range(20):
                first.store_events(*["task.completed"] * 10)
                await anext(subscription)
            redis.hang(signal.SIGCONT)
            await until(lambda: second.store.last_seq == 201)

            assert uids(first) == uids(second)

    play(main())


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_under_load_an_outage_of_any_kind_loses_doubles_and_reorders_nothing(redis, tmp_path):
    """Three servers take events all the while; Redis is killed, started and stopped. In the end each has all of them once, those
    of one server in that server's order."""

    async def main():
        async with (
            serving(redis, tmp_path / "a") as first,
            serving(redis, tmp_path / "b") as second,
            serving(redis, tmp_path / "c") as third,
        ):
            servers = (first, second, third)
            for place, live in enumerate(servers):
                live._numbers = place * 10_000

            async def load(turns):
                for _ in range(turns):
                    for live in servers:
                        await asyncio.to_thread(live.store_events, *["task.completed"] * 5)
                    await asyncio.sleep(0.01)

            await load(20)
            redis.kill()
            await load(20)
            await asyncio.to_thread(redis.start)
            await load(20)
            redis.hang(signal.SIGSTOP)
            await load(20)
            redis.hang(signal.SIGCONT)
            await load(20)
            await until(lambda: all(live.store.last_seq >= 1_500 for live in servers))
            await asyncio.sleep(0.3)

            for live in servers:
                numbers = [int(uid.removeprefix("w-")) for uid in uids(live)]
                for place in range(3):
                    of_one = [number for number in numbers if place * 10_000 < number <= (place + 1) * 10_000]
                    assert of_one == list(range(place * 10_000 + 1, place * 10_000 + 501))

    play(main(), 240)


def test_a_server_begins_without_redis(tmp_path, tmp_path_factory, caplog):
    """Redis need not be there at the start; its password is in no message."""
    redis = RedisServer(tmp_path_factory.mktemp("redis"))

    async def main():
        async with serving(redis, tmp_path / "a") as live:
            live.store_events("task.started")
            await until(lambda: "fails" in caplog.text)
            redis.start()
            await until(lambda: live.server.bridge.link.is_connected)
            client = redis.client()
            await answered(lambda: client.xlen(STREAM), 1)
            await client.aclose()

    try:
        play(main())
    finally:
        redis.kill()


def test_cursors_that_were_tampered_with_are_begun_anew(tmp_path):
    """A broken file costs nothing but reading again, which uids make harmless."""
    path = tmp_path / "cursors.json"
    for content in ("", "[]", '{"shared":"x"}', '{"read":5}', "{"):
        path.write_text(content)
        cursors = RedisCursors(path)
        assert (cursors.shared, cursors.read) == (None, "0-0")
    cursors.shared = 5
    cursors.save()

    assert RedisCursors(path).shared == 5
    assert RedisCursors(path).instance == cursors.instance
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
