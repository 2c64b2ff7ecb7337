"""The servers behind access that the tests knock at, and who knocks."""

from __future__ import annotations

import httpx
import pytest

from tests.program import PATIENCE
from tests.server.guarded import serving


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


@pytest.fixture
def visitor(server):
    with httpx.Client(verify=False, base_url=server.url, headers={"Accept": "text/html"}, timeout=PATIENCE) as client:
        yield client
