"""Socket.IO, with the contract of the older broadcaster, against the real socket.io-client under Node."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time

import httpx
import pytest

from otel_events.server.live import socket_io
from otel_events.server.live.hub import HubSettings
from tests.program import PATIENCE
from tests.server.live.conftest import TOKEN, until
from tests.server.live.socket_io_clients import OPTIONS, Watcher, numbers, watching

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("javascript")]


def test_an_event_has_the_broadcasters_shape(on_server):
    """`{"type", "ts", "cycle", "day", "data"}` in this order, with the name as the program wrote it, and a uid."""

    async def play(live):
        projection = {"nodes": [{"id": "α"}], "deep": {"er": None}}
        live.store_events("sense.project", sense="wahrnehmen", projection=projection, cycle=3, day=1551)
        await asyncio.sleep(0.01)
        async with watching(live) as watcher:
            event = (await watcher.hear("event"))[0]

        assert list(event) == ["type", "ts", "cycle", "day", "data", "uid"]
        assert event == {
            "type": "sense.project",
            "ts": "2026-02-14T19:01:23.001Z",
            "cycle": 3,
            "day": 1551,
            "data": {"n": 1, "sense": "wahrnehmen", "projection": projection, "message": "sense.project"},
            "uid": "w-1",
        }

    on_server(play)


def test_a_client_may_choose_types(on_server):
    """`subscribe {types}` takes names and patterns in either spelling, for what comes and for replays."""

    async def play(live):
        async with watching(live) as watcher:
            await watcher.hear("connect")
            answer = await watcher.ask("subscribe", {"types": ["task.*", "sense"]})
            live.store_events("epoch.completed", "task.started", "sense.project", "observe", "task.completed")
            live_ones = await watcher.hear("event", 3)
            await watcher.say("silent", "replay", {"count": 2})
            replayed = await watcher.hear("event", 2)
            await watcher.ask("subscribe", {"types": []})
            live.store_events("observe")
            rest = await watcher.hear("event")

        assert answer == {"types": ["task.*", "sense"], "filter": ""}
        assert numbers(live_ones) == [2, 3, 5]
        assert numbers(replayed) == [3, 5]
        assert numbers(rest) == [6]

    on_server(play)


@pytest.mark.parametrize(
    ("name", "asked", "parameter"),
    [
        ("subscribe", {"types": "task.*"}, "types"),
        ("subscribe", {"types": [1]}, "types"),
        ("subscribe", {"types": ["a b"]}, "types"),
        ("subscribe", {"types": ["x"] * 1_000}, "types"),
        ("subscribe", {"filter": "severity>=loud"}, "filter"),
        ("replay", {"count": "many"}, "count"),
        ("replay", {"count": -1}, "count"),
        ("replay", {"after": "w-99999"}, "after"),
        ("replay", {"after": {"$gt": ""}}, "after"),
    ],
)
def test_nonsense_is_answered_and_changes_nothing(on_server, name, asked, parameter):
    """A question that cannot be understood gets an error as its acknowledgement; the stream goes on."""

    async def play(live):
        async with watching(live) as watcher:
            await watcher.hear("connect")
            answer = await watcher.ask(name, asked)
            live.store_events("observe")
            await watcher.hear("event")

        assert answer["error"]["parameter"] == parameter

    on_server(play)


@pytest.mark.parametrize("given", [{}, {"auth": {"token": "wrong"}}, {"auth": {"token": 7}}])
def test_without_the_token_nobody_gets_in(on_server, given):
    """Only who has the token hears anything."""

    async def play(live):
        live.store_events("observe")
        async with watching(live, {**given, "reconnection": False}) as watcher:
            refusal = (await watcher.hear("connect_error"))[0]

        assert "token" in refusal
        assert [message[0] for message in watcher.heard] == ["connect_error"]
        assert live.server.refused.counts()["socket_io_token"] == 1

    on_server(play)


@pytest.mark.parametrize("transports", [["websocket"], ["polling"]])
def test_either_transport_will_do(on_server, transports):
    """WebSocket from the start, or long polling where nothing else gets through."""

    async def play(live):
        live.store_events(*["observe"] * 60)
        await asyncio.sleep(0.01)
        async with watching(live, {**OPTIONS, "transports": transports}) as watcher:
            first = await watcher.hear("event", 50)
            live.store_events(*["decision"] * 700)
            then = await watcher.hear("event", 700)

        assert numbers(first + then) == list(range(11, 761))

    on_server(play)


def test_who_says_nothing_is_sent_away(on_server, monkeypatch):
    """A connection that does not come with a token within seconds is ended."""
    monkeypatch.setattr(socket_io, "_TO_KNOCK", 0.05)

    async def play(live):
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            opened = await client.get(live.address("/socket.io/?EIO=4&transport=polling"))
            sid = re.search(r'"sid":"([^"]+)"', opened.text)[1]
            await until(lambda: live.server.refused.counts().get("socket_io_silent"))
            again = await client.get(live.address(f"/socket.io/?EIO=4&transport=polling&sid={sid}"))

        assert again.status_code == 400

    on_server(play)


def test_a_crowd_that_says_nothing_keeps_nobody_else_out(on_server, monkeypatch):
    """Only so many may stand at the door at once; they are refused there, and who is in stays in."""
    monkeypatch.setattr(socket_io, "_MAX_KNOCKING", 20)

    async def play(live):
        async with watching(live) as watcher, httpx.AsyncClient(timeout=PATIENCE) as client:
            await watcher.hear("connect")
            answers = [await client.get(live.address("/socket.io/?EIO=4&transport=polling")) for _ in range(30)]
            live.store_events("observe")
            await watcher.hear("event")

        assert [answer.status_code for answer in answers] == [200] * 20 + [401] * 10
        assert live.server.refused.counts()["socket_io_crowd"] == 10

    on_server(play)


@pytest.mark.parametrize(
    "said",
    [
        *("", "x", "4", "42", "42[", '42["event"]', '42["replay",' + "[" * 5_000, "40/other,", '40{"token":', "9", "5"),
        *(
            '451-["replay",{"_placeholder":true,"num":0}]',
            '459999999-["replay"]',
            "bAAAA",
            "\x1e" * 5_000,
            "4" * 60_000,
            "4" * 70_000,  # more than a message may have
        ),
        *("2probe", "6", "1", '43["x"]', '4299999999999999999999["replay"]', '42["connect"]', '42["disconnect","x"]'),
    ],
    ids=range(24),
)
def test_packets_of_any_kind_hurt_nobody(on_server, said):
    """Whatever is posted at the door, before or after the token, the others go on."""

    async def play(live):
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            for greeting in ("", "40" + json.dumps({"token": TOKEN})):
                opened = await client.get(live.address("/socket.io/?EIO=4&transport=polling"))
                sid = re.search(r'"sid":"([^"]+)"', opened.text)[1]
                url = live.address(f"/socket.io/?EIO=4&transport=polling&sid={sid}")
                if greeting:
                    await client.post(url, content=greeting)
                answer = await client.post(url, content=said.encode())
                assert answer.status_code in {200, 400}
            subscription = live.hub.subscribe(None, after=0)
            live.store_events("observe")
            assert (await anext(subscription)).events

    on_server(play)


def test_who_floods_is_sent_away(on_server):
    """More questions than anybody asks end the connection."""

    async def play(live):
        live.store_events(*["observe"] * 100)
        await asyncio.sleep(0.01)
        async with watching(live) as watcher:
            await watcher.hear("connect")
            for _ in range(100):
                await watcher.say("silent", "replay", {"count": 1_000})
            await watcher.hear("disconnect")

        assert live.server.refused.counts() == {"stream_flooded": 1}

    on_server(play)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_stopped_client_slows_no_other_and_fills_no_queue(on_server, monkeypatch):
    """Engine.IO's queue has no bound; ours has: what does not fit is told as counts and gaps."""
    import signal

    monkeypatch.setattr(socket_io, "_PING_TIMEOUT", 300)  # however long it is stopped on a busy machine

    async def play(live):
        async with watching(live) as stopped, watching(live) as quick:
            await stopped.hear("connect")
            await quick.hear("connect")
            stopped.stop(signal.SIGSTOP)
            heard: list[int] = []
            for _ in range(60):
                live.store_events("task.started", *["reward.computed"] * 49, text="x" * 4_000)
                heard += numbers(await quick.hear("event", 50))
            stopped.stop(signal.SIGCONT)
            total = 0
            while total < 3_000:
                name, said = await something(stopped)
                total += 1 if name == "event" else said["dropped"] if name == "gap" else sum(said["counts"].values())

        assert heard == list(range(1, 3_001))
        assert total == 3_000
        assert {"gap", "counts"} & {message[0] for message in stopped.heard}

    on_server(play, HubSettings(client_bytes=200_000, interval=0.001))


