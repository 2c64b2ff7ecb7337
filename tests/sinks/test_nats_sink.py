"""Events as messages of NATS, core and JetStream, against a real nats-server."""

import asyncio
import gc
import logging
import os
import signal

import nats
import pytest
import trustme

import otel_events as ev
from otel_events.errors import ConfigurationError
from otel_events.sinks import Nats
from tests.fresh import assert_accounted, fresh  # noqa: F401
from tests.message_servers import PATIENCE, TlsFiles, nats_server, running, wait_until
from tests.nats_accounts import make_keys, make_operator
from tests.nats_clients import Listener, add_stream, stored
from tests.sinks.restarts import emit_over_restarts
from tools.backends.fetch import get_json

pytestmark = [pytest.mark.slow, pytest.mark.backends, pytest.mark.usefixtures("fresh")]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "nats"


@pytest.fixture
def server(folder):
    with running(nats_server(folder)) as server:
        yield server


def configure(server, **more):
    ev.configure(nats={"url": server.url} | more, ledger=False)


def test_each_event_is_published_on_its_subject(server):
    """A subscriber gets the events of its subjects, in their order, as lines of the ledger."""
    with Listener(server.url, "events.evidence.>") as listener:
        configure(server)
        for number in range(3):
            ev.emit("evidence.added", number=number)
            ev.emit("quality.checked")
        assert ev.flush(PATIENCE)
        wait_until(lambda: len(listener.heard) == 3)

    assert [(subject, said["attributes"]) for subject, said in listener.heard] == [
        ("events.evidence.added", {"number": number}) for number in range(3)
    ]


def test_a_function_chooses_subject_and_shape(server):
    """Flat payloads on topics of one's own, as the older activity dashboard has them."""

    def shape(line):
        return {**line["attributes"], "timestamp": line["time"], "event": line["event"]}

    with Listener(server.url, "egos.>") as listener:
        ev.configure(sink=Nats(server.url, subject=lambda line: f"egos.{line['event']}.tasks", shape=shape))
        ev.emit("sparc.task", id="1", type="analyze")
        assert ev.flush(PATIENCE)
        wait_until(lambda: listener.heard)

    ((subject, said),) = listener.heard
    assert (subject, said["id"], said["type"]) == ("egos.sparc.task.tasks", "1", "analyze")


def test_jetstream_keeps_each_event_once_over_restarts_under_load(server):
    """Killed and started again while events are emitted, the stream has every event once, in order."""
    configure(server, stream="EVENTS")
    emit_over_restarts(server, "nats", workers=2, pause=0.002)

    said = [said for _, said in stored(server, "EVENTS")]
    assert len(said) == len({each["uid"] for each in said}) == ev.stats().emitted
    assert_accounted(ev.stats(), "nats")
    for worker in range(2):
        numbers = [each["attributes"]["number"] for each in said if each["attributes"]["worker"] == worker]
        assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize("stream", ["EVENTS", None])
def test_a_server_that_dies_while_it_owes_answers_is_left_at_once(server, stream):
    """Its end is an attempt's end, however long an answer may take."""
    configure(server, stream=stream, timeout=600)
    ev.emit("evidence.added")
    assert ev.flush(PATIENCE)
    os.kill(server.process.pid, signal.SIGSTOP)
    ev.emit("evidence.added")
    assert not ev.flush(0.1)  # by then it is most likely sent; if not, the attempt fails otherwise

    server.kill()

    wait_until(lambda: ev.stats().retries)


def test_jetstream_has_one_subscription_to_answers_however_much_is_sent(server):
    """Each would cost memory, here and at the server, for as long as the connection lasts."""
    configure(server, stream="EVENTS")
    ev.emit("evidence.added")
    assert ev.flush(PATIENCE)
    (before,) = get_json(f"{server.monitor}/connz")["connections"]
    for _ in range(5):
        ev.emit("evidence.added")
        assert ev.flush(PATIENCE)

    (after,) = get_json(f"{server.monitor}/connz")["connections"]
    assert (after["name"], after["subscriptions"]) == ("otel_events", before["subscriptions"])


