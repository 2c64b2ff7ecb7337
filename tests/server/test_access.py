"""Who gets in: by token, login link and cookie, and from which pages."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from otel_events.errors import ConfigurationError
from otel_events.server.access.access import Access
from otel_events.server.access.login import CODE_SECONDS
from otel_events.server.access.settings import AccessSettings
from otel_events.server.access.token import Token
from tests.server.guarded import SECRET, serving
from tests.server.raw import ask, problem, send

BEARER = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def shared():
    with serving(
        AccessSettings(hosts=("events.example",), origins=("https://page.example", "http://LOCALHOST:3000"))
    ) as running:
        yield running


@pytest.fixture
def browser(server):
    with httpx.Client(base_url=server.url, headers={"Accept": "text/html"}) as client:
        yield client


# --- tokens


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


# --- logging in


def test_a_login_link_ends_in_a_cookie_that_no_script_and_no_other_site_gets(server, browser):
    """The link logs in; the cookie opens page and API; the address has no secret left in it."""
    answer = browser.get(server.access.login_link(server.url))

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(
        rf"otel_events_{server.port}=[\w.\-]+; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict", cookie
    )
    assert browser.get("/").text == "<p>the page</p>"
    assert browser.get("/api/who").json()["way"] == "cookie"


def test_a_login_link_is_good_once(server, browser):
    """Whoever finds it in a history or a chat later has nothing."""
    link = server.access.login_link(server.url)
    browser.get(link)

    again = httpx.get(link, headers={"Accept": "text/html"})
    assert again.status_code == 401
    assert "used before" in again.text
    assert "set-cookie" not in again.headers


def test_a_used_link_leads_who_is_in_to_the_page(server, browser):
    """To open it again, in the browser that it logged in, is no mistake; a POST without the token is one still."""
    link = server.access.login_link(server.url)
    browser.get(link)

    again = browser.get(link, headers={"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"})

    assert (again.status_code, again.headers["location"]) == (303, "/")
    assert browser.post("/login", data={"token": "wrong"}).status_code == 401


def test_a_login_link_is_good_for_minutes_only():
    """And one that an earlier run has made ends with that run, which alone knew whether it was used."""
    now = [1_000_000.0]
    with serving(clock=lambda: now[0]) as first:
        late, early = first.access.login_link(first.url), first.access.login_link(first.url)
        now[0] += CODE_SECONDS + 1
        assert "too old" in httpx.get(late).json()["error"]["problem"]

    now[0] -= CODE_SECONDS - 10
    with serving(clock=lambda: now[0]) as second:
        assert "too old" in httpx.get(early.replace(first.url, second.url)).json()["error"]["problem"]


@pytest.mark.parametrize("code", ["x", "1.2.3", "9" * 15 + "." + "A" * 22 + "." + "A" * 43])
def test_an_invented_code_logs_nobody_in(server, code):
    """Only who has the token can make one."""
    answer = httpx.get(f"{server.url}/login", params={"code": code})

    assert answer.status_code == 401
    assert "no login link of this server" in answer.json()["error"]["problem"]


def test_the_token_in_the_pages_address_logs_in_and_goes_from_the_address(server, browser):
    """What else is in the address stays."""
    answer = browser.get(f"/?token={SECRET}&view=tasks")

    assert (answer.status_code, answer.headers["location"]) == (303, "/?view=tasks")
    assert browser.get("/api/who").json()["way"] == "cookie"


def test_no_address_leads_elsewhere_after_the_login(server):
    """A path that begins with two slashes is no address of another host."""
    _, headers, _ = ask(server.port, f"//evil.example/x?token={SECRET}", Accept="text/html")

    assert headers["location"] == "/evil.example/x"


def test_a_person_without_a_login_gets_a_page_that_helps(server, browser):
    """It says how to log in, takes the token, has no script, and fits its own policy."""
    page = browser.get("/")

    assert page.status_code == 401
    assert "otel-events serve --print-login" in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "script-src" not in page.headers["content-security-policy"]

    wrong = browser.post("/login", data={"token": "wrong"}, headers={"Origin": server.url})
    assert wrong.status_code == 401
    assert "not the server&#x27;s token" in wrong.text

    right = browser.post("/login", data={"token": f" {SECRET} "}, headers={"Origin": server.url})
    assert right.status_code == 303
    assert browser.get("/").text == "<p>the page</p>"


def test_logging_out_ends_the_cookie(server, browser):
    """In this browser; another token ends all of them."""
    browser.get(server.access.login_link(server.url))
    answer = browser.post("/logout", headers={"Origin": server.url})

    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert browser.get("/api/who").status_code == 401


def test_a_cookie_is_good_for_one_server_and_for_as_long_as_it_says(server, browser):
    """Neither another port's cookie, nor one with another date, nor one signed with another token."""
    browser.get(server.access.login_link(server.url))
    name, value = next(iter(browser.cookies.items()))
    expires, signature = value.split(".")

    def status(cookie):
        return httpx.get(f"{server.url}/api/who", headers={"Cookie": cookie}).status_code

    assert status(f"a=b; {name}={value}; c=d") == 200
    assert status(f"{name}={int(expires) + 1}.{signature}") == 401
    assert status(f"otel_events_1={value}") == 401
    with serving(token="another-horse-battery-staple") as other:
        answer = httpx.get(f"{other.url}/api/who", headers={"Cookie": f"otel_events_{other.port}={value}"})
    assert answer.status_code == 401


# --- hosts: DNS rebinding


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


# --- origins: pages of others


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
def test_pages_of_others_can_use_nothing(server, browser, origin):
    """No cookie, no token and no events from them, not even without reading the answer."""
    browser.get(server.access.login_link(server.url))

    assert browser.post("/v1/logs", headers={"Origin": origin}).status_code == 403
    assert browser.get("/api/who", headers={"Origin": origin, **BEARER}).status_code == 403
    assert browser.post("/login", data={"token": SECRET}, headers={"Origin": origin}).status_code == 403
    refused = browser.get("/api/who", headers={"Origin": origin})
    assert "--allow-origin" in refused.json()["error"]["problem"]
    assert "access-control-allow-origin" not in refused.headers


def test_another_port_of_this_host_cannot_use_the_cookie(server, browser):
    """To a browser it is the same site: the cookie comes along, with what a page embeds there."""
    browser.get(server.access.login_link(server.url))

    embedded = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}
    assert browser.get("/api/who", headers=embedded).status_code == 401
    followed = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}
    assert browser.get("/", headers=followed).status_code == 200


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


# --- handshakes


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


def test_a_stream_opens_with_token_or_cookie(server, browser):
    """For programs and for our own page."""
    from websockets.sync.client import connect

    address = server.url.replace("http", "ws") + "/stream"
    browser.get(server.access.login_link(server.url))
    cookie = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
    with connect(f"{address}?token={SECRET}") as stream:
        assert json.loads(stream.recv()) == {"way": "token"}
    with connect(address, additional_headers={"Cookie": cookie}, origin=server.url) as stream:
        assert json.loads(stream.recv()) == {"way": "cookie"}


def test_socket_io_may_bring_its_token_after_the_handshake(server):
    """So the handshake passes as anyone's; foreign pages and names are refused all the same."""
    assert httpx.get(f"{server.url}/socket.io/").json()["way"] == "anyone"
    assert httpx.get(f"{server.url}/socket.io/", headers={"Origin": "https://evil.example"}).status_code == 403
    assert ask(server.port, "/socket.io/", host="evil.example")[0] == 403


# --- what every answer has


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