def test_a_page_that_is_merely_slow_stays_and_is_told_what_it_missed(on_server, monkeypatch):
    """It gives up a server whose ping waits behind all that it has not read; so no more than it reads is under way to it."""
    # Less than the time for which the pages are watched, and many times what a ping has to take on a busy machine.
    monkeypatch.setattr(socket_io, "_PING_EVERY", 1)
    monkeypatch.setattr(socket_io, "_PING_TIMEOUT", 11)

    async def play(live):
        async def happen():
            while True:  # twenty times as much as the pages can show
                live.store_events("task.started", *["reward.computed"] * 199, text="x" * 3_000)
                await asyncio.sleep(0.2)

        async def read(page, until):
            told = set()
            while time.monotonic() < until or not told > {"event"}:
                name, _ = await something(page)
                assert name in {"event", "counts", "gap"}
                told.add(name)

        def slow(transport):
            return watching(live, {**OPTIONS, "transports": [transport]}, pause=20)

        async with slow("websocket") as one, slow("polling") as other:  # both at once, so each has long to be watched
            await one.hear("connect")
            await other.hear("connect")
            happening = asyncio.create_task(happen())
            until = time.monotonic() + 16
            await asyncio.gather(read(one, until), read(other, until))
            happening.cancel()

        assert live.server.refused.counts() == {}

    on_server(play, HubSettings(client_bytes=200_000, interval=0.001))


def test_what_comes_after_the_end_of_a_connection_is_refused(on_server):
    """A client that goes on posting when it has said goodbye gets an answer, and the server's terminal no traceback."""

    async def play(live):
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            opened = await client.get(live.address("/socket.io/?EIO=4&transport=polling"))
            sid = re.search(r'"sid":"([^"]+)"', opened.text)[1]
            url = live.address(f"/socket.io/?EIO=4&transport=polling&sid={sid}")
            answers = [(await client.post(url, content=said)).status_code for said in ("1", "40", "1\x1e5")]

        assert answers == [200, 400, 400]

    on_server(play)


async def something(watcher: Watcher) -> tuple:
    line = await watcher._process.stdout.readline()
    watcher.heard.append(json.loads(line))
    return tuple(watcher.heard[-1][:2])
