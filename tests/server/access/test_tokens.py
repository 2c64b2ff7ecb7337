"""Who gets in: by token, over handshakes, and what every answer has."""

from __future__ import annotations

import json

import httpx
import pytest

from otel_events.errors import ConfigurationError
from otel_events.server.access.access import Access
from otel_events.server.access.settings import AccessSettings
from otel_events.server.access.token import Token
from tests.server.guarded import BEARER, SECRET, serving
from tests.server.raw import ask, problem

# -- tokens ------------------------------------------------------------------------------------------------------------


def test_without_a_token_nothing_but_health_answers(server):
    """Page, API and streams say what to do; the health of the server is anybody's."""
    refused = httpx.get(f"{server.url}/api/who")

    assert refused.status_code == 401
    assert "--print-login" in refused.json()["error"]["problem"]
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert httpx.get(f"{server.url}/healthz").json()["way"] == "anyone"


def test_the_token_opens_everything_however_it_is_given(server):
    """In a header, or in the address of what cannot set headers."""
    assert httpx.get(f"{server.url}/api/who", headers=BEARER).json()["way"] == "token"
    assert httpx.get(f"{server.url}/api/who?token={SECRET}").json()["way"] == "token"


@pytest.mark.parametrize("wrong", ["x", SECRET[:-1], SECRET + "x", "ü" * 20, "x" * 10_000])
def test_no_other_token_opens_anything(server, wrong):
    """Neither a part of it nor something of any length or alphabet."""
    assert httpx.get(f"{server.url}/api/who", params={"token": wrong}).status_code == 401
    header = wrong.encode()
    assert httpx.get(f"{server.url}/api/who", headers={"Authorization": b"Bearer " + header}).status_code == 401


def test_programs_on_this_machine_send_without_ceremony(server):
    """What sends events over loopback needs no token."""
    assert httpx.post(f"{server.url}/v1/logs").json()["way"] == "loopback"


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For: 1.2.3.4", "Forwarded: for=1.2.3.4", "Via: 1.1 proxy", "X-Real-IP: 1.2.3.4"]
)
def test_what_a_proxy_on_this_machine_brings_is_not_from_this_machine(server, header):
    """A sender behind a proxy needs the token, though the connection comes over loopback."""
    name, value = header.split(": ")
    refused = httpx.post(f"{server.url}/v1/logs", headers={name: value})

    assert refused.status_code == 401
    assert "OTEL_EXPORTER_OTLP_HEADERS" in refused.json()["error"]["problem"]


def test_a_proxys_word_counts_only_if_it_is_trusted(server):
    """Who the client is, is believed of a trusted proxy alone; and then senders on this machine need the token too."""
    told = {**BEARER, "X-Forwarded-For": "203.0.113.7"}
    with serving(AccessSettings(proxies=("127.0.0.0/8",))) as behind:
        trusted = httpx.get(f"{behind.url}/api/who", headers=told).json()["client"]
        sender = httpx.post(f"{behind.url}/v1/logs").status_code

    assert trusted == "203.0.113.7"
    assert httpx.get(f"{server.url}/api/who", headers=told).json()["client"] == "127.0.0.1"
    assert sender == 401


def test_senders_elsewhere_need_the_token():
    """Over gRPC as over HTTP; what is on this machine does not."""
    access = Access(AccessSettings(), Token(SECRET))

    assert access.admits_sender("127.0.0.1")
    assert access.admits_sender("::1")
    assert access.admits_sender("::ffff:127.0.0.1")
    assert not access.admits_sender("192.0.2.1")
    assert not access.admits_sender("192.0.2.1", "Bearer wrong")
    assert access.admits_sender("192.0.2.1", f"Bearer {SECRET}")


@pytest.mark.parametrize("text", ["", "short", "x" * 5_000, "with spaces in it, many", "newline-in-the-middle\nof-it"])
def test_a_token_that_cannot_be_one_is_refused_at_the_start(text):
    """With the rule, and without the token itself in the message."""
    with pytest.raises(ConfigurationError, match="16 to") as caught:
        Token(text)

    assert not text or text not in str(caught.value)


# -- handshakes --------------------------------------------------------------------------------------------------------


def _handshake(server, path="/stream", **headers):
    return ask(
        server.port, path, Connection="Upgrade", Upgrade="websocket", Sec_WebSocket_Version="13",
        Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==", **headers,
    )  # fmt: skip


def test_the_handshake_of_a_stream_is_a_request_like_any_other(server, caplog):
    """Without token, from a foreign page, or by a foreign name there is none; the refusal says why, and is no error of ours."""
    assert problem(_handshake(server))[0] == 401
    assert problem(_handshake(server, f"/stream?token={SECRET}", Origin="https://evil.example"))[0] == 403
    assert problem(_handshake(server, f"/stream?token={SECRET}", host="evil.example"))[0] == 403
    assert caplog.records == []


def test_a_stream_opens_with_token_or_cookie(server, visitor):
    """For programs and for our own page."""
    from websockets.sync.client import connect

    address = server.url.replace("http", "ws") + "/stream"
    visitor.get(server.access.login_link(server.url))
    cookie = "; ".join(f"{key}={value}" for key, value in visitor.cookies.items())
    with connect(f"{address}?token={SECRET}") as stream:
        assert json.loads(stream.recv()) == {"way": "token"}
    with connect(address, additional_headers={"Cookie": cookie}, origin=server.url) as stream:
        assert json.loads(stream.recv()) == {"way": "cookie"}


def test_socket_io_may_bring_its_token_after_the_handshake(server):
    """So the handshake passes as anyone's; foreign pages and names are refused all the same."""
    assert httpx.get(f"{server.url}/socket.io/").json()["way"] == "anyone"
    assert httpx.get(f"{server.url}/socket.io/", headers={"Origin": "https://evil.example"}).status_code == 403
    assert ask(server.port, "/socket.io/", host="evil.example")[0] == 403


# -- what every answer has ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/who", "/healthz", "/nowhere", "/api/who?token=wrong"])
def test_every_answer_keeps_browsers_from_misusing_it(server, path):
    """Whatever it is, refusals among them."""
    headers = httpx.get(server.url + path, headers=BEARER if "wrong" not in path else {}).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "server" not in headers


def test_refusals_are_counted_by_reason(server):
    """So that their number can be shown."""
    before = server.refused.counts()
    httpx.get(f"{server.url}/api/who")
    ask(server.port, host="evil.example")
    httpx.get(f"{server.url}/api/who", headers={"Origin": "https://evil.example"})

    after = server.refused.counts()
    assert {reason: after[reason] - before.get(reason, 0) for reason in ("token", "host", "origin")} == {
        "token": 1,
        "host": 1,
        "origin": 1,
    }
