"""A redis-server of the tests' own, and servers of ours that are joined to it."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from contextlib import asynccontextmanager

import pytest
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.server.live.conftest import Live

SERVER = shutil.which("redis-server")


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


def play(coroutine, seconds: float = 120) -> None:
    asyncio.run(asyncio.wait_for(coroutine, seconds))
