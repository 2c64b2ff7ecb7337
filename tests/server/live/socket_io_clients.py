"""Consumers that speak Socket.IO, each in a process of its own."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

from tests.server.conftest import JS
from tests.server.live.conftest import TOKEN

OPTIONS = {"auth": {"token": TOKEN}}


class Watcher:
    """A consumer in a process of its own."""

    def __init__(self, process) -> None:
        self._process = process
        self.heard: list[list] = []

    async def hear(self, name: str, count: int = 1) -> list:
        """Return the next *count* things of this name; whatever else is heard is kept in `heard`."""
        found = []
        while len(found) < count:
            line = await self._process.stdout.readline()
            assert line, "the client ended"
            message = json.loads(line)
            self.heard.append(message)
            if message[0] == name:
                found.append(message[1] if len(message) > 1 else None)
        return found

    async def say(self, *what) -> None:
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        await self._process.stdin.drain()

    async def ask(self, *what):
        """Say it and return the acknowledgement."""
        await self.say(*what)
        return (await self.hear("ack"))[0]

    def stop(self, signal: int) -> None:
        self._process.send_signal(signal)


@asynccontextmanager
async def watching(live, options=None, pause=0):
    """A client in a process of its own, which takes *pause* milliseconds to show an event."""
    given = json.dumps(OPTIONS if options is None else options)
    process = await asyncio.create_subprocess_exec(
        *("node", str(JS / "watch.mjs"), live.address(""), given, str(pause)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 26,
    )
    try:
        yield Watcher(process)
    finally:
        process.kill()
        await process.wait()


def numbers(events) -> list[int]:
    return [event["data"]["n"] for event in events]
