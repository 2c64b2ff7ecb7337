"""`relay`: what programs say on Redis, on NATS, in ledgers and pipes arrives as events; each once, whatever dies meanwhile."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time

import nats
import pytest

from otel_events.accounting import Accounts
from otel_events.event import Event
from otel_events.ledger.rotate import RotationSettings
from otel_events.notices import Notices
from otel_events.sinks.ledger import LedgerSink
from tests.acceptor import HttpAcceptor, accept, answer_with
from tests.cli.conftest import clean_environment
from tests.message_servers import PATIENCE, RedisServer, nats_server, running, wait_until
from tests.program import ledger_events, run_program
from tests.server.own_process import serving

pytestmark = pytest.mark.slow

FLAT = [
    {"event": "task_started", "task_id": "demo-001", "goal": "x", "timestamp": "2026-02-14T19:01:23.456Z"},
    {"event": "eval", "task_id": "demo-001", "quality": 0.85, "ts": 1771095683.5},
    {"event": "alert_triggered", "message": "Down", "severity": "critical", "port": 18091, "ts": 1771095684.5},
    {"event": "health_check", "api_key": "sk-live-1234567890abcdef1234", "ts": 1771095685.5},
]


def lines(*said):
    return "".join(json.dumps(one) + "\n" for one in said)


@pytest.fixture
def relaying(tmp_path):
    """Start relays, which run until they are killed or the test ends."""
    started = []

    def start(*arguments, **variables):
        command = [sys.executable, "-m", "otel_events", "relay", *map(str, arguments)]
        process = subprocess.Popen(
            command,
            env=clean_environment(tmp_path, **variables),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def collector(tmp_path):
    """Our own server: it keeps each uid once."""
    home = tmp_path / "server"
    home.mkdir()
    with serving(home) as served:
        yield served


def kept(collector):
    """Return what the server has, in its order."""
    return ledger_events(collector.ledger)


def keep_killing(start, collector, *, wanted):
    """Kill relays in the middle of their work, one after the other, until all *wanted* events are there."""
    kills = 0
    while count_lines(collector) < wanted:
        before, process = count_lines(collector), start()
        wait_until(lambda: count_lines(collector) > before or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        if kills < 4:
            process.kill()
            process.communicate()
            kills += 1
        else:
            wait_until(lambda: count_lines(collector) >= wanted)
    return kills


def count_lines(collector):
    """Return how many events the server has; to look at each would take longer than the relay needs."""
    text = collector.ledger.read_bytes() if collector.ledger.exists() else b""
    return text.count(b"\n") - text.count(b'"event":"otel_events.ledger.header"')


# -- what events become ----------------------------------------------------------------------------------------------


def test_flat_lines_are_events_of_the_catalogue(process, tmp_path):
    """Names, severities and texts are the catalogue's; time, task and values those of the line; secrets are gone."""
    (tmp_path / "old.jsonl").write_text(lines(*FLAT), encoding="utf-8")
    ran = process("relay", "--from", "ledger", "old.jsonl", "--to", "new.jsonl", "--once", "--service", "pipeline")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "4 events accepted by new.jsonl\n"
    said = ledger_events(tmp_path / "new.jsonl")
    assert [(one["event"], one["severity"], one["message"], one["time"]) for one in said] == [
        ("task.started", "INFO", "Task started", "2026-02-14T19:01:23.456000000Z"),
        ("eval", "INFO", "Evaluated", "2026-02-14T19:01:23.500000000Z"),
        ("alert.triggered", "FATAL", "Down", "2026-02-14T19:01:24.500000000Z"),
        ("health.check", "INFO", said[3]["message"], "2026-02-14T19:01:25.500000000Z"),
    ]
    assert (said[0]["task_id"], said[0]["given_name"], said[0]["attributes"]) == (
        "demo-001",
        "task_started",
        {"goal": "x"},
    )
    assert said[3]["attributes"] == {"api_key": "<REDACTED:key>"}
    assert {one["service"] for one in said} == {"pipeline"}


def test_what_is_no_event_is_counted(process, tmp_path):
    """Torn, foreign and empty lines are passed over, and told."""
    text = lines(FLAT[0]) + "no json\n\n[1, 2]\n" + lines(FLAT[1]) + '{"event": "tor'
    (tmp_path / "old.jsonl").write_text(text, encoding="utf-8")

    ran = process("relay", "--from", "ledger", "old.jsonl", "--to", "new.jsonl", "--once", "--json")

    said = json.loads(ran.stdout)
    assert (said["messages"], said["accepted"], said["unreadable"], said["failure"]) == (5, 2, 3, "")


