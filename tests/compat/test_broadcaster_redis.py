"""The broadcaster's drop-in against a real Redis, watched by clients as its consumers are."""

import json
import os
import signal
import textwrap
import threading
import time

import pytest
import trustme
from opentelemetry import context as otel_context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY

import otel_events as ev
from otel_events.compat.broadcaster import Broadcaster, flush
from otel_events.testing import capture_events
from tests.message_servers import PATIENCE, RedisServer, TlsFiles, running, wait_until
from tests.program import run_program

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("program")]
KEYS = ["type", "ts", "cycle", "day", "data"]
# However busy this machine is, the end of a program gets time for what it does within a moment elsewhere.
UNHURRIED = {"OTEL_EVENTS_DURABILITY": "memory", "OTEL_EVENTS_EXIT_TIMEOUT": str(PATIENCE)}
IMPORT = "import os\nfrom otel_events.compat.broadcaster import emit, flush, set_cycle\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "redis").mkdir()
    return tmp_path / "redis"


@pytest.fixture
def server(folder):
    with running(RedisServer(folder)) as server:
        yield server


class Subscriber:
    """Listens to the channel as the broadcaster's own server does."""

    def __init__(self, server):
        self._client = server.client()
        self._channel = self._client.pubsub(ignore_subscribe_messages=True)
        self._channel.subscribe("v5:events")
        self._channel.get_message(timeout=PATIENCE)

    def hear(self, count):
        heard = []
        while len(heard) < count:
            message = self._channel.get_message(timeout=PATIENCE)
            heard += [json.loads(message["data"])] if message else []
        return heard

    def close(self):
        self._channel.close()
        self._client.close()


def read_stream(server, count):
    """Return what XREAD gives a client that reads from the beginning, once it has seen so many different events."""
    found, last, until = {}, "0", time.monotonic() + PATIENCE
    with server.client() as client:
        while len(found) < count:
            assert time.monotonic() < until, len(found)
            answer = client.xread({"v5:stream": last}, count=1_000, block=1_000)
            for place, fields in answer[0][1] if answer else ():
                last = place
                assert list(fields) == [b"event"]
                said = json.loads(fields[b"event"])
                found.setdefault(said["uid"], said)
    return list(found.values())


def test_subscribers_and_readers_get_what_the_call_returned(server):
    """On the channel and in the stream stands the dict, in the order of the calls; beside it its uid, and whose it is."""
    subscriber = Subscriber(server)
    ev.configure(service_name="daemon", ledger=False)
    made = Broadcaster(server.url)
    made.set_cycle(7, 1551)
    said = [made.emit("sense.project", {"projection": {"nodes": ["α", number]}}) for number in range(3)]
    said.append(made.emit("decision"))

    heard = subscriber.hear(4)
    subscriber.close()

    assert [{key: event[key] for key in KEYS} for event in heard] == said
    assert [(list(event)[:5], event["service"]) for event in heard] == [(KEYS, "daemon")] * 4
    assert len({event["uid"] for event in heard}) == 4
    assert heard == read_stream(server, 4)


def test_what_is_published_is_json(server):
    """What is not ASCII stays readable, objects are text, what is no number is null; secrets are taken out."""
    data = {"who": "ärger", "when": {1, 1}, "loss": float("nan"), "password": "hunter2hunter2", "note": None}
    event = Broadcaster(server.url).emit("observe", data)
    Broadcaster(server.url).emit("observe", "Bearer abcdef0123456789abcdef")
    flush(PATIENCE)

    with server.client() as client:
        raw, other = (fields[b"event"].decode() for _, fields in client.xrange("v5:stream"))
    assert '"who": "ärger"' in raw
    assert json.loads(raw)["data"] == {
        "who": "ärger",
        "when": "{1}",
        "loss": None,
        "password": "<REDACTED:password>",
        "note": None,
    }
    assert "abcdef0123456789" not in other
    assert event["data"] is data


