"""Events posted as JSON, against a real receiver in a process of its own."""

import base64
import hashlib
import hmac
import json
import logging

import pytest
import trustme

import otel_events as ev
from otel_events.errors import ConfigurationError
from otel_events.sinks import Webhook
from tests.fresh import assert_accounted, fresh  # noqa: F401
from tests.message_servers import PATIENCE, TlsFiles, WebhookReceiver, running, wait_until
from tests.program import run_program
from tests.sinks.restarts import emit_over_restarts

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh")]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "hook").mkdir()
    return tmp_path / "hook"


@pytest.fixture
def receiver(folder):
    with running(WebhookReceiver(folder)) as receiver:
        yield receiver


def configure(receiver, **more):
    ev.configure(webhook={"url": receiver.url} | more, ledger=False)


def numbers(receiver):
    return [said["attributes"]["number"] for said in receiver.taken()]


def test_each_event_is_posted_as_an_object(receiver):
    """One request for each event, in order: the line of the ledger, with the headers that were given."""
    configure(receiver, headers={"X-Team": "observers"})
    for number in range(3):
        ev.emit("evidence.added", number=number)
    assert ev.flush(PATIENCE)

    assert numbers(receiver) == [0, 1, 2]
    first = receiver.requests()[-1]
    assert (first["headers"]["content-type"], first["headers"]["x-team"]) == ("application/json", "observers")
    assert "webhook-signature" not in first["headers"]


@pytest.mark.room
def test_a_batch_is_posted_as_an_array(receiver):
    """With `batch` there are arrays of up to so many, in order."""
    configure(receiver, batch=100)
    for number in range(250):
        ev.emit("evidence.added", number=number)
    assert ev.flush(PATIENCE)

    assert numbers(receiver) == list(range(250))
    sizes = [len(json.loads(request["body"])) for request in receiver.requests()]
    assert max(sizes) <= 100
    assert len(sizes) <= 10


def test_a_function_shapes_what_is_posted(receiver):
    """What the receiver wants is what it gets; None leaves an event out."""

    def shape(line):
        return {"text": f"{line['event']}: {line['message']}"} if line["event"].startswith("alert.") else None

    ev.configure(sink=Webhook(receiver.url, shape=shape, name="chat"))
    ev.emit("alert.triggered", "Proxy port not responding", port=18091)
    ev.emit("evidence.added")
    assert ev.flush(PATIENCE)

    assert receiver.taken() == [{"text": "alert.triggered: Proxy port not responding"}]
    assert ev.stats().dropped == {"chat_left_out": 2}


