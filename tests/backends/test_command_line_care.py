"""`replay`, `spool drain` and `doctor` against the real Collector."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from otel_events.ledger.read import read_lines
from tools.backends.collector import Collector
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.backends
MARK = "otel_events.replayed_at"
PROGRAM = """
import otel_events as ev
with ev.session("s-1"), ev.cycle(3), ev.task("draft", task_id="t-1"):
    for number in range(50):
        ev.emit("evidence.added", quality=number / 50, n=number, raw=b"\\xff", deep={"a": [1, 2.5, None]}, nan=float("nan"))
ev.shutdown()
"""


@pytest.fixture
def own_collector(backends_built, tmp_path):
    """A Collector of the test's own, started by it."""
    collector = Collector(tmp_path / "own")
    yield collector
    collector.stop()


@pytest.fixture
def shell(tmp_path):
    """Run Python with arguments, in an environment without settings but those given."""

    def run(*arguments, **variables):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
        environ = {
            **kept,
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "OTEL_SERVICE_NAME": "orchestrator",
            **variables,
        }
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(
            command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def facts(path):
    """Return all that is known of each event of a file, in no order."""
    return sorted(
        repr(
            (
                *(getattr(one.event, name) for name in ("name", "timestamp", "observed_timestamp", "severity", "body")),
                *(getattr(one.event, name) for name in ("severity_text", "trace_id", "span_id", "trace_flags", "uid")),
                one.event.scope,
                sorted((key, value) for key, value in one.event.attributes.items() if key != MARK),
                sorted(one.resource.items()),
            )
        )
        for one in read_lines(path)
    )


def test_a_replayed_ledger_is_in_the_collectors_file_as_it_was(own_collector, shell, tmp_path):
    """Every fact of every record; and what the Collector wrote is not replayed again."""
    own_collector.start()
    shell("-c", PROGRAM, OTEL_EVENTS_LEDGER_PATH="source.jsonl")
    expected = facts(tmp_path / "source.jsonl")

    replayed = shell(
        "-m", "otel_events", "replay", "source.jsonl", "--to", own_collector.http_endpoint, "--speed", "max"
    )
    wait_for(lambda: len(own_collector.events()) >= len(expected), "all records")
    again = shell(
        "-m", "otel_events", "replay", own_collector.events_path, "--to", "copy.jsonl", "--speed", "max", "--json"
    )

    assert replayed.returncode == 0, replayed.stderr
    assert facts(own_collector.events_path) == expected
    assert json.loads(again.stdout)["replayed_before"] == len(expected)


def test_replayed_spans_are_in_the_collectors_file_as_they_were(own_collector, shell, tmp_path):
    """From its own traces file to itself, by gRPC: each span twice then, alike but for the mark."""
    own_collector.start()
    shell(
        "-c", PROGRAM.replace("ev.shutdown()", "ev.flush(30)"), OTEL_EXPORTER_OTLP_ENDPOINT=own_collector.http_endpoint
    )
    count = len(wait_for(own_collector.spans, "the spans"))  # one batch: they come together
    (tmp_path / "traces.jsonl").write_bytes(own_collector.traces_path.read_bytes())

    to = ("--to", own_collector.grpc_endpoint, "--protocol", "grpc", "--speed", "max")
    replayed = shell("-m", "otel_events", "replay", "traces.jsonl", *to)
    wait_for(lambda: len(own_collector.spans()) >= 2 * count, "the replayed spans")

    assert replayed.stdout == f"{count} record{'s' * (count != 1)} accepted by {own_collector.grpc_endpoint}\n", (
        replayed.stderr
    )
    spans = [
        {**span, "attributes": [pair for pair in span.get("attributes", []) if pair["key"] != MARK]}
        for line in own_collector.traces_path.read_text().splitlines()
        for resource in json.loads(line)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
    assert len(spans) == 2 * count
    assert all(spans.count(span) == 2 for span in spans)


def test_what_an_outage_has_left_is_drained(own_collector, shell):
    """The doctor says that it waits; after the drain nothing does."""
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": own_collector.http_endpoint}
    shell("-c", PROGRAM, **endpoint)

    down = shell("-m", "otel_events", "doctor", **endpoint)
    own_collector.start()
    drained = shell("-m", "otel_events", "spool", "drain")
    up = shell("-m", "otel_events", "doctor", **endpoint)

    assert (down.returncode, drained.returncode, up.returncode) == (1, 0, 0), drained.stdout + up.stdout
    assert "nobody can be reached" in down.stdout
    assert "spool drain orchestrator" in down.stdout
    assert "all is well" in up.stdout
    assert "accepted by otlp" in up.stdout
    rows = wait_for(lambda: len(rows := own_collector.events()) >= 50 and rows, "what was drained")
    assert [row["name"] for row in rows].count("evidence.added") == 50


def test_the_doctor_speaks_grpc_to_the_collector(own_collector, shell):
    """Both signals are accepted."""
    own_collector.start()

    told = shell(
        *("-m", "otel_events", "doctor", "--json"),
        OTEL_EXPORTER_OTLP_ENDPOINT=own_collector.grpc_endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL="grpc",
    )

    found = json.loads(told.stdout)
    assert (told.returncode, found["counts"]["error"]) == (0, 0), told.stdout
    assert sum(finding["topic"] == "probe" and finding["level"] == "ok" for finding in found["findings"]) == 2
