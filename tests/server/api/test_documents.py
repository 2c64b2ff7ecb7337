"""The pages about the API and its security say what is so."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from otel_events.server.access.settings import Limits
from tests.server.served import SECRET

ROOT = Path(__file__).resolve().parents[3]
CURLS = [
    line
    for page in ("api.md", "serve-security.md")
    for block in re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
    if line.startswith("curl")
]


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("sh") is None, reason="the pages ask by curl")
@pytest.mark.parametrize("command", CURLS)
def test_every_request_of_the_pages_is_answered(server, command, tmp_path):
    """As they stand there, but for the address and the token."""
    asked = re.sub(r"\$TOKEN|\$\(cat [^)]*\)", SECRET, command).replace("http://127.0.0.1:5001", server.url)

    run = subprocess.run(["sh", "-c", asked], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.slow
def test_the_tables_are_those_of_the_declaration():
    """`make docs` writes them anew."""
    tool = ROOT / "tools" / "generate_api_docs.py"
    if not (ROOT / "otel_events").is_dir():
        pytest.skip("compares with the sources")

    run = subprocess.run([sys.executable, tool, "--check"], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr


def test_the_limits_are_those_of_the_settings():
    """Every figure of the table."""
    page = (ROOT / "docs" / "serve-security.md").read_text(encoding="utf-8")
    limits = Limits()

    for said in (
        f"| `--max-connections` ({limits.connections:,})",
        f"is there | {limits.head_seconds:g} s",
        f"| {limits.pause_seconds:g} s; {limits.request_seconds:g} s |",
        f"| {limits.head_bytes >> 10} KiB | 431 |",
        f"| body | {limits.body_bytes >> 10} KiB;",
        f"client | {limits.frame_bytes >> 10} KiB |",
        f"is not read | {limits.stalled_seconds:g} s |",
        f"idle connection | {limits.idle_seconds} s |",
    ):
        assert said in page