@pytest.mark.parametrize("secret", ["a plain secret", "whsec_" + base64.b64encode(b"a key of 24 bytes or so").decode()])
def test_a_signature_says_who_posted(receiver, secret):
    """Requests are signed by the convention of Standard Webhooks; the id stays the same when one is sent again."""
    receiver.script("500")
    configure(receiver, secret=secret)
    ev.emit("evidence.added", text="ä")
    wait_until(lambda: ev.flush(1))

    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    for request in receiver.requests():
        headers = request["headers"]
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{request['body']}"
        wanted = base64.b64encode(hmac.new(key, signed.encode(), hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{wanted}"
    again = [request["headers"]["webhook-id"] for request in receiver.requests()]
    assert again[0] == again[1]


@pytest.mark.parametrize("trouble", ["500", "503", "429", "408", "close"])
def test_troubles_that_pass_delay_and_lose_nothing(receiver, trouble):
    """A request that was not taken is sent again until it is, and those behind it wait: the order stays."""
    receiver.script(trouble, trouble)
    configure(receiver)
    for number in range(5):
        ev.emit("evidence.added", number=number)
    wait_until(lambda: ev.flush(1))

    assert numbers(receiver) == list(range(5))
    assert_accounted(ev.stats(), "webhook")


def test_the_receiver_chooses_the_wait(receiver):
    """After 429 with Retry-After the next attempt comes no earlier."""
    receiver.script("429:1")
    configure(receiver)
    ev.emit("evidence.added", number=1)
    wait_until(lambda: numbers(receiver) == [1])

    first, second = receiver.requests()[:2]
    assert second["at"] - first["at"] >= 1


def test_a_receiver_that_hangs_is_given_up_after_the_timeout(receiver):
    """No answer in time is a trouble that passes."""
    receiver.script("hang")
    configure(receiver, timeout=0.3)
    ev.emit("evidence.added", number=1)
    wait_until(lambda: ev.flush(1))

    assert set(numbers(receiver)) == {1}  # twice, where a busy machine answers too late
    assert ev.stats().retries >= 1


@pytest.mark.parametrize("refusal", ["400", "401", "404", "302"])
def test_a_refusal_is_told_counted_and_kept(receiver, refusal, caplog):
    """What the receiver will never take is not sent again: it is in a file, and the warning says which."""
    receiver.script(refusal)
    with caplog.at_level(logging.WARNING, "otel_events"):
        ev.configure(sink=Webhook(receiver.url, shape=lambda line: line if line["event"] == "evidence.added" else None))
        ev.emit("evidence.added", number=1)
        assert not ev.flush(PATIENCE)
        ev.emit("evidence.added", number=2)
        assert ev.flush(PATIENCE)

    assert numbers(receiver) == [2]
    assert ev.stats().dropped["webhook_refused"] == 1
    assert f"HTTP {refusal}" in caplog.text
    assert "quarantine" in caplog.text


def test_what_is_too_large_goes_in_halves(receiver):
    """After 413 an array is sent in smaller ones."""
    receiver.script("413", "413")
    configure(receiver, batch=64)
    for number in range(16):
        ev.emit("evidence.added", number=number)
    wait_until(lambda: ev.flush(1))

    assert numbers(receiver) == list(range(16))


@pytest.mark.room
def test_nothing_is_lost_over_restarts_under_load(receiver):
    """Killed and started again while two threads emit, the receiver has every event in the end, in order."""
    configure(receiver, batch=50, timeout=1)
    emit_over_restarts(receiver, "webhook", workers=2, pause=0.001)

    seen = {}
    for said in receiver.taken():
        seen.setdefault(said["uid"], (said["attributes"]["worker"], said["attributes"]["number"]))
    assert len(seen) == ev.stats().emitted
    assert_accounted(ev.stats(), "webhook")
    for worker in range(2):
        mine = [number for by, number in seen.values() if by == worker]
        assert mine == list(range(len(mine)))


def test_the_end_of_a_program_does_not_wait_for_a_receiver_that_hangs(receiver, tmp_path):
    """The exit keeps its deadline; the next program of the service posts what was left."""
    receiver.script(*["hang"] * 3)
    source = """
        import time
        ev.configure(service_name="t", webhook={"url": sys.argv[1]}, ledger=False)
        ev.emit("evidence.added", number=1)
        began = time.monotonic()
        safe = ev.shutdown(1.0)
        print(json.dumps([time.monotonic() - began < 5, ev.stats().spooled > 0]))
    """
    assert run_program(source, tmp_path, receiver.url).said == [True, True]

    receiver.script()
    run_program(
        'ev.configure(service_name="t", webhook={"url": sys.argv[1]}, ledger=False); ev.emit("a.b"); ev.flush(5)',
        tmp_path,
        receiver.url,
    )

    wait_until(lambda: 1 in {said["attributes"].get("number") for said in receiver.taken()})


def test_tls(folder, tmp_path, caplog):
    """`https://` trusts the authority that is given, and tells a receiver that it does not trust nothing."""
    tls = TlsFiles(tmp_path, trustme.CA())
    with running(WebhookReceiver(folder, tls=tls)) as receiver:
        with caplog.at_level(logging.WARNING, "otel_events"):
            configure(receiver)
            ev.emit("evidence.added", number=1)
            wait_until(lambda: "certificate" in caplog.text)
        assert receiver.requests() == []

        configure(receiver, certificate=str(tls.ca))

        wait_until(lambda: numbers(receiver) == [1])


def test_by_the_environment_alone(receiver, tmp_path):
    """Variables say it all to a program that configures nothing; its ledger stays beside."""
    ran = run_program(
        'ev.emit("alert.triggered", "Down", number=1); ev.emit("evidence.added"); print(json.dumps(ev.flush()))',
        tmp_path,
        OTEL_EVENTS_WEBHOOK_URL=receiver.url,
        OTEL_EVENTS_WEBHOOK_HEADERS="Authorization=Bearer%20t0p",
        OTEL_EVENTS_ROUTES="alert.*=webhook+ledger",
    )

    assert (ran.code, ran.err) == (0, "")
    assert numbers(receiver) == [1]
    assert receiver.requests()[0]["headers"]["authorization"] == "Bearer t0p"
    assert [line["event"] for line in ran.default_ledger] == ["alert.triggered", "evidence.added"]


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"url": "ftp://user:pw@h"}, "must start with http"),
        ({"url": "http://h", "batch": 0}, "batch 0"),
        ({"url": "http://h", "secret": "whsec_p!w"}, "base64"),
        ({"url": "http://h", "headers": {"a b": "pw"}}, "header name"),
    ],
)
def test_a_plan_that_cannot_work_says_why(values, word):
    """Mistakes are told at once, without a secret."""
    with pytest.raises(ConfigurationError, match=word) as raised:
        Webhook(**values)

    assert "pw" not in str(raised.value)


def test_a_plan_shows_no_secret():
    """What is printed and logged names the place alone."""
    shown = repr(Webhook("https://user:pw@h/x?token=pw", headers={"a": "pw"}, secret="pw"))

    assert shown == "Webhook('https://h:443/x', batch=1)"
