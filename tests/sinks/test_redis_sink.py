"""Events as messages of Redis, against a real redis-server."""

import json
import logging

import pytest
import trustme

import otel_events as ev
from otel_events.errors import ConfigurationError
from otel_events.sinks import Redis
from tests.fresh import assert_accounted, fresh  # noqa: F401
from tests.message_servers import PATIENCE, RedisServer, TlsFiles, running, wait_until
from tests.program import run_program
from tests.sinks.restarts import emit_over_restarts

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh")]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "redis").mkdir()
    return tmp_path / "redis"


@pytest.fixture
def server(folder):
    with running(RedisServer(folder)) as server:
        yield server


def configure(server, **more):
    ev.configure(**{"redis": {"url": server.url}, "ledger": False} | more)


def listen(server, channel="v5:events"):
    listening = server.client().pubsub(ignore_subscribe_messages=True)
    listening.subscribe(channel)
    listening.get_message(timeout=PATIENCE)
    return listening


def hear(listening, count):
    heard = []
    while len(heard) < count:
        message = listening.get_message(timeout=PATIENCE)
        if message is not None:
            said = json.loads(message["data"])
            heard += [said] if not said["event"].startswith("otel_events.") else []
    return heard


def test_each_event_is_published_and_added_to_the_stream(server):
    """Subscribers of the channel and readers of the stream get the same lines, in the order of the events."""
    with server.client(), listen(server) as listening:
        configure(server)
        for number in range(3):
            ev.emit("evidence.added", source="ä.pdf", number=number)
        assert ev.flush(PATIENCE)

        heard = hear(listening, 3)

    assert [(line["event"], line["attributes"]) for line in heard] == [
        ("evidence.added", {"source": "ä.pdf", "number": number}) for number in range(3)
    ]
    assert heard == server.entries()


def test_the_older_broadcasters_consumers_are_served(server):
    """With the shape `broadcast` a message is what they know: type, ts, cycle, day and data."""
    configure(server, redis={"url": server.url, "shape": "broadcast", "channel": False, "stream": "mine"})
    with ev.context(cycle=7, day=1551):
        ev.emit("state.mood", old="calm", new="ärger", severity="warning")
    assert ev.flush(PATIENCE)

    (said,) = server.entries("mine")
    assert (said["type"], said["cycle"], said["day"]) == ("state.mood", 7, 1551)
    assert said["data"] == {"old": "calm", "new": "ärger"}
    assert said["ts"].endswith("Z")


@pytest.mark.room
def test_the_stream_keeps_the_newest(server):
    """A stream has about as many entries as it may, the newest."""
    configure(server, redis={"url": server.url, "channel": "off", "stream_max_entries": 100})
    for number in range(1_000):
        ev.emit("evidence.added", number=number)
    assert ev.flush(PATIENCE)

    numbers = [said["attributes"]["number"] for said in server.entries()]
    assert numbers == list(range(1_000))[-len(numbers) :]
    assert 100 <= len(numbers) <= 300


def test_a_route_chooses_what_goes_there(server):
    """A Redis that a route names gets what that sends, and all else goes where it always does."""
    configure(server, sink="memory", routes={"task.*": "redis"})
    ev.emit("evidence.added")
    with ev.task("draft"):
        pass
    assert ev.flush(PATIENCE)

    assert [said["event"] for said in server.entries()] == ["task.started", "task.completed"]
    assert ev.stats().delivered["memory"] >= 1


@pytest.mark.room
def test_nothing_is_lost_over_restarts_under_load(server):
    """Killed and started again while four threads emit, Redis has every event in the end, none out of order."""
    configure(server, redis={"url": server.url, "stream_max_entries": 0, "channel": False})
    emit_over_restarts(server, "redis", workers=4, pause=0.0005)

    stats = ev.stats()
    seen = {}
    for said in server.entries():
        seen.setdefault(said["uid"], (said["attributes"]["worker"], said["attributes"]["number"]))
    assert len(seen) == stats.emitted
    assert_accounted(stats, "redis")
    for worker in range(4):
        numbers = [number for by, number in seen.values() if by == worker]
        assert numbers == list(range(len(numbers)))


def test_a_redis_that_is_away_delays_nothing_and_is_told_once(folder, caplog):
    """Events wait on disk; there is one warning, without the password; when Redis comes, it gets them."""
    server = RedisServer(folder, password="xk8s-secret")
    with caplog.at_level(logging.WARNING, "otel_events"):
        configure(server)
        for number in range(10):
            ev.emit("evidence.added", number=number)
        wait_until(lambda: ev.stats().retries >= 2)
    (told,) = [record.getMessage() for record in caplog.records]
    assert f"redis://127.0.0.1:{server.port}" in told
    assert "xk8s-secret" not in told

    with running(server):
        wait_until(lambda: ev.flush(1))

        assert [said["attributes"]["number"] for said in server.entries()] == list(range(10))


def test_a_wrong_password_waits_to_be_mended(folder, caplog):
    """Events that Redis does not let in wait, and the warning says why; with the right password they go out."""
    with running(RedisServer(folder, password="right")) as server:
        with caplog.at_level(logging.WARNING, "otel_events"):
            configure(server, redis={"url": server.url.replace("right", "wr0ng-one")})
            ev.emit("evidence.added")
            wait_until(lambda: "check user and password" in caplog.text)
        assert "wr0ng-one" not in caplog.text

        configure(server)

        wait_until(lambda: [said["event"] for said in server.entries()] == ["evidence.added"])


