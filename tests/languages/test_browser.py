"""The JavaScript module in Chromium: from a page of another origin, and when the page goes away."""

from __future__ import annotations

import http.server
import json
import threading

import pytest

from tests.languages.speaking import LANGUAGES, events_of
from tests.server.served import serving
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.slow

PAGE = '<!doctype html><script type="module">import * as ev from "/otel-events.js"; window.ev = ev; window.isReady = true;</script>'


class Site:
    """Serves the module and an empty page that has it, and takes what is posted here."""

    def __init__(self):
        self.posted = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                path = LANGUAGES / "javascript" / handler.path.strip("/")
                body = path.read_bytes() if handler.path.endswith(".js") and path.is_file() else PAGE.encode()
                handler.send_response(200)
                handler.send_header(
                    "Content-Type", "text/javascript" if handler.path.endswith(".js") else "text/html; charset=utf-8"
                )
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)

            def do_POST(handler):
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                self.posted.append((handler.path, handler.headers["Content-Type"], json.loads(body)))
                handler.send_response(200)
                handler.send_header("Content-Length", "2")
                handler.end_headers()
                handler.wfile.write(b"{}")

            def log_message(handler, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def site():
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield site
    site.server.shutdown()
    site.server.server_close()
    thread.join(5)


@pytest.fixture(scope="module")
def server(site, tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), "--allow-origin", site.url) as running:
        yield running


@pytest.fixture
def page(browser, site):
    context = browser.new_context()
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(f"{site.url}/")
    page.wait_for_function("window.isReady")
    yield page
    context.close()


def test_a_page_of_another_origin_sends_events_and_a_task(page, server):
    """With `--allow-origin` a page's events and spans arrive, its task holding for what `t.event` says after a wait."""
    page.evaluate(
        """async ([endpoint]) => {
            ev.configure({ serviceName: "by-page", endpoint });
            ev.bind({ persona: "visitor" });
            await ev.task("checkout", { task_id: "c-1" }, async (t) => {
                ev.event("cart.opened", { items: 2 });
                await new Promise((done) => setTimeout(done, 5));
                t.event("cart.paid", { total: 9.5 });
            });
            if (!(await ev.flush(20000))) throw new Error("not taken");
        }""",
        [server.otlp],
    )

    events = events_of(server, "by-page", count=4)
    assert [(event["event"], event.get("task_id"), event["persona"]) for event in events] == [
        ("task.started", "c-1", "visitor"),
        ("cart.opened", "c-1", "visitor"),
        ("cart.paid", "c-1", "visitor"),
        ("task.completed", "c-1", "visitor"),
    ]
    trace = wait_for(lambda: server.client.get(f"/api/traces/{events[0]['trace_id']}").json()["spans"], "the span")
    assert [span["name"] for span in trace] == ["checkout"]
    assert page.errors == []


def test_a_page_that_goes_away_leaves_its_events_to_the_browser(page, server):
    """What has not been sent when somebody leaves the page is sent all the same, to another origin by fetch with keepalive."""
    page.evaluate(
        "([endpoint]) => { ev.configure({ serviceName: 'leaving', endpoint, window: 60000 }); ev.event('page.left'); }",
        [server.otlp],
    )
    page.goto("about:blank")

    assert [event["event"] for event in events_of(server, "leaving", count=1)] == ["page.left"]


def test_to_its_own_origin_a_page_sends_a_beacon(page, site):
    """Where the page comes from the endpoint itself, the browser's beacon takes what waits."""
    site.posted.clear()
    page.evaluate(
        """([endpoint]) => {
        const beacon = navigator.sendBeacon.bind(navigator);
        navigator.sendBeacon = (url, body) => beacon(url, body) && (localStorage.beacons = 1 + Number(localStorage.beacons ?? 0));
        ev.configure({ serviceName: "beacon", endpoint, window: 60000 });
        ev.event("page.left", { at: "the end" });
    }""",
        [site.url],
    )
    page.goto(f"{site.url}/")

    (path, kind, body) = wait_for(lambda: site.posted, "the beacon")[0]
    assert (path, kind) == ("/v1/logs", "application/json")
    assert body["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["eventName"] == "page.left"
    assert page.evaluate("localStorage.beacons") == "1"


def test_a_page_that_leaves_much_behind_hands_over_what_the_browser_takes(page, site):
    """A text too long for a beacon holds up none behind it, and letters of several bytes are counted as such."""
    site.posted.clear()
    page.evaluate(
        """([endpoint]) => {
        ev.configure({ serviceName: "much", endpoint, window: 60000 });
        ev.event("too.long", { text: "x".repeat(65536) });
        for (let i = 0; i < 100; i++) ev.event("page.left", { text: "\u00e9".repeat(500) });
    }""",
        [site.url],
    )
    page.goto("about:blank")

    assert wait_for(lambda: names_of(site.posted), "a beacon")[:20] == ["page.left"] * 20


@pytest.mark.parametrize("own", [True, False], ids=["beacon", "keepalive"])
def test_a_page_that_was_only_hidden_sends_the_rest(page, site, server, own):
    """Browsers take 64 KiB of a page that goes away; if it stays, all of it arrives."""
    site.posted.clear()
    service = f"hidden-{own}"
    page.evaluate(
        """([endpoint, service]) => {
        ev.configure({ serviceName: service, endpoint, window: 300 });
        for (let i = 0; i < 100; i++) ev.event("page.hidden", { i, text: "\u00e9".repeat(2000) });
        dispatchEvent(new Event("pagehide"));
    }""",
        [site.url if own else server.otlp, service],
    )

    if own:
        wait_for(lambda: names_of(site.posted).count("page.hidden") >= 100, "all of them")
    else:
        assert len(events_of(server, service, count=100)) == 100


def names_of(posted):
    """Return the names of the events that came, in their order."""
    bodies = [body for path, _, body in posted if path == "/v1/logs"]
    return [record["eventName"] for body in bodies for record in body["resourceLogs"][0]["scopeLogs"][0]["logRecords"]]


def test_a_server_that_does_not_know_the_page_harms_nobody(page, site, tmp_path):
    """Without `--allow-origin` nothing arrives; the page has no error of ours, and `flush` says so."""
    with serving(tmp_path) as closed:
        taken = page.evaluate(
            "async ([endpoint]) => { ev.configure({ endpoint, serviceName: 'foreign' }); ev.event('a.b'); return ev.flush(1000); }",
            [closed.otlp],
        )

    assert (taken, page.errors) == (False, [])
