"""`relay` from Redis and NATS: what is said there arrives once, whatever is killed or restarted meanwhile."""

import asyncio
import json
import signal
import socket
import threading

import nats
import pytest

from tests.cli.relays import keep_killing, kept
from tests.message_servers import PATIENCE, RedisServer, nats_server, running, wait_until
from tests.program import ledger_events, run_program

pytestmark = pytest.mark.slow


# -- Redis -----------------------------------------------------------------------------------------------------------


def broadcast(number, kind="sense.project"):
    stamp = f"2026-02-14T19:01:{number // 1000 % 60:02}.{number % 1000:03}Z"
    return json.dumps({"type": kind, "ts": stamp, "cycle": 7, "day": 1551, "data": {"projection": "ä", "n": number}})


def publish(client, payload):
    client.publish("v5:events", payload)
    client.xadd("v5:stream", {"event": payload}, maxlen=10_000, approximate=True)


@pytest.fixture
def redis(tmp_path):
    (tmp_path / "redis").mkdir()
    with running(RedisServer(tmp_path / "redis")) as server:
        yield server


@pytest.mark.parametrize("channel", [(), ("--channel", "v5:events")])
def test_the_broadcasters_events_arrive_once(relaying, collector, redis, channel):
    """Published on channel and stream while relays are killed, every event is at the server once."""
    count = 3_000

    def say():
        with redis.client() as client:
            for number in range(count):
                publish(client, broadcast(number))

    saying = threading.Thread(target=say)
    saying.start()
    keep_killing(
        lambda: relaying(
            "--from", "redis", "--url", redis.url, "--to", collector.otlp, "--service", "daemon", *channel
        ),
        collector,
        wanted=count,
    )
    saying.join()

    said = kept(collector)
    assert sorted(one["attributes"]["n"] for one in said) == list(range(count))
    first = next(one for one in said if one["attributes"]["n"] == 1)
    assert (first["event"], first["time"], first["cycle"], first["day"], first["service"]) == (
        "sense.project",
        "2026-02-14T19:01:00.001000000Z",
        7,
        1551,
        "daemon",
    )
    assert first["attributes"]["projection"] == "ä"


def test_redis_may_go_away(relaying, collector, redis):
    """A relay outlives restarts of Redis, and takes up where it was."""
    process = relaying("--from", "redis", "--url", redis.url, "--to", collector.otlp)
    for start in range(0, 300, 100):
        with redis.client() as client:
            for number in range(start, start + 100):
                publish(client, broadcast(number))
        wait_until(lambda start=start: len(kept(collector)) == start + 100)
        redis.kill()
        redis.start()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)

    assert [one["attributes"]["n"] for one in kept(collector)] == list(range(300))
    assert err.count("trying again") <= 1


def test_what_our_own_sink_published_comes_through_unchanged(process, redis, tmp_path):
    """Sink, Redis, relay: what arrives is what the ledger has."""
    source = """
        ev.configure(service_name="orchestrator", ledger=sys.argv[1], redis={"url": sys.argv[2]})
        with ev.task("draft", task_id="t-1"):
            ev.emit("evidence.added", source="ä.pdf", quality=0.82)
        print(ev.flush(30))
    """
    run_program(source, tmp_path, str(tmp_path / "own.jsonl"), redis.url)
    ran = process("relay", "--from", "redis", "--url", redis.url, "--to", "new.jsonl", "--once")

    assert ran.returncode == 0, ran.stderr
    relayed = ledger_events(tmp_path / "new.jsonl")
    for line in relayed:
        assert line.pop("origin")["attributes"] == {"service.name": "orchestrator"}
    assert relayed == ledger_events(tmp_path / "own.jsonl")
    assert len(relayed) == 3


def test_a_redis_that_lets_nobody_in_ends_the_relay(process, tmp_path):
    """A wrong password is told at once, without it."""
    (tmp_path / "redis").mkdir()
    with running(RedisServer(tmp_path / "redis", password="right")) as server:
        url = server.url.replace("right", "wr0ng-one")
        ran = process("relay", "--from", "redis", "--url", url, "--to", "new.jsonl")

    assert (ran.returncode, "lets nobody in" in ran.stderr) == (3, True)
    assert "wr0ng-one" not in ran.stderr + ran.stdout


# -- NATS ------------------------------------------------------------------------------------------------------------


def say_on_nats(url, said, stream=None):
    """Publish (subject, payload) pairs, into a stream that is made if one is named."""

    async def say():
        client = await nats.connect(url)
        if stream is not None:
            await client.jetstream().add_stream(name=stream, subjects=["egos.>"])
        for subject, payload in said:
            if stream is None:
                await client.publish(subject, json.dumps(payload).encode())
            else:
                await client.jetstream().publish(subject, json.dumps(payload).encode())
        await client.flush()
        await client.close()

    asyncio.run(say())


