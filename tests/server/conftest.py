"""What tests with programs in JavaScript need."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.node_packages import require_packages

JS = Path(__file__).with_name("js")


@pytest.fixture(scope="session")
def javascript():
    """The packages that JavaScript programs of the tests use come from the project's own lock file."""
    require_packages(JS)
