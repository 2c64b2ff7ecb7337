"""What a running server deletes: whole files, the oldest first, by size and by age."""

from __future__ import annotations

import time

import pytest

from otel_events.event import Event
from otel_events.ledger.rotate import ledger_files
from otel_events.otlp.encode_logs import LogEncoder
from tests.server.served import serving
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.slow
_KEPT = 256 << 10


def say(server, *steps, text=""):
    """Have an event stored for each of *steps*."""
    now = time.time_ns()
    events = [Event("page.read", now, now, attributes={"step": step, "text": text}, uid=f"x-{step}") for step in steps]
    assert server.post("/v1/logs", LogEncoder({"service.name": "reader"}).encode(events)).status_code == 200


def steps(server):
    """Return the steps of all events that are kept, and their numbers."""
    events = server.client.get("/api/events", params={"order": "oldest", "limit": 1000}).json()["events"]
    return [event["attributes"]["step"] for event in events], [event["seq"] for event in events]


def stored(server):
    """Return what the server says that it keeps, in figures; they follow after what is deleted."""
    return server.client.get("/api/health").json()["stored"]


def is_small(server):
    """Tell whether no more is kept than may be."""
    try:
        return sum(path.stat().st_size for path in ledger_files(server.ledger)) <= _KEPT
    except FileNotFoundError:  # deleted this very moment: to be looked at again
        return False


def test_the_oldest_files_go_when_all_are_larger_than_is_to_be_kept(tmp_path):
    """In files and index alike; what is newest stays, numbers are not given again, and a restart says the same."""
    with serving(tmp_path, "--keep-bytes", str(_KEPT)) as server:
        for first in range(1, 601, 20):
            say(server, *range(first, first + 20), text="x" * 1_500)
        wait_for(lambda: is_small(server), "the oldest files to be deleted", timeout=60)
        wait_for(lambda: stored(server)["first_seq"] == steps(server)[1][0] > 1, "the index to follow", timeout=60)
        kept, seqs = steps(server)
        counted = stored(server)
    with serving(tmp_path, "--keep-bytes", str(_KEPT)) as server:
        say(server, 601)
        after, seqs_after = steps(server)

    assert kept == list(range(kept[0], 601))
    assert seqs == kept
    assert (counted["first_seq"], counted["last_seq"]) == (seqs[0], 600)
    assert len(kept) <= counted["events"] <= 600  # a second is counted as long as one of its events is kept
    assert after[-1] == seqs_after[-1] == 601
    assert set(after) <= {*kept, 601}


def test_what_is_older_than_is_to_be_kept_goes_and_the_file_being_written_stays(tmp_path):
    """Though nothing comes in any more, the last events are there: a file goes as a whole."""
    with serving(tmp_path, "--keep-age", "4") as server:
        say(server, 1)
        time.sleep(1.2)  # a file spans a quarter of the age
        say(server, 2)
        wait_for(lambda: steps(server)[0] == [2], "the old file to be deleted", timeout=60)
        wait_for(lambda: stored(server)["events"] == 1, "the figures to follow", timeout=60)
        files = ledger_files(server.ledger)
        counted = stored(server)

    assert files == [server.ledger]
    assert (counted["events"], counted["first_seq"], counted["last_seq"]) == (1, 2, 2)
