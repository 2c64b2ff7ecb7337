"""Logging in to the server's page, and out."""

from __future__ import annotations

import re

import httpx
import pytest

from otel_events.server.access.login import CODE_SECONDS
from tests.server.guarded import SECRET, serving
from tests.server.raw import ask


def test_a_login_link_ends_in_a_cookie_that_no_script_and_no_other_site_gets(server, visitor):
    """The link logs in; the cookie opens page and API; the address has no secret left in it."""
    answer = visitor.get(server.access.login_link(server.url))

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(
        rf"otel_events_{server.port}=[\w.\-]+; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict", cookie
    )
    assert visitor.get("/").text == "<p>the page</p>"
    assert visitor.get("/api/who").json()["way"] == "cookie"


def test_a_login_link_is_good_once(server, visitor):
    """Whoever finds it in a history or a chat later has nothing."""
    link = server.access.login_link(server.url)
    visitor.get(link)

    again = httpx.get(link, headers={"Accept": "text/html"})
    assert again.status_code == 401
    assert "used before" in again.text
    assert "set-cookie" not in again.headers


def test_a_used_link_leads_who_is_in_to_the_page(server, visitor):
    """To open it again, in the browser that it logged in, is no mistake; a POST without the token is one still."""
    link = server.access.login_link(server.url)
    visitor.get(link)

    again = visitor.get(link, headers={"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"})

    assert (again.status_code, again.headers["location"]) == (303, "/")
    assert visitor.post("/login", data={"token": "wrong"}).status_code == 401


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


def test_the_token_in_the_pages_address_logs_in_and_goes_from_the_address(server, visitor):
    """What else is in the address stays."""
    answer = visitor.get(f"/?token={SECRET}&view=tasks")

    assert (answer.status_code, answer.headers["location"]) == (303, "/?view=tasks")
    assert visitor.get("/api/who").json()["way"] == "cookie"


def test_no_address_leads_elsewhere_after_the_login(server):
    """A path that begins with two slashes is no address of another host."""
    _, headers, _ = ask(server.port, f"//evil.example/x?token={SECRET}", Accept="text/html")

    assert headers["location"] == "/evil.example/x"


def test_a_person_without_a_login_gets_a_page_that_helps(server, visitor):
    """It says how to log in, takes the token, has no script, and fits its own policy."""
    page = visitor.get("/")

    assert page.status_code == 401
    assert "otel-events serve --print-login" in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "script-src" not in page.headers["content-security-policy"]

    wrong = visitor.post("/login", data={"token": "wrong"}, headers={"Origin": server.url})
    assert wrong.status_code == 401
    assert "not the server&#x27;s token" in wrong.text

    right = visitor.post("/login", data={"token": f" {SECRET} "}, headers={"Origin": server.url})
    assert right.status_code == 303
    assert visitor.get("/").text == "<p>the page</p>"


def test_logging_out_ends_the_cookie(server, visitor):
    """In this browser; another token ends all of them."""
    visitor.get(server.access.login_link(server.url))
    answer = visitor.post("/logout", headers={"Origin": server.url})

    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert visitor.get("/api/who").status_code == 401


def test_a_cookie_is_good_for_one_server_and_for_as_long_as_it_says(server, visitor):
    """Neither another port's cookie, nor one with another date, nor one signed with another token."""
    visitor.get(server.access.login_link(server.url))
    name, value = next(iter(visitor.cookies.items()))
    expires, signature = value.split(".")

    def status(cookie):
        return httpx.get(f"{server.url}/api/who", headers={"Cookie": cookie}).status_code

    assert status(f"a=b; {name}={value}; c=d") == 200
    assert status(f"{name}={int(expires) + 1}.{signature}") == 401
    assert status(f"otel_events_1={value}") == 401
    with serving(token="another-horse-battery-staple") as other:
        answer = httpx.get(f"{other.url}/api/who", headers={"Cookie": f"otel_events_{other.port}={value}"})
    assert answer.status_code == 401
