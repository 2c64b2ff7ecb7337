"""The command line with the real Collector: what `emit` and `run` send is what the others find in its files."""

from __future__ import annotations

import json
import os
import sys

import pytest

from tools.backends.collector import Collector
from tools.backends.installed import installed
from tools.backends.process import BackendError
from tools.backends.recipes import COLLECTOR

pytestmark = [pytest.mark.backends, pytest.mark.slow]


@pytest.fixture
def collector(tmp_path):
    try:
        installed(COLLECTOR)
    except BackendError as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))
    server = Collector(tmp_path / "backends")
    server.start()
    yield server
    server.stop()


def test_what_is_emitted_is_found_in_the_collectors_files(collector, process):
    """Accepted when `--wait` says so; a task that `run` made has its span, and its command's events are inside it."""
    sent = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.http_endpoint, "OTEL_EVENTS_LEDGER_PATH": ""}
    program = "import otel_events as ev; ev.emit('evidence.added', quality=0.82); ev.flush(30)"  # an end waits less
    assert process("emit", "alert.triggered", "port:=18091", "--wait", **sent).returncode == 0
    run = process("run", "--task", "work", "--task-id", "t-1", "--wait", "--", sys.executable, "-c", program, **sent)
    assert run.returncode == 0, run.stderr
    folder = f"{collector.data_directory}{os.sep}"

    found = [json.loads(line) for line in process("query", "--json", folder, "-otel_events.*").stdout.splitlines()]
    story = process("show", "task", "t-1", folder, "--no-attributes").stdout

    assert {row["event"] for row in found} == {
        "alert.triggered",
        "task.started",
        "evidence.added",
        "task.completed",
        "work",
    }
    assert {row.get("kind", "event") for row in found if row["event"] == "work"} == {"span"}
    assert [line[12:].split(" (")[0] for line in story.splitlines()[1:]] == [
        "task work completed",
        "└─ evidence.added",
    ]
    assert json.loads(process("stats", "--json", folder).stdout)["orphans"] == []
