"""`spool drain` and `spool quarantine --resend` for what waits for Redis, NATS and webhooks."""

import json

import pytest

from tests.message_servers import WebhookReceiver, running
from tests.program import run_program

pytestmark = pytest.mark.slow

EMIT = """
import time
ev.configure(service_name="t", ledger=False, webhook={"url": sys.argv[1], "batch": int(sys.argv[2])})
for number in range(5):
    ev.emit("evidence.added", number=number)
"""
# However busy this machine is: all is on disk before the time for the network begins.
LEFT = """
while ev.stats().spooled < 6:  # the writer's first word is among them
    time.sleep(0.01)
ev.shutdown(30)
"""


@pytest.fixture
def receiver(tmp_path):
    (tmp_path / "hook").mkdir()
    return WebhookReceiver(tmp_path / "hook")


def numbers(receiver):
    return [said["attributes"]["number"] for said in receiver.taken()]


def test_what_waits_is_sent_by_the_settings_of_its_sink(process, receiver, tmp_path):
    """A spool of a webhook is drained to the webhook that the environment names, and to no other."""
    run_program(EMIT + LEFT, tmp_path, receiver.url, "10")
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    with running(receiver):
        nameless = process("spool", "drain", **state)
        other = process("spool", "drain", **state, OTEL_EVENTS_WEBHOOK_URL=f"{receiver.url}/other")
        right = process("spool", "drain", "--json", **state, OTEL_EVENTS_WEBHOOK_URL=receiver.url)

        assert (nameless.returncode, other.returncode, right.returncode) == (1, 1, 0), right.stderr
        assert "of the sink 'webhook': set its OTEL_EVENTS_WEBHOOK_URL" in nameless.stdout
        assert numbers(receiver) == list(range(5))
        (told,) = json.loads(right.stdout)
        assert (told["accepted"], told["left"]) == (7, 0)  # the writer's own two among them


def test_what_was_refused_can_be_sent_again(process, receiver, tmp_path):
    """Requests in quarantine go out once the receiver has been mended."""
    with running(receiver):
        receiver.script(*["404"] * 20)
        run_program(EMIT + "ev.shutdown(30)", tmp_path, receiver.url, "10")
        before = numbers(receiver)
        receiver.script()
        found = {"XDG_STATE_HOME": str(tmp_path / "state"), "OTEL_EVENTS_WEBHOOK_URL": receiver.url}
        ran = process("spool", "quarantine", "--resend", **found, OTEL_EVENTS_WEBHOOK_BATCH="10")

        assert (before, ran.returncode) == ([], 0), ran.stdout + ran.stderr
        assert sorted(numbers(receiver)) == list(range(5))


def test_a_batch_that_was_left_is_posted_as_the_settings_now_say(receiver, tmp_path):
    """Five events that wait as one request become five where each is to have its own."""
    run_program(EMIT + LEFT, tmp_path, receiver.url, "10")
    wait = """
        import time
        ev.configure(service_name="t", ledger=False, webhook={"url": sys.argv[1]})
        ev.emit("evidence.added", number=5)
        while ev.stats().adopted < 7 or ev.stats().spooled:
            time.sleep(0.02)
    """
    with running(receiver):
        ran = run_program(wait, tmp_path, receiver.url)

        assert ran.code == 0, ran.err
        assert all(isinstance(json.loads(request["body"]), dict) for request in receiver.requests())
        assert sorted(numbers(receiver)) == list(range(6))
