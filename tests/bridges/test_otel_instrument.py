"""Programs without a change of their code: `opentelemetry-instrument` with our configurator or our exporters."""

import importlib.util
import json
import subprocess
import sys
import textwrap

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from tests.acceptor import HttpAcceptor
from tests.program import PATIENCE, environment, ledger_events, send_rest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("opentelemetry.instrumentation") is None,
        reason="opentelemetry-distro and opentelemetry-instrumentation-logging are not installed",
    ),
]

RUN = "from opentelemetry.instrumentation.auto_instrumentation import run; run()"
PROGRAM = """
import logging
from opentelemetry import trace
with trace.get_tracer("app").start_as_current_span("work"):
    logging.getLogger("app").warning("disk %s", "full", extra={"free": 0})
    logging.getLogger("app").error("named", extra={"otel.event.name": "disk.full"})
"""
LOOK = """
import json
from opentelemetry import trace
from opentelemetry._logs import get_logger_provider
def kinds(processor): return [type(one).__name__ for one in processor]
print(json.dumps([
    kinds(trace.get_tracer_provider()._active_span_processor._span_processors),
    kinds(get_logger_provider()._multi_log_record_processor._log_record_processors),
]))
"""


@pytest.fixture
def acceptor():
    with HttpAcceptor() as acceptor:
        yield acceptor


def instrument(source, home, **env):
    """Run *source*, which knows nothing of us, under `opentelemetry-instrument`."""
    program = home / "app.py"
    program.write_text(textwrap.dedent(source), encoding="utf-8")
    env = {"OTEL_METRICS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", **env}
    return subprocess.run(
        [sys.executable, "-c", RUN, sys.executable, str(program)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment(home, PYTHONWARNINGS="default", **env),
        cwd=home,
        check=False,
    )


def records(acceptor):
    """Return every log record that was taken, with its resource and scope, once if it came again."""
    found = {
        record.SerializeToString(): (group.resource, scope.scope, record)
        for request in acceptor.requests
        if request.signal == "logs"
        for group in ExportLogsServiceRequest.FromString(request.posted).resource_logs
        for scope in group.scope_logs
        for record in scope.log_records
        if "writer" not in record.event_name
    }
    return list(found.values())


def arrived(acceptor, home):
    """Return the names of what the program that has ended sent, without what the writer says of itself."""
    names = set if send_rest(home) else list
    return sorted(names(name for name in acceptor.names if "writer" not in name))


def where(acceptor):
    return {"OTEL_SERVICE_NAME": "app", "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{acceptor.port}"}


def texts(attributes):
    return {one.key: one.value.string_value for one in attributes}


def test_logs_and_spans_of_an_unchanged_program_go_the_durable_way(tmp_path, acceptor):
    """They arrive once each, correlated, under the service's name, though the program ends at once."""
    ran = instrument(PROGRAM, tmp_path, OTEL_PYTHON_CONFIGURATOR="otel_events", **where(acceptor))

    assert arrived(acceptor, tmp_path) == ["", "disk.full", "work"], ran
    (resource, scope, plain), (_, _, named) = records(acceptor)
    assert texts(resource.attributes)["service.name"] == "app"
    assert scope.name == "app"
    assert (plain.body.string_value, plain.severity_text, plain.event_name) == ("disk full", "WARN", "")
    assert named.event_name == "disk.full"
    assert "log.record.uid" in texts(plain.attributes)
    assert plain.trace_id == named.trace_id != b""
    assert ran.returncode == 0


def test_no_batch_processor_of_the_sdk_stands_in_front(tmp_path):
    """With our configurator the providers have our processors and no other; the environment is as it was."""
    ran = instrument(
        LOOK + "import os; print(os.environ['OTEL_LOGS_EXPORTER'], os.environ['OTEL_TRACES_EXPORTER'])",
        tmp_path,
        OTEL_PYTHON_CONFIGURATOR="otel_events",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
    )
    kinds, environ = ran.stdout.splitlines()

    assert json.loads(kinds) == [["DurableSpanProcessor"], ["DurableLogRecordProcessor"]], ran
    assert environ == "otlp otlp"  # as the distribution has set them


def test_without_an_exporter_logs_are_in_the_ledger(tmp_path):
    """Where the environment sends records nowhere but to the ledger, an unchanged program's are there."""
    ledger = tmp_path / "l.jsonl"
    instrument(
        PROGRAM,
        tmp_path,
        OTEL_PYTHON_CONFIGURATOR="otel_events",
        OTEL_SERVICE_NAME="app",
        OTEL_LOGS_EXPORTER="none",
        OTEL_TRACES_EXPORTER="none",
        OTEL_EVENTS_LEDGER_PATH=str(ledger),
    )
    plain, named = [line for line in ledger_events(ledger) if "writer" not in line["event"]]

    assert (plain["event"], plain["message"], plain["severity"], plain["service"]) == ("", "disk full", "WARN", "app")
    assert (named["event"], named["scope"]) == ("disk.full", {"name": "app"})


def test_other_exporters_of_the_environment_are_used_too(tmp_path):
    """`console` beside the configurator prints each record and span, once."""
    ran = instrument(
        PROGRAM,
        tmp_path,
        OTEL_PYTHON_CONFIGURATOR="otel_events",
        OTEL_LOGS_EXPORTER="console",
        OTEL_TRACES_EXPORTER="console",
    )

    assert ran.stdout.count('"body": "disk full"') == 1, ran
    assert ran.stdout.count('"name": "work"') == 1


def test_installed_but_not_chosen_the_configurator_changes_nothing(tmp_path):
    """Without OTEL_PYTHON_CONFIGURATOR the SDK is set up as if this package were not installed."""
    ran = instrument(LOOK, tmp_path, OTEL_LOGS_EXPORTER="console", OTEL_TRACES_EXPORTER="console")

    assert json.loads(ran.stdout.splitlines()[0]) == [["BatchSpanProcessor"], ["BatchLogRecordProcessor"]], ran


@pytest.mark.parametrize("name", ["otel_events", "otlp"])
def test_our_exporters_by_the_environment(tmp_path, acceptor, name):
    """`OTEL_LOGS_EXPORTER=otel_events` puts our exporter behind the SDK's batch processor; what arrives is the same."""
    ran = instrument(
        PROGRAM,
        tmp_path,
        OTEL_PYTHON_CONFIGURATOR="configurator",
        OTEL_LOGS_EXPORTER=name,
        OTEL_TRACES_EXPORTER=name,
        **where(acceptor),
    )

    assert arrived(acceptor, tmp_path) == ["", "disk.full", "work"], ran
    has_uid = ["log.record.uid" in texts(record.attributes) for _, _, record in records(acceptor)]
    assert has_uid == [name == "otel_events"] * 2


def test_nothing_of_ours_is_made_when_opentelemetry_is_disabled(tmp_path):
    """With OTEL_SDK_DISABLED the program runs as it is."""
    ran = instrument(PROGRAM, tmp_path, OTEL_PYTHON_CONFIGURATOR="otel_events", OTEL_SDK_DISABLED="true")

    assert (ran.returncode, list(tmp_path.rglob("*.jsonl"))) == (0, []), ran