def test_scopes_around_a_call_are_told(server):
    """Task and session stand in the data, trace and span beside it; what the program says itself stays."""
    ev.configure(ledger=False)
    with ev.session("s-1"), ev.task("draft", task_id="t-1"):
        event = Broadcaster(server.url).emit("cycle.start", {"session": "s-2", "task_id": "mine"})
    flush(PATIENCE)

    (said,) = server.entries()
    assert event["data"] == {"session": "s-2", "task_id": "mine"}
    assert said["data"] == {**event["data"], "session_id": "s-1"}
    assert (len(said["trace_id"]), len(said["span_id"])) == (32, 16)


def test_the_stream_keeps_about_the_newest_ten_thousand(server):
    """As the original: older entries go."""
    made = Broadcaster(server.url)
    for number in range(12_000):
        made.emit("observe", {"number": number})
    assert flush(PATIENCE)

    numbers = [said["data"]["number"] for said in server.entries()]
    assert numbers == list(range(12_000))[-len(numbers) :]
    assert 10_000 <= len(numbers) < 11_000


def test_channel_and_stream_may_have_other_names(server):
    """Several broadcasters in one program do not disturb each other."""
    Broadcaster(server.url, channel="c:one", stream="s:one").emit("observe")
    Broadcaster(server.url, "c:two", "s:two").emit("decision")
    assert flush(PATIENCE)

    assert [said["type"] for said in server.entries("s:one")] == ["observe"]
    assert [said["type"] for said in server.entries("s:two")] == ["decision"]


def test_nothing_is_lost_or_out_of_order_over_restarts_under_load(server):
    """Redis is killed three times while four threads emit: in the end the stream has every event, those of a thread in order."""
    ev.configure(ledger=False)
    made, is_over, counts = Broadcaster(server.url), threading.Event(), [0] * 4

    def work(worker):
        while not is_over.wait(0.005):  # the stream keeps the newest 10,000, however long it takes until it is over
            made.emit("observe", {"worker": worker, "number": counts[worker]})
            counts[worker] += 1

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        before = ev.stats().delivered.get("broadcaster", 0)
        wait_until(lambda before=before: ev.stats().delivered.get("broadcaster", 0) > before)
        server.kill()
        before = ev.stats().retries
        wait_until(lambda before=before: ev.stats().retries > before)
        server.start()
    is_over.set()
    for thread in threads:
        thread.join()
    wait_until(lambda: flush(1))

    found = [said["data"] for said in read_stream(server, sum(counts))]
    for worker, count in enumerate(counts):
        assert [data["number"] for data in found if data["worker"] == worker] == list(range(count))
    assert ev.stats().delivered["broadcaster"] == sum(counts)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_redis_that_speaks_tls(folder, tmp_path, monkeypatch):
    """With the authority that the sink's setting names."""
    files = TlsFiles(tmp_path, trustme.CA())
    monkeypatch.setenv("OTEL_EVENTS_REDIS_CERTIFICATE", str(files.ca))
    with running(RedisServer(folder, tls=files, password="xk8s-secret")) as server:
        Broadcaster(server.url).emit("sense.project", {"n": 1})

        assert flush(PATIENCE)
        assert [each["data"] for each in server.entries()] == [{"n": 1}]


def test_a_redis_that_hangs_holds_up_nobody(server):
    """The calls return while Redis answers nothing; it gets all of them afterwards."""
    made = Broadcaster(server.url)
    made.emit("observe", {"number": 0})
    assert flush(PATIENCE)
    server.freeze()
    for number in range(1, 1_000):
        made.emit("observe", {"number": number})
    assert not flush(0.05)
    server.thaw()
    wait_until(lambda: flush(1))

    assert sorted({said["data"]["number"] for said in server.entries()}) == list(range(1_000))


def test_a_redis_that_is_away_is_told_without_its_password(folder, caplog):
    """The program goes on; there is one warning; when Redis comes, it gets what waited."""
    server = RedisServer(folder, password="xk8s-secret")
    made = Broadcaster(server.url)
    for number in range(10):
        made.emit("observe", {"number": number})
    wait_until(lambda: ev.stats().retries >= 2)
    (told,) = [record.getMessage() for record in caplog.records]
    assert f"redis://127.0.0.1:{server.port}" in told
    assert "xk8s-secret" not in told

    with running(server):
        wait_until(lambda: flush(1))

        assert [said["data"]["number"] for said in server.entries()] == list(range(10))


