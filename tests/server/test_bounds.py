"""Bounds that hold for whoever asks: sizes over gRPC, questions at once, addresses, and modes of files."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import threading
from pathlib import Path

import grpc
import pytest

from otel_events.server.api.answering import Workers
from otel_events.server.api.problem import RequestError
from tests.server.served import run_program, serving
from tests.server.test_receiving import request

_EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


@pytest.mark.slow
def test_a_call_of_grpc_beyond_the_limit_is_refused(tmp_path):
    """Before it is taken apart, with the code that tells senders to send less; what is below is taken."""
    with serving(tmp_path, "--max-request-bytes", "100KiB") as served:
        with grpc.insecure_channel(f"127.0.0.1:{served.ports['grpc']}") as channel:
            export = channel.unary_unary(_EXPORT)
            with pytest.raises(grpc.RpcError) as refused:
                export(request("page.read", text="x" * 200_000).SerializeToString(), timeout=20)
            export(request("page.read", text="x" * 20_000).SerializeToString(), timeout=20)
        events = served.client.get("/api/events").json()["events"]

    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert [len(event["attributes"]["text"]) for event in events] == [20_000]


def test_more_questions_than_may_wait_are_told_to_come_again():
    """At once, with 429; those that wait are answered."""
    go = threading.Event()

    async def ask():
        workers = Workers()
        waiting = [asyncio.ensure_future(workers.run(go.wait)) for _ in range(64)]
        await asyncio.sleep(0)
        with pytest.raises(RequestError) as refused:
            await workers.run(go.wait)
        go.set()
        return refused.value.status, await asyncio.gather(*waiting), await workers.run(go.wait)

    assert asyncio.run(ask()) == (429, [True] * 64, True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's table of sockets")
def test_it_listens_on_this_machine_alone_unless_asked(tmp_path):
    """On every one of its ports."""
    with serving(tmp_path) as served:
        lines = Path(f"/proc/{served.process.pid}/net/tcp").read_text().splitlines()[1:]
        wildcards = Path(f"/proc/{served.process.pid}/net/tcp6").read_text().splitlines()[1:]
        ports = set(served.ports.values())

    rows = [line.split()[1:4] for line in (*lines, *wildcards)]
    listening = [local.split(":") for local, _, state in rows if state == "0A"]
    found = {int(port, 16): address for address, port in listening if int(port, 16) in ports}
    assert set(found) == ports
    assert set(found.values()) <= {"0100007F", "0000000000000000FFFF00000100007F"}  # 127.0.0.1, in either family


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_what_it_keeps_is_this_users_alone(tmp_path):
    """Ledger, spans, index and all that stands beside them, whatever the umask."""
    before = os.umask(0)
    try:
        with serving(tmp_path) as served:
            run_program(served, 'import otel_events as ev\nwith ev.task("draft"):\n    pass\nev.shutdown(timeout=50)')
            folder = served.ledger.parent
            kept = {path: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    finally:
        os.umask(before)

    names = {path.name for path in kept}
    assert {"events.jsonl", "spans.events.jsonl", "index.sqlite3"} <= names
    assert {path.name: oct(mode) for path, mode in kept.items() if mode & 0o077} == {}
