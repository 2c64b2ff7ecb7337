"""A program on the broadcaster's drop-in, watched through the real server, that hears it by Redis and by OTLP."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.message_servers import RedisServer, running, wait_until
from tests.server.live.test_socket_io import watching
from tests.server.served import SECRET, run_program, serving

pytestmark = pytest.mark.slow

EMITTING = """
import sys
from otel_events.compat.broadcaster import emit, flush, set_cycle

set_cycle(7, 1551)
for number in range(int(sys.argv[1]), int(sys.argv[2])):
    emit("observe", {"number": number})
assert flush(30)
"""
DAEMON = """
import otel_events as ev
from otel_events.compat.broadcaster import emit, flush, set_cycle

for cycle in range(1, 51):
    set_cycle(cycle, 1551)
    emit("cycle.start", {"day": 1551, "session": "s"})
    with ev.task("dream", task_id=f"t-{cycle}"):
        emit("sense", {"projection": {"nodes": ["α"]}})
assert flush(30)
assert ev.flush(30)
"""


@pytest.fixture
def redis(tmp_path):
    (tmp_path / "redis").mkdir()
    with running(RedisServer(tmp_path / "redis")) as server:
        yield server


def events(server, name):
    answer = server.client.get("/api/events", params={"filter": name, "limit": 1000}).json()
    return answer["events"]


@pytest.mark.parametrize("way", ["redis", "both"])
def test_each_event_is_shown_once_whatever_way_it_came(redis, tmp_path, way):
    """By Redis alone, or by OTLP as well: the server has it once, with name, data, cycle, service, task and trace."""
    sent = {} if way == "both" else {"OTEL_LOGS_EXPORTER": "none"}
    with serving(tmp_path, OTEL_EVENTS_SERVER_REDIS_URL=redis.url, OTEL_EVENTS_SERVER_REDIS_BROADCAST="true") as server:
        run_program(server, DAEMON, REDIS_URL=redis.url, OTEL_SERVICE_NAME="daemon", **sent)
        run_program(server, 'import otel_events as ev; ev.emit("decision"); assert ev.flush(30)')
        wait_until(lambda: len(events(server, "sense.project")) == 50 and len(events(server, "cycle.start")) == 50)
        wait_until(lambda: "decision" in [said["type"] for said in redis.entries()])

        found = events(server, "sense.project")
        assert sorted(event["cycle"] for event in found) == list(range(1, 51))
        assert {(event["service"], event["task_id"][:2], event["day"]) for event in found} == {("daemon", "t-", 1551)}
        assert {json.dumps(event["attributes"], ensure_ascii=False) for event in found} == {
            '{"projection": {"nodes": ["α"]}}'
        }
        assert all(event["trace_id"] for event in found)
        # Nor has the server published them a second time for the broadcaster's consumers, as it does with all others.
        types = [said["type"] for said in redis.entries()]
        assert (types.count("sense"), types.count("cycle.start")) == (50, 50)


class _Address:
    """Where a page finds the server."""

    def __init__(self, server):
        self._url = server.url

    def address(self, path):
        return self._url + path


@pytest.mark.usefixtures("javascript")
def test_the_broadcasters_pages_see_what_its_programs_say(redis, tmp_path):
    """Over Socket.IO: the last 50 on connect, as many of the newest as are asked for, in order, and every new one."""

    async def watch(server):
        async with watching(_Address(server), {"auth": {"token": SECRET}}) as page:
            first = await page.hear("event", 50)
            await page.say("replay", {"count": 55})
            again = await page.hear("event", 55)
            await asyncio.to_thread(run_program, server, EMITTING, "60", "61", REDIS_URL=redis.url)
            (new,) = await page.hear("event")
            return first, again, new

    with serving(tmp_path, OTEL_EVENTS_SERVER_REDIS_URL=redis.url) as server:
        run_program(server, EMITTING, "0", "60", REDIS_URL=redis.url)
        wait_until(lambda: len(events(server, "observe")) == 60)
        first, again, new = asyncio.run(watch(server))

    assert [event["data"]["number"] for event in first] == list(range(10, 60))
    assert [event["data"]["number"] for event in again] == list(range(5, 60))
    assert (new["type"], new["cycle"], new["day"], new["data"]) == ("observe", 7, 1551, {"number": 60})
