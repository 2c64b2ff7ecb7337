"""A run has one number, wherever it is asked for."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from otel_events.event import Event
from otel_events.otlp.encode_logs import LogEncoder
from tests.program import PATIENCE, environment
from tests.server.served import serving

pytestmark = pytest.mark.slow
BEGIN = 1_771_070_400_000_000_000
KEYS = {"task": "task_id", "session": "session_id"}
OPENING = {"task": "task.started", "session": "session.start"}


def say(server, what, *said):
    """Post events in one request; *what* is bound to them, and each says its uid, its second, its trace and its name."""
    events = [
        Event(name, BEGIN + second * 10**9, BEGIN, bound=what, uid=uid, trace_id=trace, trace_flags=1)
        for uid, second, trace, name in said
    ]
    assert server.post("/v1/logs", LogEncoder({"service.name": "orchestrator"}).encode(events)).status_code == 200


def shown(server, *arguments):
    """Return by number the uids of the runs that `show` tells of the server's ledger."""
    command = [sys.executable, "-m", "otel_events", "show", *arguments, "--json", "--all-runs", str(server.ledger)]
    done = subprocess.run(
        command, env=environment(server.home), capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    runs = {}
    for row in map(json.loads, done.stdout.splitlines()):
        runs.setdefault(row["run"], set()).add(row["uid"])
    return runs


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.mark.parametrize(
    ("what", "first", "second"),
    [("task", "00000000000000aa", "00000000000000ab"), ("session", "00000000000000ba", "00000000000000bb")],
)
def test_the_api_and_show_number_runs_alike(server, what, first, second):
    """In the order in which they came, though one that began earlier came later, from a spool that had waited."""
    bound, opening = {KEYS[what]: f"{what}-1"}, OPENING[what]
    say(server, bound, (f"{second}-1", 100, 2, opening), (f"{second}-2", 101, 2, "page.read"))
    say(server, bound, (f"{first}-1", 10, 1, opening), (f"{first}-2", 11, 1, "page.read"))

    if what == "task":
        rows = server.client.get("/api/tasks/task-1").json()["runs"]
    else:
        rows = server.client.get("/api/sessions").json()["sessions"]
    begun = {row["run"]: row["started"] for row in rows}

    assert begun[1] > begun[2]
    assert shown(server, what, f"{what}-1") == {
        1: {f"{second}-1", f"{second}-2"},
        2: {f"{first}-1", f"{first}-2"},
    }


def test_what_came_before_the_beginning_of_a_task_is_of_the_same_run_in_both(server):
    """A child's spool may be quicker than its parent's."""
    parent, child = "00000000000000cc", "00000000000000dd"
    bound = {"task_id": "early-1"}
    say(server, bound, (f"{parent}-1", 10, 5, "task.started"), (f"{parent}-2", 12, 5, "task.completed"))
    say(server, bound, (f"{child}-1", 51, 6, "page.read"))
    say(server, bound, (f"{parent}-3", 50, 6, "task.started"))

    of_run = [
        {event["uid"] for event in server.client.get("/api/tasks/early-1", params={"run": run}).json()["events"]}
        for run in (1, 2)
    ]
    assert shown(server, "task", "early-1") == dict(enumerate(of_run, 1))
    assert of_run == [{f"{parent}-1", f"{parent}-2"}, {f"{parent}-3", f"{child}-1"}]
