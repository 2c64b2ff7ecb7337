"""Pages of other origins in a real Chromium: the broadcaster's client, and the example of docs/live.md."""

from __future__ import annotations

import asyncio
import re
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.server.chromium import browser_options
from tests.server.conftest import JS
from tests.server.live.conftest import TOKEN
from tests.server.live.test_documents import example

pytestmark = pytest.mark.slow
CLIENT = JS / "node_modules" / "socket.io-client" / "dist" / "socket.io.js"
PAGE = Path(__file__).with_name("page.html")


@pytest.fixture
def site(tmp_path, javascript):
    """Another server, on another origin, with the page on it."""
    folder = tmp_path / "site"
    folder.mkdir()
    shutil.copy(CLIENT, folder)
    shutil.copy(PAGE, folder)
    handler = partial(_Silent, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


async def visit(live, site: str, script: str, then) -> list[str]:
    """Run *script* on the page, do *then*, and return what is shown once it is all there."""
    api = pytest.importorskip("playwright.async_api")
    async with api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(**browser_options())
        page = await browser.new_page()
        await page.goto(f"{site}/page.html?token={TOKEN}&server={live.address('')}")
        await page.add_script_tag(content=script)
        rows = page.locator("#shown li")
        await then(rows)
        shown = await rows.all_inner_texts()
        await browser.close()
    return shown


async def grown_to(rows, count: int) -> None:
    while await rows.count() < count:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


def test_the_broadcasters_page_works_as_ever(on_server, site):
    """50 on connect, every new one, and a replay, with nothing changed but the address and a token."""
    script = """
      const s = io(server, {auth: {token: TOKEN}});
      s.on('event', e => show(e));
      window.again = () => s.emit('replay', {count: 100});
    """

    async def play(live):
        live.store_events(*["observe"] * 120)

        async def then(rows):
            await grown_to(rows, 50)
            live.store_events(*["decision"] * 30)
            await grown_to(rows, 80)
            await rows.page.evaluate("again()")
            await grown_to(rows, 180)

        shown = await visit(live, site, script, then)

        assert shown[:50] == [f"observe w-{n}" for n in range(71, 121)]
        assert shown[50:80] == [f"decision w-{n}" for n in range(121, 151)]
        assert [row.split()[1] for row in shown[80:]] == [f"w-{n}" for n in range(51, 151)]

    on_server(play, allow_origin=(site,))


def test_the_example_for_pages_survives_a_restart_of_the_stream(on_server, site):
    """The page resumes with its cursor and shows nothing twice."""

    async def play(live):
        live.store_events("task.started", "epoch.completed", "task.started")
        script = re.sub("ws://127.0.0.1:5001", live.address("", "ws"), example("js")).replace("1000)", "50)")

        async def then(rows):
            await grown_to(rows, 2)
            live.stop()
            await live.hub.start()
            live.store_events("task.completed")
            await grown_to(rows, 3)

        shown = await visit(live, site, script, then)

        assert [row.split()[0] for row in shown] == ["task.started", "task.started", "task.completed"]

    on_server(play, allow_origin=(site,))


def test_a_page_that_was_not_allowed_hears_nothing(on_server, site):
    """Whoever has the token must still come from an origin that was named."""
    script = """
      const s = io(server, {auth: {token: TOKEN}, reconnection: false});
      s.on('event', e => show(e));
      s.on('connect_error', e => show({type: 'refused', uid: ''}));
    """

    async def play(live):
        live.store_events("observe")
        shown = await visit(live, site, script, lambda rows: grown_to(rows, 1))

        assert shown == ["refused"]

    on_server(play)