def test_tls(folder, caplog):
    """`rediss://` speaks TLS with the authority that is given, and tells a server that it does not trust nothing."""
    tls = TlsFiles(folder, trustme.CA())
    with running(RedisServer(folder, tls=tls)) as server:
        with caplog.at_level(logging.WARNING, "otel_events"):
            configure(server)
            ev.emit("evidence.added")
            wait_until(lambda: "certificate verify failed" in caplog.text)

        configure(server, redis={"url": server.url, "certificate": str(tls.ca)})

        wait_until(lambda: [said["event"] for said in server.entries()] == ["evidence.added"])


def test_a_key_that_is_no_stream_is_told_and_counted(server, caplog):
    """Where the stream's key holds something else the events are given up, counted, and kept in a file."""
    with server.client() as client:
        client.set("v5:stream", "a text")
    with caplog.at_level(logging.WARNING, "otel_events"):
        configure(server)
        ev.emit("evidence.added", secretive="payload-word")
        assert not ev.flush(PATIENCE)

    assert ev.stats().dropped == {"redis_refused": 2}  # the writer's own among them
    assert "the key named as stream holds something else" in caplog.text
    assert "payload-word" not in caplog.text


def test_a_full_redis_is_waited_for(folder):
    """Events that Redis has no memory for wait until it has."""
    with running(RedisServer(folder, "--maxmemory", "1", "--maxmemory-policy", "noeviction")) as server:
        configure(server)
        ev.emit("evidence.added")
        wait_until(lambda: ev.stats().retries)
        with server.client() as client:
            client.config_set("maxmemory", 0)

        wait_until(lambda: ev.flush(1))
        assert [said["event"] for said in server.entries()] == ["evidence.added"]


@pytest.mark.room
def test_the_end_of_a_program_does_not_wait_for_a_redis_that_hangs(server, tmp_path):
    """A frozen Redis costs the exit no more than its deadline; the next program of the service delivers."""
    source = """
        import time
        ev.configure(service_name="t", redis={"url": sys.argv[1]}, ledger=False)
        for number in range(100):
            ev.emit("evidence.added", number=number)
        ev.flush(0.5)
        began = time.monotonic()
        safe = ev.shutdown(1.0)
        print(json.dumps([time.monotonic() - began < 5, safe, ev.stats().spooled]))
    """
    server.freeze()
    ran = run_program(source, tmp_path, server.url)
    server.thaw()
    assert (ran.code, ran.said[0], ran.said[2]) == (0, True, 102), ran.err

    again = run_program(
        'ev.configure(service_name="t", redis={"url": sys.argv[1]}, ledger=False); ev.emit("a.b"); print(ev.flush(5))',
        tmp_path,
        server.url,
    )

    assert again.code == 0, again.err
    wait_until(lambda: {said["attributes"].get("number") for said in server.entries()} >= set(range(100)))


def test_a_node_of_a_cluster_is_told(tmp_path, caplog):
    """Events wait, and the warning says what it is that would not take them."""
    with running(RedisServer(tmp_path, "--cluster-enabled", "yes")) as node:
        with caplog.at_level(logging.WARNING, "otel_events"):
            ev.configure(redis={"url": node.url}, ledger=False)
            ev.emit("evidence.added")
            wait_until(lambda: "this is a Redis Cluster, which is not spoken" in caplog.text)

    assert not ev.stats().dropped


def test_several_sinks_of_a_kind(server):
    """Plans in code make as many as are wanted, each with a name, a place and a shape of its own."""
    plain = Redis(server.url, channel=None, stream="plain", shape="flat")
    short = Redis(server.url, channel=None, stream="short", shape=lambda line: {"event": line["event"]}, name="short")
    ev.configure(sink=[plain, short], routes=[("alert.*", "short"), ("*", "redis")])
    ev.emit("alert.triggered", "Down")
    ev.emit("evidence.added", quality=0.5)
    assert ev.flush(PATIENCE)

    assert server.entries("short") == [{"event": "alert.triggered"}]
    assert [(line["event"], line["quality"]) for line in server.entries("plain")] == [("evidence.added", 0.5)]


def test_a_shape_that_fails_costs_its_event_alone(server, caplog):
    """What a function raises on is counted and told; what it leaves out is counted."""

    def shape(line):
        if line["event"].startswith("otel_events."):
            return None
        return {"event": line["event"], "half": 1 / line["attributes"]["n"]}

    ev.configure(sink=Redis(server.url, shape=shape))
    with caplog.at_level(logging.WARNING, "otel_events"):
        for number in (1, 0, 2):
            ev.emit("evidence.added", n=number)
        ev.flush(PATIENCE)

    assert [said["half"] for said in server.entries()] == [1.0, 0.5]
    assert ev.stats().dropped == {"redis_unshaped": 1, "redis_left_out": 1}
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"url": "http://user:pw@h"}, "must begin with redis://"),
        ({"url": "redis://:pw@h:99999"}, "must begin with redis://"),
        (
            {"url": "redis+sentinel://:pw@h:26379/mymaster"},
            "Redis Sentinel is not spoken: the URL must name one server",
        ),
        ({"url": "redis://:pw@h:1,i:2"}, "Redis Cluster and Sentinel are not spoken"),
        ({"channel": None, "stream": None}, "needs a channel, a stream, or both"),
        ({"name": "Other One"}, "name 'Other One'"),
        ({"name": "ledger"}, "name 'ledger'"),
    ],
)
def test_a_plan_that_cannot_work_says_why(values, word):
    """Mistakes are told at once, without the password."""
    with pytest.raises(ConfigurationError, match=word) as raised:
        Redis(**values)

    assert "pw" not in str(raised.value)


def test_a_plan_shows_no_password():
    """What is printed and logged names the place alone."""
    assert (
        repr(Redis("redis://user:pw@h:1/2?x=pw")) == "Redis('redis://h:1/2', channel='v5:events', stream='v5:stream')"
    )
