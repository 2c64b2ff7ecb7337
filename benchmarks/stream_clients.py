"""Clients of a stream, many in one process: they look at the cursor of each frame and at nothing else."""

from __future__ import annotations

import asyncio
import re
import sys

from websockets.asyncio.client import connect

_CURSOR = re.compile(r'"cursor":(\d+)')


async def follow(port: int, last: int) -> None:
    """Read up to the event *last*; fail if frames come out of order."""
    cursor = 0
    async with connect(f"ws://127.0.0.1:{port}/stream", max_size=None, compression=None) as stream:
        async for frame in stream:
            found = _CURSOR.search(frame[:60])
            if found is None or '"events"' not in frame[:20]:
                continue
            if int(found[1]) <= cursor:
                sys.exit("out of order")
            cursor = int(found[1])
            if cursor >= last:
                return


async def main(port: int, clients: int, last: int) -> None:
    await asyncio.gather(*[follow(port, last) for _ in range(clients)])


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:4])))
