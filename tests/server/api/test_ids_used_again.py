"""What the API answers where ids of tasks, cycles and sessions are used again."""

from __future__ import annotations

import pytest

from tests.server.served import run_program, serving

pytestmark = pytest.mark.slow


def names(answer):
    return [event["event"] for event in answer["events"]]


TWICE = """
import os
import subprocess
import sys

import otel_events as ev

CHILD = "import otel_events as ev; ev.configure(); ev.emit('page.read'); assert ev.shutdown(timeout=25)"

ev.configure()
with ev.session("s-twice"), ev.cycle(1), ev.phase("thesis"):
    with ev.task("draft", task_id="t1"):
        ev.emit("evidence.added")
        if sys.argv[1] == "first":
            environ = ev.inject(dict(os.environ), environment=True)
            subprocess.run([sys.executable, "-c", CHILD], env=environ, check=True)
        with ev.task("inner", task_id="inner of t1"):
            pass
assert ev.shutdown(timeout=25)
"""


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """A server to which a pipeline was sent that was started twice, with the same ids for all it does."""
    with serving(tmp_path_factory.mktemp("twice")) as running:
        for which in ("first", "second"):
            run_program(running, TWICE, which)
        yield running


def test_a_pipeline_that_is_started_twice_has_two_stories(twice):
    """Each run of a task has its own events, those of its children's processes among them, its own spans and tasks beneath."""

    def story(**query):
        return twice.client.get("/api/tasks/t1", params=query).json()

    rows = [task for task in twice.client.get("/api/tasks").json()["tasks"] if task["task_id"] == "t1"]
    assert [(task["run"], task["runs"], task["events"]) for task in rows] == [(2, 2, 3), (1, 2, 4)]
    first, second = story(run=1), story(run=2)
    assert sorted(names(first)) == ["evidence.added", "page.read", "task.completed", "task.started"]
    assert names(second) == ["task.started", "evidence.added", "task.completed"]
    assert story()["task"] == second["task"]
    assert [task["run"] for task in first["runs"]] == [2, 1]
    for number, each in ((1, first), (2, second)):
        assert each["task"]["events"] == len(each["events"])
        assert [span["trace_id"] for span in each["spans"]] == [each["task"]["trace_id"]]
        (child,) = each["children"]
        assert (child["task_id"], child["run"], child["parent_run"]) == ("inner of t1", number, number)
        inner = twice.client.get(f"/api/tasks/{child['task_id']}", params={"run": number}).json()
        assert [(task["task_id"], task["run"]) for task in inner["ancestors"]] == [("t1", number)]
    refused = twice.client.get("/api/tasks/t1", params={"run": 3})
    assert (refused.status_code, "run 3" in refused.json()["error"]["problem"]) == (404, True)


def test_cycles_and_sessions_that_are_started_twice_can_be_compared(twice):
    """Each run is a row, with its number, its stages and its tasks."""
    sessions = twice.client.get("/api/sessions").json()["sessions"]
    assert [(each["session_id"], each["run"], each["runs"], each["cycles"]) for each in sessions] == [
        ("s-twice", 2, 2, 1),
        ("s-twice", 1, 2, 1),
    ]
    assert all(each["ended"] and each["duration"] > 0 for each in sessions)
    cycles = twice.client.get("/api/cycles", params={"session": "s-twice"}).json()["cycles"]
    assert [(each["cycle"], each["run"], each["session_run"]) for each in cycles] == [(1, 2, 2), (1, 1, 1)]
    assert [[stage["name"] for stage in each["stages"]] for each in cycles] == [["thesis"], ["thesis"]]
    assert twice.client.get("/api/cycles", params={"session_run": 1}).json()["cycles"] == cycles[1:]
    for run in (1, 2):
        answer = twice.client.get("/api/cycles/1", params={"run": run}).json()
        assert answer["cycle"]["run"] == run
        assert {(task["task_id"], task["run"]) for task in answer["tasks"]} == {("t1", run), ("inner of t1", run)}
    by_task = twice.client.get("/api/stats", params={"by": "task"}).json()["groups"]
    assert {group["key"]: group["count"] for group in by_task} == {"t1": 7, "inner of t1": 4}
