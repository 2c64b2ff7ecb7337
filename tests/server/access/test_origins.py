"""Names that the server is called by, and pages of others."""

from __future__ import annotations

import httpx
import pytest

from otel_events.errors import ConfigurationError
from otel_events.server.access.access import Access
from otel_events.server.access.settings import AccessSettings
from otel_events.server.access.token import Token
from tests.server.guarded import BEARER, SECRET, serving
from tests.server.raw import ask, problem, send


@pytest.fixture(scope="module")
def shared():
    with serving(
        AccessSettings(hosts=("events.example",), origins=("https://page.example", "http://LOCALHOST:3000"))
    ) as running:
        yield running


# -- hosts: DNS rebinding ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:5001",
        "localhost.evil.example",
        "",
        "a b",
        "127.0.0.1.evil.example",
        "[::1",
        "user@localhost",
    ],
)
def test_a_name_that_somebody_points_at_this_machine_is_refused(server, host):
    """Even with the token, and for senders as well: the page behind it is not ours."""
    status, said = problem(ask(server.port, host=host, **BEARER))

    assert status == 403
    assert "--allow-host" in said
    assert ask(server.port, "/v1/logs", method="POST", host=host)[0] == 403
    assert ask(server.port, "/healthz", host=host)[0] == 403


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:1",
        "localhost.",
        "app.localhost:5001",
        "127.0.0.1",
        "127.3.2.1:80",
        "[::1]:5001",
        "192.168.1.5",
    ],
)
def test_loopback_names_and_addresses_are_the_servers_own(server, host):
    """Nobody can point an address at another machine."""
    assert ask(server.port, host=host, **BEARER)[0] == 200


def test_other_names_are_allowed_by_name(shared):
    """And nothing that only looks like them."""
    assert ask(shared.port, host="events.example", **BEARER)[0] == 200
    assert ask(shared.port, host="EVENTS.example.:5001", **BEARER)[0] == 200
    assert ask(shared.port, host="x.events.example", **BEARER)[0] == 403


def test_a_request_says_one_host(server):
    """Two of them, or none, could mean one to us and another to somebody in between."""
    for hosts in (b"Host: localhost\r\nHost: evil.example\r\n", b""):
        status, headers, _ = send(
            server.port,
            b"GET /api/who?token=" + SECRET.encode() + b" HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n",
        )
        assert status == 403, headers


# -- origins: pages of others ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1:1",
        "http://localhost",
        "null",
        "file://",
        "http://127.0.0.1@evil.example",
    ],
)
def test_pages_of_others_can_use_nothing(server, visitor, origin):
    """No cookie, no token and no events from them, not even without reading the answer."""
    visitor.get(server.access.login_link(server.url))

    assert visitor.post("/v1/logs", headers={"Origin": origin}).status_code == 403
    assert visitor.get("/api/who", headers={"Origin": origin, **BEARER}).status_code == 403
    assert visitor.post("/login", data={"token": SECRET}, headers={"Origin": origin}).status_code == 403
    refused = visitor.get("/api/who", headers={"Origin": origin})
    assert "--allow-origin" in refused.json()["error"]["problem"]
    assert "access-control-allow-origin" not in refused.headers


def test_another_port_of_this_host_cannot_use_the_cookie(server, visitor):
    """To a browser it is the same site: the cookie comes along, with what a page embeds there."""
    visitor.get(server.access.login_link(server.url))

    embedded = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}
    assert visitor.get("/api/who", headers=embedded).status_code == 401
    followed = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}
    assert visitor.get("/", headers=followed).status_code == 200


def test_an_allowed_page_uses_the_token_and_never_the_cookie(shared):
    """It asks before it sends, and may read the answers."""
    origin = {"Origin": "https://page.example"}
    asked = httpx.options(
        f"{shared.url}/api/who",
        headers={**origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"},
    )
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == "https://page.example"
    assert "authorization" in asked.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in asked.headers

    read = httpx.get(f"{shared.url}/api/who", headers={**origin, **BEARER})
    assert read.json()["way"] == "token"
    assert read.headers["access-control-allow-origin"] == "https://page.example"
    assert "Origin" in read.headers["vary"]

    with httpx.Client(base_url=shared.url) as client:
        client.get(shared.access.login_link(shared.url))
        assert client.get("/api/who").json()["way"] == "cookie"
        assert client.get("/api/who", headers=origin).status_code == 401


def test_a_page_that_was_not_allowed_is_told_so_before_it_sends(shared):
    """Its browser sends nothing then."""
    asked = httpx.options(
        f"{shared.url}/api/who", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    )

    assert asked.status_code == 400
    assert "access-control-allow-origin" not in asked.headers


def test_a_page_that_was_allowed_may_send_events_from_this_machine(shared):
    """As programs on this machine may, however its origin was spelled when it was allowed."""
    sent = httpx.post(f"{shared.url}/v1/logs", headers={"Origin": "http://localhost:3000"})

    assert sent.json()["way"] == "loopback"
    assert sent.headers["access-control-allow-origin"] == "http://localhost:3000"


@pytest.mark.parametrize(("field", "value", "cure"), [
    ("hosts", "https://x.example", "say 'events.example'"),
    ("origins", "page.example", "say 'https://page.example'"),
    ("origins", "https://page.example/path", "say 'https://page.example'"),
    ("proxies", "proxy.example", "say '10.0.0.1'"),
])  # fmt: skip
def test_what_cannot_be_a_host_an_origin_or_a_proxy_is_told_at_the_start(field, value, cure):
    """With what would be right."""
    with pytest.raises(ConfigurationError, match=cure):
        Access(AccessSettings(**{field: (value,)}), Token(SECRET))