def test_a_pipe_is_known_again_by_its_uids(process, tmp_path):
    """The same input sent twice has the same uids, by which receivers know it."""
    for _ in range(2):
        ran = process("relay", "--from", "stdin", "--to", "new.jsonl", given=lines(*FLAT))
        assert ran.returncode == 0, ran.stderr

    uids = [one["uid"] for one in ledger_events(tmp_path / "new.jsonl")]
    assert len(uids) == 8
    assert uids[:4] == uids[4:]
    assert len(set(uids)) == 4


def test_lines_without_a_time_are_never_taken_for_others(process, tmp_path):
    """Two inputs may begin with the same words: without a time in them they are two events."""
    for _ in range(2):
        process("relay", "--from", "stdin", "--to", "new.jsonl", given='{"event": "eval"}\n')

    assert len({one["uid"] for one in ledger_events(tmp_path / "new.jsonl")}) == 2


def test_a_ledger_of_ours_stays_as_it_is(process, tmp_path):
    """Uid, trace, time, resource and attributes of our own lines are those of the program, in a second run too."""
    source = """
        ev.configure(service_name="orchestrator", ledger=sys.argv[1], resource_attributes={"team": "a"})
        for number in range(3):
            ev.emit("evidence.added", number=number)
        with ev.task("draft", task_id="t-1"):
            pass
    """
    run_program(source, tmp_path, str(tmp_path / "own.jsonl"))
    first = process("relay", "--from", "ledger", "own.jsonl", "--to", "new.jsonl", "--once")
    run_program(source, tmp_path, str(tmp_path / "own.jsonl"))
    process("relay", "--from", "ledger", "own.jsonl", "--to", "new.jsonl", "--once")

    assert first.returncode == 0, first.stderr
    told = [ledger_events(tmp_path / name, with_own=True) for name in ("own.jsonl", "new.jsonl")]
    for line in told[1]:
        assert line.pop("origin")["attributes"]["team"] == "a"
    assert told[1] == told[0]


# -- nothing lost, nothing twice -------------------------------------------------------------------------------------


def test_a_relay_that_is_killed_goes_on_where_it_was(relaying, collector, tmp_path):
    """Killed again and again in the middle of a ledger, relays bring every line to the server once, in order."""
    count = 20_000
    said = [{"event": "eval", "number": number, "ts": 1771095683 + number} for number in range(count)]
    (tmp_path / "old.jsonl").write_text(lines(*said), encoding="utf-8")

    kills = keep_killing(
        lambda: relaying("--from", "ledger", "old.jsonl", "--to", collector.otlp), collector, wanted=count
    )

    assert kills >= 3
    assert [one["attributes"]["number"] for one in kept(collector)] == list(range(count))


def test_a_rotated_ledger_is_read_in_its_order(relaying, collector, tmp_path):
    """What is written while a relay runs, through rotations, arrives once and in order."""
    path = tmp_path / "own.jsonl"
    ledger = LedgerSink(
        path,
        resource={"service.name": "t"},
        service="t",
        writer_id="0f3a0f3a0f3a0f3a",
        rotation=RotationSettings(max_file_bytes=100_000, max_total_bytes=None),
        accounts=Accounts(),
        notices=Notices(),
    )

    def write(first):
        for start in range(first, first + 2_000, 50):
            made = [
                Event(
                    name="eval", timestamp=n, observed_timestamp=n, uid=f"0f3a0f3a0f3a0f3a-{n:x}", attributes={"n": n}
                )
                for n in range(start, start + 50)
            ]
            ledger.write(made)
            time.sleep(0.001)

    write(1)
    relaying("--from", "ledger", path, "--to", collector.otlp)
    wait_until(lambda: len(kept(collector)) >= 100)
    write(2_001)
    ledger.close(time.monotonic() + PATIENCE)
    wait_until(lambda: len(kept(collector)) >= 4_000)

    assert [one["attributes"]["n"] for one in kept(collector)] == list(range(1, 4_001))


