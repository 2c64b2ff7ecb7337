"""A server with a small story in it, sent by a real program."""

from __future__ import annotations

import pytest

from tests.server.served import run_program, serving
from tools.backends.waiting import wait_for

STORY = """
import otel_events as ev

ev.configure()
with ev.session("s-1"):
    for number in (41, 42):
        with ev.cycle(number, day=1551), ev.context(persona="thesis"):
            with ev.phase("thesis"), ev.task("draft", task_id=f"t-{number}", goal="x") as task:
                ev.emit("evidence.added", source="paper.pdf", quality=0.82)
                with ev.task("inner", task_id=f"in/ner {number}"):
                    ev.emit("evidence.added", source="notes * [1]?", quality=number / 100)
                task.set(quality=0.85)
            for attempt in range(number - 40):
                try:
                    with ev.task("check", task_id=f"bad-{number}-{attempt}"):
                        raise ValueError(f"bad value {attempt}")
                except ValueError:
                    pass
            ev.emit("cycle.stalled")
ev.emit("alert.triggered", "Proxy port not responding", severity="warning", component="proxy", port=18091)
ev.emit("alert.triggered", "Still not responding", severity="warning", component="proxy", port=18091)
ev.emit("alert.triggered", "Disk nearly full", severity="error", component="disk", task_id="t-9", reason="3 % left")
ev.emit("alert.resolved", "Disk has room", component="disk")
ev.emit("heartbeat.missed", component="courier")
ev.emit("heartbeat.missed.resolved", component="courier")
ev.emit("garden.watered", litres=3, sort="rose", deep={"a": [1, 2.5, None]}, note="<b>bold</b>")
print(ev.shutdown(timeout=50))
"""


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as running:
        assert run_program(running, STORY) == "True\n"
        wait_for(lambda: _is_indexed(running), "all of the story in the index, which follows the ledger")
        yield running


def _is_indexed(running):
    writers = running.client.get("/api/writers").json()["writers"]
    has_spans = running.client.get("/api/tasks/t-42").json().get("spans")
    return has_spans and any(writer["state"] == "stopped" for writer in writers)


@pytest.fixture(scope="session")
def get(server):
    """Ask for a path and return the answer's JSON."""

    def ask(path, status=200, **query):
        answer = server.client.get(path, params=query)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/json"
        return answer.json()

    return ask
