"""Who writes, as far as it can be known, and what became of what they began."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from otel_events.event import Event
from otel_events.otlp.encode_logs import LogEncoder
from tests.effort import usual_room
from tests.languages.speaking import run_node, run_shell
from tests.program import PATIENCE, environment
from tests.server.served import run_program, serving
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


def say(server, *said, minutes_ago=0.0, service="orchestrator", instance=None):
    """Post events, each a uid, a name and what is bound, as they happened some time ago."""
    at = time.time_ns() - int(minutes_ago * 60e9)
    resource = {"service.name": service, **({"service.instance.id": instance} if instance else {})}
    events = [Event(name, at, at, bound=bound, uid=uid) for uid, name, bound in said]
    assert server.post("/v1/logs", LogEncoder(resource).encode(events)).status_code == 200


def writers_of(server, service):
    """Return the writers of a service, once there are any."""

    def find():
        writers = server.client.get("/api/writers", params={"limit": 1000}).json()["writers"]
        return [writer for writer in writers if writer["service"] == service]

    return wait_for(find, f"a writer of {service}")


def runs_of(server, session):
    """Return what is said of the runs of a session and of its cycles."""
    sessions = server.client.get("/api/sessions").json()["sessions"]
    cycles = server.client.get("/api/cycles", params={"session": session}).json()["cycles"]
    return [row for row in sessions if row["session_id"] == session], cycles


@pytest.mark.parametrize(
    ("speak", "script"),
    [
        (lambda *given, **more: run_shell("dash", *given, **more), "event page.read\nevent page.read\notel_events_flush 10\n"),
        (run_node, 'event("page.read"); event("page.read"); if (!(await flush(10000))) throw new Error("not taken");'),
    ],
    ids=["shell", "node"],
)  # fmt: skip
def test_a_program_without_sequence_numbers_is_a_writer_of_which_no_gaps_are_known(
    server, tmp_path, request, speak, script
):
    """It stands among the writers by its service and instance; what is missing is not known, and not said to be none."""
    service = f"by-{request.node.callspec.id}"
    done = speak(script, tmp_path, **server.senders(OTEL_SERVICE_NAME=service))
    assert done.returncode == 0, done.stderr

    [writer] = writers_of(server, service)

    assert writer["received"] == 2
    assert (writer["is_numbered"], writer["missing"], writer["state"]) == (False, None, "running")
    assert writer["writer"]


def test_each_instance_of_a_service_is_a_writer_of_its_own(server):
    """Two shells at once, and one that does not say which it is; uids of other people's making begin no new one."""
    for instance in ("one", "two", None):
        uids = [f"6ba7b81{number}-9dad-11d1-80b4-{instance or 'none'}" for number in range(3)]
        say(server, *((uid, "page.read", {}) for uid in uids), service="many", instance=instance)

    found = {writer["writer"]: writer["received"] for writer in writers_of(server, "many")}
    assert found == {"one": 3, "two": 3, "": 3}
    headers = [line for line in server.ledger.read_text().splitlines() if '"service":"many","writer"' in line]
    assert len(headers) == 3


def test_what_a_program_without_numbers_left_open_is_quiet_after_a_while(server):
    """It never says that it ends, so nobody says that it was cut off."""
    say(server, ("x-1", "session.start", {"session_id": "long-ago"}), minutes_ago=20, service="script", instance="i-1")
    say(server, ("x-2", "session.start", {"session_id": "just-now"}), service="script", instance="i-2")

    ([old], _), ([new], _) = runs_of(server, "long-ago"), runs_of(server, "just-now")
    assert (old["state"], old["writer_state"], old["ended"]) == ("quiet", "quiet", None)
    assert (new["state"], new["writer_state"]) == ("running", "running")


def test_a_task_says_since_when_the_program_is_silent_that_was_killed(server):
    """It is not known to have ended, and nothing is made up: it runs, and nothing came after what came last."""
    script = """
import os, signal, otel_events as ev
ev.configure(service_name="reaper")
ev.task("mend", task_id="mend-killed").__enter__()
ev.emit("thread.cut")
assert ev.flush(50)
os.kill(os.getpid(), signal.SIGKILL)
"""
    env = environment(server.home, **server.senders(), **usual_room())
    killed = subprocess.run([sys.executable, "-c", script], env=env, cwd=server.home, timeout=PATIENCE, check=False)
    assert killed.returncode == -signal.SIGKILL

    def find():
        tasks = server.client.get("/api/tasks", params={"state": "running"}).json()["tasks"]
        return [each for each in tasks if each["task_id"] == "mend-killed"]

    (task,) = wait_for(find, "the task of the killed program")
    (writer,) = writers_of(server, "reaper")
    events = server.client.get("/api/events", params={"filter": "thread.cut"}).json()["events"]
    assert task["started"] < events[0]["time"] <= task["writer_last"] == writer["last"]
    server.post("/v1/logs", LogEncoder({"service.name": "other"}).encode([Event("x.y", 1, 1, bound={}, uid="")]))
    assert find() == [task]


def test_a_session_says_that_its_writer_ended_uncleanly(server):
    """With when it was last heard of; one whose writer has stopped without ending it is orphaned as well."""
    say(server, ("00000000000000aa-1", "session.start", {"session_id": "lost"}), minutes_ago=30)
    say(server, ("00000000000000aa-2", "cycle.start", {"session_id": "lost", "cycle": 3}), minutes_ago=29)
    say(server, ("00000000000000bb-1", "session.start", {"session_id": "left"}))
    say(server, ("00000000000000bb-2", "otel_events.writer.stopped", {}))

    ([lost], [cycle]), ([left], _) = runs_of(server, "lost"), runs_of(server, "left")
    assert [(row["state"], row["writer_state"]) for row in (lost, cycle, left)] == [
        ("orphaned", "unclean"),
        ("orphaned", "unclean"),
        ("orphaned", "stopped"),
    ]
    assert lost["started"] < lost["last"] == cycle["last"]


def test_a_session_that_goes_on_is_running_and_one_that_ended_has_ended(server):
    """As their program tells."""
    run_program(server, 'import otel_events as ev\nwith ev.session("whole"):\n    pass\nev.shutdown(timeout=50)')
    say(server, ("00000000000000cc-1", "session.start", {"session_id": "open"}))

    def find():
        ([whole], _), ([opened], _) = runs_of(server, "whole"), runs_of(server, "open")
        return whole["ended"] and (whole, opened)

    whole, opened = wait_for(find, "the end of the session")
    assert (whole["state"], opened["state"]) == ("ended", "running")