TASK = {
    "id": "1",
    "type": "analyze",
    "status": "done",
    "result": "ok",
    "timestamp": "2026-02-14T19:01:23.456Z",
    "trace_id": "0f3a9c11-0f3a-4c11-8f3a-9c110f3a9c11",
    "file_path": "C:\\work\\a.md",
}


@pytest.mark.backends
def test_topics_become_events_of_the_catalogue(relaying, tmp_path):
    """Flat payloads on the activity publisher's topics have the topic's event name, its time, its trace id."""
    with running(nats_server(tmp_path / "nats")) as server:
        relaying("--from", "nats", "--url", server.url, "--subject", "egos.>", "--to", "new.jsonl")
        topics = ("egos.sparc.tasks", "egos.llm.logs", "egos.propagation.log", "egos.unheard.of")

        def relayed():
            return [one for one in ledger_events(tmp_path / "new.jsonl") if one["event"] != "egos.first.word"]

        def is_listening():
            say_on_nats(server.url, [("egos.first.word", TASK)])
            return ledger_events(tmp_path / "new.jsonl")

        wait_until(is_listening)
        say_on_nats(server.url, [(topic, TASK) for topic in topics])
        wait_until(lambda: len(relayed()) == 4)

    said = relayed()
    assert [one["event"] for one in said] == ["sparc.task", "llm.interaction", "pattern.propagated", "egos.unheard.of"]
    assert {one["time"] for one in said} == {"2026-02-14T19:01:23.456000000Z"}
    assert {one["trace_id"] for one in said} == {"0f3a9c110f3a4c118f3a9c110f3a9c11"}
    assert said[0]["attributes"] == {
        "id": "1",
        "type": "analyze",
        "status": "done",
        "result": "ok",
        "file_path": "C:\\work\\a.md",
    }


@pytest.mark.backends
def test_a_stream_of_nats_arrives_once(relaying, collector, tmp_path):
    """Killed again and again, with NATS restarted as well, relays bring every message of a stream once, in order."""
    count = 2_000
    with running(nats_server(tmp_path / "nats")) as server:
        said = [("egos.sparc.tasks", {"id": str(number), "type": "analyze"}) for number in range(count)]
        say_on_nats(server.url, said, stream="EGOS")
        start = lambda: relaying("--from", "nats", "--url", server.url, "--stream", "EGOS", "--to", collector.otlp)  # noqa: E731
        keep_killing(start, collector, wanted=count)
        process = start()
        server.kill()
        server.start()
        say_on_nats(server.url, [("egos.llm.logs", {"model": "m", "id": str(count)})], stream=None)

        wait_until(lambda: len(kept(collector)) == count + 1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 130

    assert [one["attributes"]["id"] for one in kept(collector)] == [str(number) for number in range(count + 1)]


@pytest.mark.backends
def test_a_stream_of_nats_to_its_end(process, tmp_path):
    """With --once the messages that are there go out, and the next run has the later ones alone."""
    with running(nats_server(tmp_path / "nats")) as server:
        say_on_nats(server.url, [("egos.sparc.tasks", {**TASK, "id": "1"})] * 3, stream="EGOS")
        arguments = ["relay", "--from", "nats", "--url", server.url, "--stream", "EGOS", "--to", "new.jsonl"]
        first = process(*arguments, "--once", "--json")
        say_on_nats(server.url, [("egos.sparc.tasks", {**TASK, "id": "2"})])
        second = process(*arguments, "--once", "--json")
        missing = process(*arguments[:-3], "OTHER", "--to", "new.jsonl", "--once")

    assert [json.loads(ran.stdout)["accepted"] for ran in (first, second)] == [3, 1]
    assert len({one["uid"] for one in ledger_events(tmp_path / "new.jsonl")}) == 4
    assert (missing.returncode, "no stream 'OTHER'" in missing.stderr) == (3, True)


def test_ctrl_c_while_nats_says_nothing_leaves_nothing_open(relaying):
    """However far the connection is, it ends as Ctrl-C does, without a word about what was under way."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE)
        port = silent.getsockname()[1]
        process = relaying(
            "--from", "nats", "--url", f"nats://127.0.0.1:{port}", "--subject", "a.>", "--to", "new.jsonl"
        )
        with silent.accept()[0]:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, err) == (130, "")
    assert "stopped: interrupted" in out


def test_ctrl_c_before_nats_is_asked_finds_nothing_to_close(tmp_path):
    """Between the choice of a source and its first message there is time for one: nothing is open until then."""
    ran = run_program(
        """
        from otel_events.cli.relaying.nats import NatsSource
        from otel_events.sinks.nats import Nats
        NatsSource(Nats(url="nats://127.0.0.1:9"), ["a.>"], once=False, from_now=False)
        """,
        tmp_path,
    )

    assert (ran.code, ran.err) == (0, "")
