"""The servers behind access that the tests knock at, and who knocks."""

from __future__ import annotations

import httpx
import pytest

from tests.server.guarded import serving


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


@pytest.fixture
def visitor(server):
    with httpx.Client(base_url=server.url, headers={"Accept": "text/html"}) as client:
        yield client
