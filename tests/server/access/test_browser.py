"""Access as a real browser meets it: logging in, coming by a link, and what pages of others get."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from otel_events.server.access.settings import AccessSettings
from tests.server.guarded import SECRET, serving

pytestmark = pytest.mark.slow

ATTACK = """async (url) => {
  const tried = {};
  const ask = async (name, path, options) => {
    try { const answer = await fetch(url + path, options); tried[name] = answer.type === "opaque" ? "sent" : await answer.text(); }
    catch (error) { tried[name] = "refused"; }
  };
  await ask("read", "/api/who", {credentials: "include"});
  await ask("send", "/v1/logs", {method: "POST", mode: "no-cors", body: "{}"});
  await ask("token", "/api/who", {headers: {Authorization: "Bearer SECRET"}});
  tried.stream = await new Promise((done) => {
    const socket = new WebSocket(url.replace("http", "ws") + "/stream?token=SECRET");
    socket.onmessage = (message) => done(message.data);
    socket.onerror = () => done("refused");
  });
  tried.script = await new Promise((done) => {
    const script = document.createElement("script");
    script.onload = () => done("loaded");
    script.onerror = () => done("refused");
    script.src = url + "/api/who";
    document.head.append(script);
  });
  return tried;
}""".replace("SECRET", SECRET)


@pytest.fixture
def visitor(browser):
    """A browser's window that nobody has used before."""
    context = browser.new_context()
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def other():
    """A page of somebody else, under two names: with 127.0.0.1 it is the same site as our server, with localhost another."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"<!doctype html><title>other</title><a id=link>our page</a>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    port = server.server_address[1]
    yield SimpleNamespace(same_site=f"http://127.0.0.1:{port}", other_site=f"http://localhost:{port}")
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


def test_a_person_logs_in_by_the_token(server, visitor):
    """On the page that comes instead of ours; a wrong one is told."""
    visitor.goto(server.url)
    visitor.fill("input", "wrong")
    visitor.click("button")
    assert "not the server's token" in visitor.inner_text("[role=alert]")

    visitor.fill("input", SECRET)
    visitor.click("button")
    assert visitor.inner_text("body") == "the page"


def test_a_login_link_opens_the_page_and_no_script_sees_the_cookie(server, visitor):
    """Nor is anything secret left in the address."""
    visitor.goto(server.access.login_link(server.url))

    assert visitor.inner_text("body") == "the page"
    assert visitor.url == f"{server.url}/"
    assert visitor.evaluate("document.cookie") == ""


def test_a_link_on_another_site_opens_the_page_of_who_is_logged_in(server, visitor, other):
    """Though the browser keeps the strict cookie back at first; what the address says stays."""
    visitor.goto(server.access.login_link(server.url))
    visitor.goto(other.other_site)
    visitor.evaluate("address => { document.querySelector('#link').href = address; }", f"{server.url}/?a=b#tasks")
    visitor.click("#link")

    visitor.get_by_text("the page", exact=True).wait_for()
    assert visitor.url == f"{server.url}/?a=b&from=link#tasks"


def test_a_link_on_another_site_asks_who_is_not_logged_in(server, visitor, other):
    """Once, and not for ever."""
    visitor.goto(other.other_site)
    visitor.evaluate("address => { document.querySelector('#link').href = address; }", server.url)
    visitor.click("#link")

    visitor.wait_for_url("**/?from=link")
    visitor.get_by_text("A login is needed.").wait_for()


@pytest.mark.parametrize("place", ["same_site", "other_site"])
def test_a_page_of_somebody_else_gets_nothing(server, visitor, other, place):
    """Neither with the login of who visits it, nor with the token itself; and it cannot send either."""
    visitor.goto(server.access.login_link(server.url))
    visitor.goto(getattr(other, place))
    sent_before = server.refused.counts().get("origin", 0)

    tried = visitor.evaluate(ATTACK, server.url)
    assert set(tried.values()) == {"refused"}, tried
    assert server.refused.counts()["origin"] - sent_before == 4


def test_a_page_that_was_allowed_uses_the_token_alone(visitor, other):
    """Not the login of who visits it."""
    with serving(AccessSettings(origins=(other.other_site,))) as server:
        visitor.goto(server.access.login_link(server.url))
        visitor.goto(other.other_site)
        tried = visitor.evaluate(ATTACK, server.url)

    assert tried["read"] == "refused"
    assert '"way":"token"' in tried["token"]
    assert '"way":"token"' in tried["stream"]
