"""How long an event takes from `emit` in a program to a client of the stream, through a real server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from websockets.asyncio.client import connect

TOKEN = "a-token-for-the-bench-0123456789abcdef"
_RATE = 1_000
_PROGRAM = f"""
import sys, time, otel_events as ev
ev.configure(service_name="bench")
ev.emit("warm.up"); ev.flush(5)
begin = time.perf_counter()
for number in range(int(float(sys.argv[1]) * {_RATE})):
    ev.emit("evidence.added", source="paper.pdf", quality=0.82, sent=time.time_ns())
    ahead = begin + (number + 1) / {_RATE} - time.perf_counter()
    if ahead > 0.0005:
        time.sleep(ahead)
ev.shutdown(10)
"""


async def main(home: Path, seconds: float) -> None:
    """Serve, emit from another process, and say the delay of each event in milliseconds."""
    port = free_port()
    ledger = home / f"stream-{port}.jsonl"
    command = ["serve", "--port", str(port), "--otlp-port", str(port), "--grpc-port", "off", "--ledger", str(ledger)]
    server = start("-m", "otel_events", *command, OTEL_EVENTS_SERVER_TOKEN=TOKEN)
    try:
        stream = await opened(f"ws://127.0.0.1:{port}/stream?filter=evidence.*")
        await stream.recv()
        program = start("-c", _PROGRAM, str(seconds), OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}")
        delays: list[float] = []
        while len(delays) < int(seconds * _RATE):
            message = json.loads(await asyncio.wait_for(stream.recv(), 30))
            now = time.time_ns()
            delays += [(now - event["attributes"]["sent"]) / 1e6 for event in message.get("events", ())]
        await asyncio.to_thread(program.wait, 30)
        print(json.dumps(delays))
        await stream.close()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)
        ledger.unlink(missing_ok=True)


def start(*arguments: str, **env: str) -> subprocess.Popen[bytes]:
    """Start Python with *arguments*; what it says is of no use here."""
    silent = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, *arguments], env={**os.environ, **env}, stdout=silent, stderr=silent)


async def opened(url: str) -> connect:
    """Return a connection to *url* as soon as somebody listens."""
    until = time.monotonic() + 20
    while True:
        try:
            return await connect(url, additional_headers={"Authorization": f"Bearer {TOKEN}"}, max_size=None)
        except OSError:  # noqa: PERF203  # it is not there yet
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.05)


def free_port() -> int:
    """Return a port on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))