def test_core_nats_gets_all_that_waited(folder, caplog):
    """Events wait on disk while no server is there; there is one warning, without the password; then each is published."""
    login = {"user": "app", "password": "xk8s-secret"}
    server = nats_server(folder, authorization=login)
    with running(server):
        # A consumer's stream, which hears from the first moment on: a listener may come later than our next attempt.
        add_stream(server, "HEARD", "events.evidence.added", **login)
        server.stop()
    url = server.url.replace("//", "//app:xk8s-secret@")
    with caplog.at_level(logging.WARNING, "otel_events"):
        ev.configure(nats={"url": url, "timeout": 1}, ledger=False)
        for number in range(10):
            ev.emit("evidence.added", number=number)
        wait_until(lambda: ev.stats().retries >= 2)
    (told,) = [record.getMessage() for record in caplog.records]
    assert server.url in told
    assert "xk8s-secret" not in told

    with running(server):
        wait_until(lambda: ev.flush(1))
        wait_until(lambda: len(stored(server, "HEARD", **login)) >= 10)
        heard = [said["attributes"]["number"] for _, said in stored(server, "HEARD", **login)]
    assert list(dict.fromkeys(heard)) == list(range(10))
    assert ev.stats().delivered["nats"] == 11


def test_a_wrong_password_waits_to_be_mended(folder, caplog):
    """Events that NATS does not let in wait, and the warning says why."""
    with running(nats_server(folder, authorization={"user": "app", "password": "right"})) as server:
        with caplog.at_level(logging.WARNING, "otel_events"):
            ev.configure(nats={"url": server.url.replace("//", "//app:wr0ng-one@")}, ledger=False)
            ev.emit("evidence.added")
            wait_until(lambda: "uthorization" in caplog.text)
        assert "wr0ng-one" not in caplog.text

        ev.configure(nats={"url": server.url.replace("//", "//app:right@")}, ledger=False)

        wait_until(lambda: ev.stats().delivered.get("nats", 0) >= 2)


def test_credentials_are_those_of_a_file(folder, tmp_path, caplog):
    """What an operator of NATS hands out lets in; a file without any is told, and events wait."""
    settings, text = make_operator()
    path = tmp_path / "app.creds"
    path.write_text("nothing of the kind\n")
    with running(nats_server(folder, jetstream="disabled", **settings)) as server:
        with caplog.at_level(logging.WARNING, "otel_events"):
            ev.configure(nats={"url": server.url, "credentials": str(path)}, ledger=False)
            ev.emit("evidence.added")
            wait_until(lambda: "app.creds holds no credentials of NATS" in caplog.text)
        (tmp_path / "new.creds").write_text(text)
        (tmp_path / "new.creds").replace(path)  # at once: the sender may be reading it

        wait_until(lambda: ev.stats().delivered.get("nats", 0) >= 2)


def test_an_nkey_lets_in_by_its_seed(folder, tmp_path):
    """A file of a seed, with the line's end that tools put there."""
    keys, seed = make_keys("user")
    (tmp_path / "app.nk").write_text(f"{seed}\n")
    with running(nats_server(folder, authorization={"users": [{"nkey": keys.public_key.decode()}]})) as server:
        ev.configure(nats={"url": server.url, "credentials": str(tmp_path / "app.nk")}, ledger=False)
        ev.emit("evidence.added")

        assert ev.flush(PATIENCE)
        assert ev.stats().delivered["nats"] == 2


def test_a_subject_that_is_not_allowed_is_told_and_counted(folder, caplog):
    """What the server drops for want of a permission is counted as rejected, with its words."""
    user = {"user": "app", "password": "p", "permissions": {"publish": ["events.evidence.>", "events.otel_events.>"]}}
    with running(nats_server(folder, authorization={"users": [user]})) as server:
        with caplog.at_level(logging.WARNING, "otel_events"):
            ev.configure(nats={"url": server.url.replace("//", "//app:p@")}, ledger=False)
            ev.emit("evidence.added")
            ev.emit("alert.triggered")
            ev.flush(PATIENCE)  # no promise of its answer: the loss may lie before the call

        assert ev.stats().dropped == {"nats_rejected": 1}
        assert "events.alert.triggered" in caplog.text


