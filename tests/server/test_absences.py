"""The real server beside real programs: who dies is missed, who comes back is resolved, whatever happens to the server."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from tests.program import PATIENCE, environment, ledger_events, run_program
from tests.server.served import run_serve, serving, start

pytestmark = pytest.mark.slow

ABSENCES = ("heartbeat.missed", "heartbeat.missed.resolved", "task.stalled", "task.stalled.resolved")


@contextmanager
def beating(served, name):
    """A program that does nothing but live.

    It writes into the ledger that the server follows: who sends waits longer and longer between two tries while no server is
    there, soon longer than these rules give the server to hear of it.
    """
    command = [sys.executable, "-m", "otel_events", "heartbeat", name, "--every", "0.2"]
    local = environment(served.home, OTEL_EVENTS_LEDGER_PATH=str(served.ledger))
    with subprocess.Popen(command, env=local, stderr=subprocess.DEVNULL) as heart:
        try:
            yield heart
        finally:
            heart.kill()


def rules(tmp_path, *lines):
    path = tmp_path / "rules.txt"
    path.write_text("\n".join(lines) + "\n")
    return f"--expect={path}"


def told(served):
    """What was told of absences, in the order of the ledger: each name, and of what."""
    return [
        (each["event"], each.get("task_id") or each["attributes"].get("component"))
        for each in ledger_events(served.ledger)
        if each["event"] in ABSENCES
    ]


def beats(served, name):
    return [
        each
        for each in ledger_events(served.ledger)
        if each["event"] == "heartbeat" and each["attributes"]["component"] == name
    ]


def wait_for(condition, served):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, (told(served), served.said)
        time.sleep(0.05)


def again(served, option):
    """Kill the server with -9, and start it where it was."""
    served.kill()
    return start(served.home, option, ports=served.ports)


def test_a_program_that_dies_is_missed_once_and_resolved_when_it_is_back(tmp_path):
    """By each rule about it, though the server is killed after each of the two."""
    # As long as a server may take to start, and a sender to try it again: a heart that cannot be heard for longer is missed.
    option = rules(
        tmp_path, "heartbeat courier within 15s", "heartbeat cour* within 15s", "heartbeat steady within 300s"
    )
    served = start(tmp_path, option)
    try:
        with beating(served, "courier"):
            wait_for(lambda: beats(served, "courier"), served)
        wait_for(lambda: len(told(served)) > 1, served)
        served = again(served, option)
        open_ = served.client.get("/api/alerts").json()["open"]
        with beating(served, "courier"):
            wait_for(lambda: len(told(served)) > 3, served)
            served = again(served, option)
            count = len(beats(served, "courier"))
            wait_for(lambda: len(beats(served, "courier")) > count + 2, served)
            answer = served.client.get("/api/alerts").json()
    finally:
        _, said = served.end()

    assert told(served) == [*[("heartbeat.missed", "courier")] * 2, *[("heartbeat.missed.resolved", "courier")] * 2]
    shown = [(each["name"], each["component"], each["severity"], each["count"]) for each in open_]
    assert shown == [("heartbeat.missed", "courier", "WARN", 1)] * 2
    assert (answer["open"], [each["component"] for each in answer["resolved"]]) == ([], ["courier"] * 2)
    assert "expects  what 3 rules of" in said


def test_a_task_that_began_before_a_kill_stalls_after_it(tmp_path):
    """And is resolved by its end, which came while no server ran."""
    option = rules(tmp_path, "task.started ends within 3s")
    served = start(tmp_path, option)
    local = {"OTEL_EVENTS_LEDGER_PATH": str(served.ledger)}
    try:
        run_program('ev.emit("task.started", task_id="t-1", task_name="draft")', tmp_path, **local)
        run_program(
            'ev.emit("task.started", task_id="t-2"); ev.emit("task.completed", task_id="t-2")', tmp_path, **local
        )
        served = again(served, option)
        wait_for(lambda: told(served), served)
        served.kill()
        run_program('ev.emit("task.failed", task_id="t-1")', tmp_path, **local)
        served = start(tmp_path, option, ports=served.ports)
        wait_for(lambda: len(told(served)) > 1, served)
    finally:
        served.end()

    assert told(served) == [("task.stalled", "t-1"), ("task.stalled.resolved", "t-1")]
    stalled = next(each for each in ledger_events(served.ledger) if each["event"] == "task.stalled")
    assert (stalled["message"], stalled["severity"]) == ("Task t-1 (draft) has not ended within 3s", "WARN")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_server_that_was_stopped_blames_nobody(tmp_path):
    """It says that it did not look; and what dies afterwards is missed as ever."""
    option = rules(tmp_path, "expect heartbeat courier within 5s")
    with serving(tmp_path, option) as served:
        with beating(served, "courier"):
            wait_for(lambda: beats(served, "courier"), served)
            served.process.send_signal(signal.SIGSTOP)
            time.sleep(8)
            served.process.send_signal(signal.SIGCONT)
            count = len(beats(served, "courier"))
            wait_for(lambda: len(beats(served, "courier")) > count + 10, served)
            assert told(served) == []
        wait_for(lambda: told(served), served)
        _, said = served.end()

    assert told(served) == [("heartbeat.missed", "courier")]
    assert "this process did not run, or a clock was set" in said


def test_a_server_waits_for_whoever_tells_already(tmp_path):
    """And goes on where that was when it dies: one of them tells what is missed, the other what is there again."""
    rule = "expect heartbeat courier within 3s"
    with serving(tmp_path) as served:
        with beating(served, "courier"):
            wait_for(lambda: beats(served, "courier"), served)
    command = [sys.executable, "-m", "otel_events", "expect", rule, str(served.ledger), "--follow", "--emit"]
    local = environment(tmp_path, OTEL_EVENTS_LEDGER_PATH=str(served.ledger))
    with subprocess.Popen(command, env=local, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as first:
        try:
            assert "watching" in first.stderr.readline()
            with serving(tmp_path, rules(tmp_path, rule)) as served:
                wait_for(lambda: told(served), served)
                first.kill()
                with beating(served, "courier"):
                    wait_for(lambda: len(told(served)) > 1, served)
                _, said = served.end()
        finally:
            first.kill()

    by = [(each["event"], each["service"]) for each in ledger_events(served.ledger) if each["event"] in ABSENCES]
    assert by == [("heartbeat.missed", "otel-events"), ("heartbeat.missed.resolved", "otel-events serve")]
    assert "another process tells what is missed there" in said


def test_an_alert_that_finds_no_room_is_told_once_there_is_some(tmp_path):
    """On a full disk the server says so and goes on; what was missed meanwhile is in the ledger afterwards, once."""
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "prlimit"):
        pytest.skip("no bound can be set for another process")
    with serving(tmp_path, rules(tmp_path, "expect heartbeat courier within 3s")) as served:
        with beating(served, "courier"):
            wait_for(lambda: beats(served, "courier"), served)
        pid = served.process.pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (served.ledger.stat().st_size, hard))
        wait_for(lambda: any("cannot be written" in line for line in served.said), served)
        assert told(served) == []
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        wait_for(lambda: told(served), served)
        with beating(served, "courier"):
            wait_for(lambda: len(told(served)) > 1, served)
        code, said = served.end()

    assert told(served) == [("heartbeat.missed", "courier"), ("heartbeat.missed.resolved", "courier")]
    assert code == 0
    assert "it is tried again" in said


def test_rules_that_cannot_be_used_are_told_before_anything_listens(tmp_path):
    """All of them, each with its line."""
    rules(tmp_path, "heartbeat courier within 3", "task.started within 5m")

    done = run_serve(tmp_path, "--expect", str(tmp_path / "rules.txt"))

    assert done.returncode == 2
    assert "line 1: 'within' is followed by a time" in done.stderr
    assert "line 2: say 'task.started ends within ...'" in done.stderr
