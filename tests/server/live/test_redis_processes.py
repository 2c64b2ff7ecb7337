"""Several servers that share one stream through Redis, each a process of its own."""

from __future__ import annotations

import json
import time

import pytest
from websockets.sync.client import connect

from otel_events.event import Event
from otel_events.otlp.encode_logs import LogEncoder
from tests.server.live.test_redis import _redis_is_installed, redis  # noqa: F401  # fixtures
from tests.server.served import BEARER, start
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.slow


def say(server, *steps):
    now = time.time_ns()
    events = [Event("page.read", now, now, attributes={"step": step}, uid=f"x-{step}") for step in steps]
    assert server.post("/v1/logs", LogEncoder({"service.name": "reader"}).encode(events)).status_code == 200


def steps(server):
    events = server.client.get("/api/events", params={"filter": "page.read", "limit": 1000}).json()["events"]
    return sorted(event["attributes"]["step"] for event in events)


@pytest.fixture
def serve(tmp_path, redis):  # noqa: F811  # the fixture
    """Start a server that is joined to the others; each has a home of its own."""
    running = []

    def begin(name, ports=None):
        home = tmp_path / name
        home.mkdir(exist_ok=True)
        running.append(start(home, ports=ports, REDIS_URL=redis.url))
        return running[-1]

    yield begin
    for server in running:
        if server.process.poll() is None:
            server.end()


def test_what_one_of_three_takes_all_have_and_a_killed_one_catches_up(serve):
    """Killed in the middle and started again, it has what was said meanwhile, and nobody has anything twice."""
    first, second, third = (serve(name) for name in ("first", "second", "third"))
    say(first, *range(100))
    say(second, *range(100, 200))
    wait_for(lambda: all(len(steps(each)) == 200 for each in (first, second, third)), "all to have all", timeout=60)

    say(first, *range(200, 250))
    second.kill()
    say(third, *range(250, 300))
    again = serve("second", ports=second.ports)
    say(again, *range(300, 320))

    servers = (first, again, third)
    wait_for(lambda: all(len(steps(each)) >= 320 for each in servers), "all to have the rest", timeout=60)
    assert [steps(each) for each in servers] == [list(range(320))] * 3


def test_a_stream_of_one_server_tells_what_another_process_took(serve):
    """At once, and once."""
    near, far = serve("near"), serve("far")
    address = f"{near.url.replace('http', 'ws')}/stream?from=now&filter=page.read"
    with connect(address, additional_headers=BEARER, max_size=None, proxy=None) as stream:
        hello = json.loads(stream.recv(timeout=30))
        say(far, *range(30))
        told = list(hello.get("events", ()))
        while len(told) < 30:
            told += json.loads(stream.recv(timeout=30)).get("events", ())

    assert sorted(event["attributes"]["step"] for event in told) == list(range(30))
