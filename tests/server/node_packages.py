"""Packages of npm's that tests use, installed from the project's own lock files when they are first needed."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def require_packages(folder: Path) -> None:
    """Have what *folder*'s package-lock.json names in its node_modules; without npm skip the test, or fail it where CI is set."""
    installed = folder / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= (folder / "package-lock.json").stat().st_mtime:
        return
    npm = shutil.which("npm")
    command = [npm or "npm", "ci", "--silent", "--no-audit", "--no-fund"]
    if npm is None or subprocess.run(command, cwd=folder, timeout=240, check=False, capture_output=True).returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"needs node, and npm ci in {folder.name}")
