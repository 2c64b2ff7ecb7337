"""What tests with programs in JavaScript need."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

JS = Path(__file__).with_name("js")


@pytest.fixture(scope="session")
def javascript():
    """The packages that JavaScript programs of the tests use come from the project's own lock file."""
    if all(
        (JS / "node_modules" / name).is_dir() for name in json.loads((JS / "package.json").read_text())["dependencies"]
    ):
        return
    npm = shutil.which("npm")
    done = npm and subprocess.run([npm, "ci", "--silent"], cwd=JS, timeout=120, check=False, capture_output=True)
    if not done or done.returncode:
        if os.environ.get("CI"):
            pytest.fail("what the tests' JavaScript needs cannot be installed: npm ci failed")
        pytest.skip("needs node and npm ci in tests/server/js")