def test_a_test_that_captures_publishes_nothing(server):
    """What a test of a program emits is not seen by anybody's dashboard."""
    with capture_events() as captured:
        Broadcaster(server.url).emit("observe")

        assert captured.only().name == "observe"
    assert flush(PATIENCE)
    assert server.entries() == []


def test_a_program_that_ends_at_once_has_published(server, tmp_path):
    """Nobody need flush: the end of the program does."""
    ran = run_program(IMPORT + 'emit("daemon.start", {"mode": "x"})', tmp_path, REDIS_URL=server.url, **UNHURRIED)

    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert [said["type"] for said in server.entries()] == ["daemon.start"]


def test_the_next_program_brings_what_redis_has_missed(folder, tmp_path):
    """What one could not publish waits on disk until the next one of that service publishes."""
    server = RedisServer(folder)
    settings = {"REDIS_URL": server.url, "OTEL_SERVICE_NAME": "daemon"}
    source = IMPORT + "set_cycle(int(sys.argv[1]), 1)\n[emit('observe', {'number': n}) for n in range(3)]"
    away = run_program(source, tmp_path, "1", **settings)
    with running(server):
        back = run_program(source + "\nassert flush(30)", tmp_path, "2", **settings)

        found = [(said["cycle"], said["data"]["number"]) for said in server.entries()]
    assert (away.code, back.code, back.err) == (0, 0, "")
    assert sorted(found) == [(cycle, number) for cycle in (1, 2) for number in range(3)]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
def test_signal_handlers_publish_in_the_middle_of_anything(server, tmp_path):
    """A handler that interrupts a call has its own event published, and the call goes on."""
    source = """
    import signal

    in_handler, is_over = 0, False

    def handle(*_):
        global in_handler
        in_handler += 1
        emit("observe", {"by": "handler"})
        if not is_over:  # and only now: on a busy machine they would interrupt each other without end
            signal.setitimer(signal.ITIMER_REAL, 0.0005)

    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.0005)
    for number in range(2_000):
        emit("observe", {"by": "program"})
    is_over = True
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(in_handler)
    """
    ran = run_program(IMPORT + textwrap.dedent(source), tmp_path, REDIS_URL=server.url, **UNHURRIED)

    by = [said["data"]["by"] for said in server.entries()]
    assert (ran.code, ran.err) == (0, "")
    assert int(ran.out) > 0
    assert (by.count("program"), by.count("handler")) == (2_000, int(ran.out))


def test_what_is_not_to_be_instrumented_is_published_all_the_same(server):
    """Where instrumentation is suppressed there is no event; the broadcaster's consumers hear of it, without a uid."""
    token = otel_context.attach(otel_context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
    Broadcaster(server.url).emit("observe", {"n": 1})
    otel_context.detach(token)
    assert flush(PATIENCE)

    (said,) = server.entries()
    assert (said["data"], "uid" in said) == ({"n": 1}, False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_children_publish_for_themselves(server, tmp_path):
    """After a fork, and in children of multiprocessing, each process publishes what it says, once."""
    source = """
    import multiprocessing

    def child(number):
        emit("observe", {"number": number})

    if __name__ == "__main__":
        emit("daemon.start")
        pid = os.fork()
        if not pid:
            child(1)
            sys.exit()
        os.waitpid(pid, 0)
        for method in ("fork", "spawn"):
            one = multiprocessing.get_context(method).Process(target=child, args=(2,))
            one.start()
            one.join()
        emit("daemon.stop")
    """
    ran = run_program(IMPORT + textwrap.dedent(source), tmp_path, REDIS_URL=server.url, **UNHURRIED)

    assert (ran.code, ran.err) == (0, "")
    assert sorted((said["type"], said["data"].get("number", 0)) for said in server.entries()) == [
        ("daemon.start", 0),
        ("daemon.stop", 0),
        ("observe", 1),
        ("observe", 2),
        ("observe", 2),
    ]
