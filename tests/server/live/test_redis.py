"""The bridge to Redis, against a real redis-server."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import asynccontextmanager

import pytest
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.exceptions import RedisError

from otel_events.server.live.broadcast_reading import BroadcastReader
from otel_events.server.live.redis_cursors import RedisCursors
from otel_events.server.live.redis_share import STREAM
from tests.server.live.conftest import Live, until

SERVER = shutil.which("redis-server")
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _redis_is_installed():
    if SERVER is None:
        if os.environ.get("CI"):
            pytest.fail("redis-server is missing: sh tools/system_packages.sh")
        pytest.skip("needs redis-server: sh tools/system_packages.sh")


class RedisServer:
    """A redis-server of the test's own, on a socket in its folder."""

    def __init__(self, folder) -> None:
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._folder = folder
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self._folder), "--save", ""]
        self._process = subprocess.Popen(
            [SERVER, *options, "--appendonly", "yes", "--appendfsync", "always"], stdout=subprocess.DEVNULL
        )
        with BlockingRedis.from_url(self.url) as client:
            while not self._answers(client):
                time.sleep(0.02)

    def _answers(self, client: BlockingRedis) -> bool:
        try:
            return client.ping()
        except RedisError:  # it is not there yet, or reads its file
            assert self._process.poll() is None
            return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def hang(self, sent: int) -> None:
        self._process.send_signal(sent)

    def client(self) -> Redis:
        return Redis.from_url(self.url)


@pytest.fixture
def redis(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    try:
        server.start()
        yield server
    finally:
        server.kill()


@asynccontextmanager
async def serving(redis, path, **options):
    """A store, a hub and a bridge, as a server has them, without its ports."""
    path.mkdir(exist_ok=True)
    live = Live(path, redis_url=redis.url, **options)
    live._socket.close()
    await live.server.start()
    try:
        yield live
    finally:
        await live.server.stop()


def names(live) -> list[str]:
    return [event.record.name for event in live.store.select(None, limit=10_000)]


def uids(live) -> list[str]:
    return [event.record.text("uid") for event in live.store.select(None, limit=10_000)]


async def answered(question, wanted) -> None:
    """Ask Redis until it gives the answer that is wanted."""
    while await question() != wanted:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def play(coroutine, seconds: float = 20) -> None:
    asyncio.run(asyncio.wait_for(coroutine, seconds))


def broadcast(kind: str, number: int = 0, **data) -> str:
    """Return an event as the broadcaster's programs word it."""
    stamp = f"2026-02-14T19:01:23.{number:03d}Z"
    return json.dumps({"type": kind, "ts": stamp, "cycle": 7, "day": 1551, "data": data}, ensure_ascii=False)


async def say(client, *payloads: str) -> None:
    """Publish as the broadcaster does: on the channel and into the stream."""
    for payload in payloads:
        await client.publish("v5:events", payload)
        await client.xadd("v5:stream", {"event": payload}, maxlen=10_000, approximate=True)


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
    from dataclasses import replace

    from tests.server.live.conftest import arrival

    async def main():
        async with serving(redis, tmp_path / "a") as first:
            plain = arrival("task.started", 1)
            plain.event.uid = ""
            first.store.append([replace(plain), replace(plain)])
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

    play(main(), 60)


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
            await asyncio.sleep(0.3)
            entries = [json.loads(fields[b"event"]) for _, fields in await client.xrange("v5:stream")]
            answers = [await channel.get_message(timeout=0.05) for _ in range(6)]
            heard = [json.loads(message["data"]) for message in answers if message]

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
