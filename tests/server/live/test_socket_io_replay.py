"""What Socket.IO gives again: on connect, when it is asked for, and to who comes again."""

from __future__ import annotations

import asyncio

import pytest

from tests.server.live.conftest import TOKEN
from tests.server.live.socket_io_clients import numbers, watching

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("javascript")]


def test_the_last_fifty_come_on_connect_and_then_what_happens(on_server):
    """On connect 50, newest last; then every new event as `event`; none is missing or comes twice."""

    async def play(live):
        live.store_events(*["observe"] * 120)
        await asyncio.sleep(0.01)
        async with watching(live) as watcher:
            first = await watcher.hear("event", 50)
            live.store_events(*["decision"] * 30)
            live.store_events("execute")
            then = await watcher.hear("event", 31)

        assert numbers(first) == list(range(71, 121))
        assert numbers(then) == list(range(121, 152))

    on_server(play)


@pytest.mark.parametrize(("asked", "expected"), [({"count": 100}, 100), ({}, 100), ({"count": 5_000}, 1_000)])
def test_replay_gives_the_newest_in_order(on_server, asked, expected):
    """`replay {count}` sends that many, at most 1,000: the newest, oldest of them first, as `event`."""

    async def play(live):
        live.store_events(*["observe"] * 1_200)
        await asyncio.sleep(0.01)
        async with watching(live) as watcher:
            await watcher.hear("event", 50)
            await watcher.say("silent", "replay", asked)
            replayed = await watcher.hear("event", expected)
            answer = await watcher.ask("replay", {"count": 1})

        assert numbers(replayed) == list(range(1_201 - expected, 1_201))
        assert answer == {"count": 1, "complete": False}

    on_server(play)


def test_replay_after_a_uid_and_live_never_show_one_twice(on_server):
    """With uids a client can fetch what it missed while events go on: each is there once for each way it was asked for."""

    async def play(live):
        live.store_events(*["observe"] * 400)
        await asyncio.sleep(0.01)
        async with watching(live) as watcher:
            await watcher.hear("event", 50)
            await watcher.say("replay", {"after": "w-100"})
            for _ in range(20):
                live.store_events(*["decision"] * 10)
                await asyncio.sleep(0.002)
            answer = (await watcher.hear("ack"))[0]
            while sum(message[0] == "event" for message in watcher.heard) < 50 + answer["count"] + 200:
                await watcher.hear("event")
        events = [message[1] for message in watcher.heard if message[0] == "event"]
        # What came by itself is what was not asked for again.
        assert answer["complete"] is True
        assert {event["uid"] for event in events} >= {f"w-{n}" for n in range(101, 601)}
        assert len(events) == 50 + answer["count"] + 200

    on_server(play)


def test_who_comes_again_with_its_last_uid_misses_nothing_and_gets_nothing_twice(on_server):
    """`auth: {after: uid}` takes the place of the last fifty."""

    async def play(live):
        live.store_events(*["observe"] * 300)
        await asyncio.sleep(0.01)
        async with watching(live, {"auth": {"token": TOKEN, "after": "w-110"}}) as watcher:
            live.store_events(*["decision"] * 5)
            events = await watcher.hear("event", 195)

        assert numbers(events) == list(range(111, 306))

    on_server(play)
