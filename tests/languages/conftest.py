"""One server for the programs of all languages."""

from __future__ import annotations

import pytest

from tests.server.conftest import browser  # noqa: F401  # a fixture
from tests.server.served import serving


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """`otel-events serve`, as a process of its own."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running
