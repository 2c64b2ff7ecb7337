"""What docs/live.md shows is what happens: its examples are run against a real server."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.server.live.conftest import TOKEN

TEXT = (Path(__file__).parents[3] / "docs" / "live.md").read_text(encoding="utf-8")


def example(language: str) -> str:
    """Return the first block of this language."""
    return re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)[1]


async def output_of(live, *command: str, until: bytes) -> bytes:
    """Run *command* until it has printed *until*."""
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, "TOKEN": TOKEN}, stdout=asyncio.subprocess.PIPE
    )
    told = b""
    try:
        while until not in told:
            piece = await process.stdout.read(4096)
            assert piece, told
            told += piece
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    return told


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("sh")), reason="needs curl and a shell")
def test_the_example_for_curl(on_server):
    """It shows the last two that fit."""

    async def play(live):
        live.store_events("task.started", "epoch.completed", "task.started", "task.completed")
        await asyncio.sleep(0.01)
        line = example("sh").replace("http://127.0.0.1:5001", live.address(""))
        told = await output_of(live, "sh", "-c", f"exec {line}", until=b'{"seq":4,')

        assert b"id: 3\nevent: event\ndata: " in told
        assert b'{"seq":1,' not in told

    on_server(play)


def test_the_example_for_python(on_server):
    """It prints numbers and names, and ends with the task."""

    async def play(live):
        live.store_events("task.started", "task.started", "task.completed")
        await asyncio.sleep(0.01)
        program = example("python").replace("ws://127.0.0.1:5001", live.address("", "ws"))
        told = await output_of(live, sys.executable, "-c", program, until=b"task.completed")

        assert told.split() == [b"2", b"task.started", b"3", b"task.completed"]

    on_server(play)
