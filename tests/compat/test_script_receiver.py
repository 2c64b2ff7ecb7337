"""The small collector for tests of scripts: what it takes, how often, and what it says of it."""

import json
import logging
import socket
import urllib.error
import urllib.request

import pytest

from otel_events.compat.script_limits import ScriptLimits
from otel_events.compat.script_receiver import ScriptReceiver, main


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def receiver():
    with ScriptReceiver(port=0) as receiver:
        yield receiver


def envelope(sid="s-1", fingerprint="f-1", signal="script_error"):
    metadata = {"stimulus_id": sid, "stack_fingerprint": fingerprint, "signal_type": signal}
    return {"type": "membrane.inject", "content": "x", "metadata": metadata}


def ask(url, body=None, **headers):
    """Return status and answer."""
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_an_envelope_is_published_kept_and_logged(receiver, caplog):
    """The line that runbooks look for, and the envelope for the test that asks; nothing in it makes lines of its own."""
    caplog.set_level(logging.INFO)
    assert ask(receiver.url, envelope("s-1\nforged"))[0] == 200

    assert [one["metadata"]["stack_fingerprint"] for one in receiver.published] == ["f-1"]
    assert [record.getMessage() for record in caplog.records] == ["Published membrane.inject sid=s-1 forged"]


def test_an_answer_comes_in_one_piece(receiver):
    """Of two pieces the second would wait for the client's word of the first: 40 ms for each envelope of a script."""
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=30) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = connection.recv(65536)

    assert answer.endswith(b"}")


def test_health_tells_the_counts(receiver):
    """What runbooks ask with curl."""
    ask(receiver.url, envelope())
    ask(receiver.url, b"no envelope")

    assert ask(receiver.url.replace("/ingest", "/health")) == (
        200,
        {"status": "ok", "published": 1, "limited": 0, "refused": 1},
    )


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"[]", {}, 400),
        (b"{}", {}, 400),
        (b'{"type": "other", "metadata": {}}', {}, 400),
        (b'{"type": "membrane.inject", "metadata": 5}', {}, 400),
        (b"[" * 60_000, {}, 400),
        (b"x" * (64 * 1024 + 1), {}, 413),
        (json.dumps(envelope()).encode(), {"Origin": "http://example.com"}, 403),
    ],
    ids=["empty", "list", "bare", "type", "metadata", "deep", "large", "web page"],
)
def test_what_is_no_envelope_is_refused(receiver, body, headers, status):
    """With the status that tells a client not to send it again; the next one is taken as ever."""
    try:
        assert ask(receiver.url, body, **headers)[0] == status
    except OSError:  # too large: answered before it was read, and the connection closed
        assert status in {403, 413}

    assert ask(receiver.url, envelope())[0] == 200
    assert len(receiver.published) == 1


def test_limits_hold_over_all_scripts_and_are_logged(caplog):
    """One error of a fingerprint in ten seconds, whoever sends it; another fingerprint passes."""
    caplog.set_level(logging.INFO)
    with ScriptReceiver(port=0, limits=ScriptLimits(signal_seconds=0)) as receiver:
        answers = [ask(receiver.url, envelope(f"s-{n}", f"f-{n // 2}"))[1]["status"] for n in range(4)]

    assert answers == ["published", "limited", "published", "limited"]
    said = [record.getMessage() for record in caplog.records]
    assert said[1].startswith("FingerprintRateLimit f-0 cooling down")


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 9.0), (0.5, 10.0), (1.0, 11.0)])
def test_a_fingerprint_cools_down_for_ten_seconds_give_or_take_a_tenth(chance, seconds):
    """Chance spreads what would come back in one instant."""
    clock = Clock()
    limits = ScriptLimits(signal_seconds=0, clock=clock, chance=lambda: chance)
    assert limits.refusal("f", "s") is None

    clock.now += seconds - 0.01
    assert limits.refusal("f", "s") is not None
    clock.now += 0.02
    assert limits.refusal("f", "s") is None


def test_a_signal_type_passes_once_in_fifteen_seconds():
    """Whatever its fingerprint; what was refused does not count."""
    clock = Clock()
    limits = ScriptLimits(clock=clock, chance=lambda: 0.5)

    assert limits.refusal("f-1", "script_error") is None
    assert limits.refusal("f-2", "script_error").startswith("SignalRateLimit script_error cooling down")
    assert limits.refusal("f-3", "other") is None
    clock.now += 15.01
    assert limits.refusal("f-2", "script_error") is None


def test_a_port_that_is_taken_is_told(receiver):
    """In a sentence, not in a traceback."""
    with pytest.raises(SystemExit, match="is another collector running"):
        main(["--port", str(receiver.port)])