def test_a_target_that_is_away_is_waited_for(relaying, tmp_path):
    """While the receiver is overloaded a relay says so once, waits, and goes on."""
    (tmp_path / "old.jsonl").write_text(lines(*FLAT), encoding="utf-8")
    with HttpAcceptor() as acceptor:
        acceptor.usual = answer_with(503)
        process = relaying("--from", "ledger", "old.jsonl", "--to", acceptor.url()[: -len("/v1/logs")], "--patience", 0)
        acceptor.await_requests(3)
        acceptor.usual = accept
        names = acceptor.await_names(4)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)

    assert names == ["task.started", "eval", "alert.triggered", "health.check"]
    assert (process.returncode, err.count("trying again")) == (130, 1)
    assert "stopped: interrupted" in out


def test_one_pass_to_a_target_that_is_away_fails_and_can_be_repeated(process, tmp_path):
    """With --once the exit code is 1 and nothing counts as sent: the next run sends all."""
    (tmp_path / "old.jsonl").write_text(lines(*FLAT), encoding="utf-8")
    with HttpAcceptor() as acceptor:
        arguments = ["relay", "--from", "ledger", "old.jsonl", "--to", acceptor.url()[: -len("/v1/logs")], "--once"]
        acceptor.usual = answer_with(503)
        first = process(*arguments, "--patience", 0, "--json")
        acceptor.usual = accept
        second = process(*arguments)

        assert (first.returncode, second.returncode) == (1, 0), second.stderr
        assert "503" in json.loads(first.stdout)["failure"]
        assert len(acceptor.names) == 4


def test_two_relays_do_not_share_a_cursor(relaying, process, tmp_path):
    """A second relay of the same source to the same target is refused, until the first has ended."""
    (tmp_path / "old.jsonl").write_text(lines(*FLAT), encoding="utf-8")
    first = relaying("--from", "ledger", "old.jsonl", "--to", "new.jsonl")
    wait_until(lambda: len(ledger_events(tmp_path / "new.jsonl")) == 4)
    refused = process("relay", "--from", "ledger", "old.jsonl", "--to", "new.jsonl", "--once")
    first.terminate()
    out, _ = first.communicate(timeout=PATIENCE)
    after = process("relay", "--from", "ledger", "old.jsonl", "--to", "new.jsonl", "--once")

    assert (refused.returncode, "another relay" in refused.stderr) == (3, True)
    assert (first.returncode, "interrupted" in out) == (130, True)
    assert (after.returncode, len(ledger_events(tmp_path / "new.jsonl"))) == (0, 4)


def test_only_what_comes(relaying, tmp_path):
    """With --new the first start begins at the end."""
    (tmp_path / "old.jsonl").write_text(lines(*FLAT), encoding="utf-8")
    relaying("--from", "ledger", "old.jsonl", "--to", "new.jsonl", "--new")
    wait_until(lambda: list((tmp_path / "state" / "otel-events" / "relay").glob("*.json")))
    with (tmp_path / "old.jsonl").open("a", encoding="utf-8") as file:
        file.write(lines({"event": "rune", "ts": 1771095690}))

    wait_until(lambda: [one["event"] for one in ledger_events(tmp_path / "new.jsonl")] == ["rune"])


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
        print(ev.flush(5))
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

        def arrived():
            say_on_nats(server.url, [(topic, TASK) for topic in topics])
            return len(ledger_events(tmp_path / "new.jsonl")) >= 4

        wait_until(arrived)

    said = ledger_events(tmp_path / "new.jsonl")[:4]
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


# -- the command line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--from", "stdin", "file"], "FILE is for --from ledger"),
        (["--from", "ledger", "--url", "redis://h"], "--url is for --from redis or nats"),
        (["--from", "redis", "--subject", "a"], "--subject is for --from nats"),
        (["--from", "nats"], "--subject"),
        (["--from", "nats", "--subject", "a.>", "--once"], "--once needs --stream"),
        (["--from", "redis", "--url", "http://user:pw@h"], "must begin with redis://"),
        (["--from", "ledger", "own.jsonl", "--to", "own.jsonl"], "would grow for ever"),
    ],
)
def test_options_that_do_not_fit_are_told(process, tmp_path, arguments, word):
    """A mistake in the options is an exit code of 2 and a sentence."""
    (tmp_path / "own.jsonl").write_text(lines(*FLAT), encoding="utf-8")
    ran = process("relay", *arguments)

    assert (ran.returncode, word in ran.stderr) == (2, True), ran.stderr
    assert "pw" not in ran.stderr


def test_a_file_that_is_not_there_is_told(process):
    """A pass over a file that does not exist ends with exit code 3."""
    ran = process("relay", "--from", "ledger", "none.jsonl", "--to", "new.jsonl", "--once")

    assert (ran.returncode, "does not exist" in ran.stderr) == (3, True)