def test_tls(folder, tmp_path, caplog):
    """`tls://` speaks TLS with the authority that is given, and tells a server that it does not trust nothing."""
    files = TlsFiles(tmp_path, trustme.CA())
    settings = {"tls": {"cert_file": str(files.certificate), "key_file": str(files.key)}}
    with running(nats_server(folder, **settings)) as server:
        url = server.url.replace("nats://", "tls://")
        with caplog.at_level(logging.WARNING, "otel_events"):
            ev.configure(nats={"url": url, "timeout": 1}, ledger=False)
            ev.emit("evidence.added")
            wait_until(lambda: "certificate" in caplog.text)

        ev.configure(nats={"url": url, "certificate": str(files.ca)}, ledger=False)

        wait_until(lambda: ev.stats().delivered.get("nats", 0) >= 2)


def test_a_server_that_hangs_behind_tls_leaves_nothing_open(folder, tmp_path):
    """It is left without a farewell, which it would not answer: no socket and no task stays for the garbage collector."""
    files = TlsFiles(tmp_path, trustme.CA())
    settings = {"tls": {"cert_file": str(files.certificate), "key_file": str(files.key)}}
    with running(nats_server(folder, **settings)) as server:
        url = server.url.replace("nats://", "tls://")
        ev.configure(nats={"url": url, "certificate": str(files.ca), "timeout": 1}, ledger=False)
        ev.emit("evidence.added")
        assert ev.flush(PATIENCE)
        os.kill(server.process.pid, signal.SIGSTOP)
        ev.emit("evidence.added")
        wait_until(lambda: ev.stats().retries)

        assert ev.shutdown(PATIENCE)  # the event is on disk
        gc.collect()  # what is left open fails the test now


def test_a_file_that_is_missing_is_named(caplog):
    """A certificate, or credentials: the warning says which file it is."""
    with caplog.at_level(logging.WARNING, "otel_events"):
        ev.configure(nats={"url": "tls://127.0.0.1:9", "certificate": "/nowhere/ca.pem"}, ledger=False)
        ev.emit("evidence.added")
        wait_until(lambda: ev.stats().retries)
        ev.configure(nats={"url": "nats://127.0.0.1:9", "credentials": "/nowhere/app.creds"}, ledger=False)
        ev.emit("evidence.added")
        wait_until(lambda: "app.creds" in caplog.text)

    assert "No such file or directory" in caplog.text


def test_a_message_that_is_too_large_costs_itself_alone(folder):
    """What exceeds the server's max_payload is counted; what stood beside it arrives."""
    with running(nats_server(folder, max_payload=2048)) as server:
        configure(server, stream="EVENTS")
        for text in ("a", "b" * 4000, "c"):
            ev.emit("evidence.added", text=text)
        assert not ev.flush(PATIENCE)

        assert [said["attributes"]["text"] for _, said in stored(server, "EVENTS")] == ["a", "c"]
        assert ev.stats().dropped == {"nats_too_large": 1}


def test_a_stream_that_was_deleted_is_made_again(server):
    """Whoever deletes the stream loses what was in it, and nothing that comes."""
    configure(server, stream="EVENTS")
    ev.emit("evidence.added", number=1)
    assert ev.flush(PATIENCE)

    async def delete():
        client = await nats.connect(server.url)
        await client.jetstream().delete_stream("EVENTS")
        await client.close()

    asyncio.run(delete())
    ev.emit("evidence.added", number=2)
    wait_until(lambda: ev.flush(1))

    assert [said["attributes"]["number"] for _, said in stored(server, "EVENTS")] == [2]


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"url": "redis://user:pw@h"}, "must begin with nats://"),
        ({"url": "wss://user:pw@h"}, "NATS over WebSocket is not spoken"),
        ({"subject": "two words"}, "subject 'two words'"),
        ({"subject": "events.*"}, "words with dots between"),
        ({"subject": "a.{event}.b", "stream": "S"}, "at its end"),
    ],
)
def test_a_plan_that_cannot_work_says_why(values, word):
    """Mistakes are told at once, without the password."""
    with pytest.raises(ConfigurationError, match=word) as raised:
        Nats(**values)

    assert "pw" not in str(raised.value)


@pytest.mark.parametrize(("name", "subject"), [("a b.c*", "events.a_b.c_"), ("a..b", "events.a._.b")])
def test_a_name_that_is_no_subject_becomes_one(server, name, subject):
    """Blanks, wildcards and empty words of names do not keep an event from being published."""
    with Listener(server.url, "events.>") as listener:
        configure(server)
        ev.emit(name)
        assert ev.flush(PATIENCE)
        wait_until(lambda: listener.heard)

    assert [heard for heard, _ in listener.heard] == [subject]
