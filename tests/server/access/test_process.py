"""Access to the server as users run it."""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.program import PATIENCE
from tests.server.served import SECRET, serving

pytestmark = pytest.mark.slow


def test_nothing_that_the_server_says_holds_the_token(tmp_path):
    """Though it stands in addresses that were asked for, good ones and bad."""
    with serving(tmp_path) as server:
        for path in (
            f"/api/events?token={SECRET}",
            f"/?token={SECRET}",
            f"/nowhere?token={SECRET}",
            f"/login?token={SECRET}x",
        ):
            httpx.get(server.url + path, headers={"Accept": "text/html"}, timeout=PATIENCE)
        stream = server.url.replace("http", "ws") + f"/stream?token={SECRET}"
        with connect(stream) as opened:
            opened.recv()
        with pytest.raises(InvalidStatus):
            connect(stream, origin="https://evil.example")

    said = "".join(server.said)
    assert "page" in said
    assert SECRET not in said
