"""An index that is made anew while the server runs: how far it is can be seen."""

from __future__ import annotations

import re
import sys
import time

import pytest

from tests.cli.test_emit import at_terminal
from tests.program import PATIENCE, run_program
from tests.server.served import serving
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.slow
EVENTS = 60_000


def fill(path):
    """Write a ledger that takes some seconds to read."""
    path.parent.mkdir(parents=True)
    line = (
        '{"time":"2026-02-14T12:00:%02d.%09dZ","unix":1771070400.0,"event":"page.read","severity":"INFO","message":null,'
        '"service":"reader","attributes":{"page":%d}}\n'
    )
    path.write_text("".join(line % (number // 1_000 % 60, number, number) for number in range(EVENTS)))


def test_health_says_how_far_an_index_is_that_is_made_anew(tmp_path):
    """While it is, and until then all else is answered from what is in it; afterwards it is ready and all is there."""
    fill(tmp_path / "state" / "otel-events" / "events.jsonl")
    with serving(tmp_path) as server:
        assert server.client.get("/api/health").json()["index"] == {
            "state": "ready",
            "done": None,
            "total": None,
            "rebuilt": 0,
        }
        server.ledger.with_name(".events.jsonl.index").joinpath("index.sqlite3").unlink()

        seen, end = [], time.monotonic() + PATIENCE
        while time.monotonic() < end:
            answer = server.client.get("/api/health")
            if answer.status_code == 200:
                seen.append(answer.json()["index"])
                if seen[-1]["rebuilt"] and seen[-1]["state"] == "ready":
                    break
        health = server.client.get("/api/health").json()

    building = [index for index in seen if index["state"] == "building"]
    done = [index["done"] for index in building]
    assert done == sorted(done)
    assert len(set(done)) > 1
    assert {index["total"] for index in building} <= {0, server.ledger.stat().st_size}
    assert (health["index"]["rebuilt"], health["stored"]["events"]) == (1, EVENTS)


def test_an_index_for_which_there_was_no_room_is_made_once_there_is(tmp_path):
    """What others wrote to the ledger meanwhile is in it then, and what is sent is taken again."""
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "prlimit"):
        pytest.skip("no bound can be set for another process")
    local = {"OTEL_EVENTS_LEDGER_PATH": str(tmp_path / "state" / "otel-events" / "events.jsonl")}
    with serving(tmp_path) as server:
        run_program('ev.emit("before.full")', tmp_path, **local)
        stored = wait_for(lambda: events_of(server), "the first event")
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1, hard))
        run_program('ev.emit("while.full")', tmp_path, **local)
        wait_for(lambda: any("it is tried again" in line for line in server.said), "the server's complaint")
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))

        wait_for(lambda: events_of(server) == [*stored, "while.full"], "both events")
        assert server.client.post("/api/test-event").status_code < 300
        assert server.client.get("/api/health").json()["trouble"] is None


def events_of(server):
    """Return the names of what is stored, the oldest first; None if the store cannot be asked."""
    answer = server.client.get("/api/events", params={"order": "oldest"})
    return [each["event"] for each in answer.json()["events"]] if answer.status_code == 200 else None


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
def test_a_terminal_shows_how_far_the_ledger_is_read_at_the_start(tmp_path):
    """In a line that is gone when the server says where it listens."""
    ledger = tmp_path / "ledger" / "events.jsonl"
    fill(ledger)
    ports = ("--port", "0", "--otlp-port", "0", "--grpc-port", "off")
    code, said = at_terminal(tmp_path, "serve", "--ledger", str(ledger), *ports, DEMO_SECONDS="0.1")

    progress, _, greeting = said.partition("\r\x1b[Kpage ")
    assert code == 0, said
    assert re.search(r"\r\x1b\[Kreading the ledger: \d+ MB of \d+", progress), said
    assert f"({EVENTS:,} events so far)" in greeting
