"""What the tests of the command line share: the command as a process and in this one, and files of events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from otel_events.event import Event, Severity
from otel_events.ledger.line import EventsFormat
from tests.effort import little_room
from tests.server.served import serving

ROOT = Path(__file__).resolve().parents[2]
SECOND = 1_000_000_000
BEGIN = 1_771_095_683 * SECOND  # 2026-02-14T19:01:23Z
WRITER = "0f3a0f3a0f3a0f3a"


def clean_environment(tmp_path, **variables):
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OTEL_", "TRACE", "BAGGAGE", "NO_COLOR", "_OTEL"))
    }
    path = os.pathsep.join(filter(None, (str(ROOT), kept.get("PYTHONPATH", ""))))
    return {
        **kept,
        "PYTHONPATH": path,
        "PYTHONIOENCODING": "utf-8",
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "OTEL_EVENTS_LEDGER_PATH": str(tmp_path / "ledger.jsonl"),
        "TZ": "UTC",
        **little_room(),
        **variables,
    }


@pytest.fixture
def environment(tmp_path):
    """Make the environment of a user who has set nothing but a ledger, with variables of the test's own."""
    return lambda **variables: clean_environment(tmp_path, **variables)


@pytest.fixture
def process(tmp_path):
    """Run `python -m otel_events` to its end, in a process of its own; return code, out and err."""

    def run(*arguments, given=None, **variables):
        return subprocess.run(
            [sys.executable, "-m", "otel_events", *map(str, arguments)],
            input=given,
            env=clean_environment(tmp_path, **variables),
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def invoke(capsys, monkeypatch, tmp_path):
    """Run a command that reads, in this process; return code, out and err."""
    from otel_events.cli.app import run

    monkeypatch.setenv("OTEL_EVENTS_LEDGER_PATH", str(tmp_path / "ledger.jsonl"))
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return SimpleNamespace(code=code, out=captured.out, err=captured.err)

    return call


@pytest.fixture
def look(tmp_path):
    """Examine an environment, without a probe; return the findings that are no `ok`, and all of them."""

    from otel_events.cli.diagnosis.examine import examine

    def look(**variables):
        environ = {
            "HOME": str(tmp_path),
            "OTEL_EVENTS_SPOOL_DIR": str(tmp_path / "spool"),
            "OTEL_EVENTS_LEDGER_PATH": str(tmp_path / "ledger.jsonl"),
            **variables,
        }
        found = list(examine(environ, timeout=30, with_probe=False))
        return SimpleNamespace(
            all=found,
            bad=[finding for finding in found if finding.level in {"warning", "error"}],
            endpoint=[finding for finding in found if finding.topic == "endpoint"],
        )

    return look


def make(name, second=0.0, *, severity=Severity.INFO, number=None, message=None, **attributes):
    """Make an event *second* seconds after the beginning."""
    trace = attributes.pop("trace", 0)
    at = BEGIN + round(second * SECOND)
    return Event(
        name,
        at,
        attributes.pop("observed", at),
        severity=severity,
        severity_text=severity.name,
        body=message,
        attributes=attributes,
        trace_id=trace,
        span_id=attributes.pop("span", 0),
        trace_flags=1 if trace else 0,
        uid=f"{WRITER}-{number:x}" if number is not None else "",
    )


def as_ledger(events, *, header=True):
    """Return *events* as the bytes of a ledger."""
    form = EventsFormat(service="orchestrator", resource={"service.name": "orchestrator"}, writer_id=WRITER)
    return (form.header() if header else b"") + b"".join(map(form.encode, events))


@pytest.fixture
def event():
    return make


@pytest.fixture
def ledger(tmp_path):
    """Write events to the ledger that is configured, or to another file; return its path."""

    def write(*events, name="ledger.jsonl", **options):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_ledger(events, **options))
        return path

    return write


@pytest.fixture
def ledger_bytes():
    return as_ledger


@pytest.fixture
def story(ledger):
    """Write a small story to the ledger: a cycle with a phase, a task that fails and its child, and an orphan."""
    return ledger(
        make("cycle.start", 0, number=1, cycle=7, trace=0xABC, span=1),
        make("thesis.start", 0.1, number=2, cycle=7, persona="thesis", trace=0xABC, span=2),
        make("task.started", 0.2, number=3, task_id="t-1", task_name="draft", cycle=7, persona="thesis", trace=0xABC, span=3),
        make("task.started", 0.3, number=4, task_id="t-2", parent_task_id="t-1", cycle=7, persona="thesis", trace=0xABC, span=4),
        make("evidence.added", 0.4, number=5, task_id="t-2", parent_task_id="t-1", cycle=7, persona="thesis", quality=0.9, trace=0xABC, span=4),
        make("task.completed", 0.5, number=6, task_id="t-2", parent_task_id="t-1", cycle=7, persona="thesis", duration=0.2, trace=0xABC, span=4),
        make(
            "task.failed", 1, number=7, task_id="t-1", cycle=7, persona="thesis", duration=0.8, trace=0xABC, span=3,
            severity=Severity.ERROR, **{"exception.type": "ValueError", "exception.message": "bad value 17"},
        ),
        make("thesis.end", 1.1, number=8, cycle=7, persona="thesis", duration=1.0, trace=0xABC, span=2),
        make("cycle.end", 1.2, number=9, cycle=7, duration=1.2, trace=0xABC, span=1),
        make("task.started", 1.3, number=10, task_id="t-3"),
        make("alert.triggered", 1.4, number=12, severity=Severity.WARN, message="Proxy port not responding", port=18091),
    )  # fmt: skip


@pytest.fixture
def rows():
    """Return the lines of JSON of an output."""
    return lambda text: [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def relaying(tmp_path):
    """Start relays, which run until they are killed or the test ends."""
    started = []

    def start(*arguments, **variables):
        command = [sys.executable, "-m", "otel_events", "relay", *map(str, arguments)]
        process = subprocess.Popen(
            command,
            env=clean_environment(tmp_path, **variables),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def collector(tmp_path):
    """Our own server: it keeps each uid once."""
    home = tmp_path / "server"
    home.mkdir()
    with serving(home) as served:
        yield served
