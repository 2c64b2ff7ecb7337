"""The LoggerProvider that `configure` sets where the program has none, and what it leaves alone."""

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from tests.acceptor import HttpAcceptor
from tests.effort import rest_slow
from tests.program import run_program

KIND = """
from opentelemetry import _logs
provider = _logs.get_logger_provider()
print(json.dumps(type(provider).__name__))
"""
RECORD = """
from opentelemetry._logs import LogRecord, get_logger
get_logger("their.library").emit(LogRecord(body="from them"))
"""


@pytest.fixture
def acceptor():
    with HttpAcceptor() as acceptor:
        yield acceptor


def arrived(acceptor):
    return sorted(name for name in acceptor.names if "writer" not in name)


def resources(request):
    """Return the resources in a request, each as its bytes."""
    found = ExportLogsServiceRequest.FromString(request.posted).resource_logs
    return [group.resource.SerializeToString() for group in found]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("keywords", "env", "expected"),
    rest_slow(
        [
            ("", {}, "ProxyLoggerProvider"),
            ("endpoint='http://127.0.0.1:9'", {}, "LoggerProvider"),
            ("", {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://127.0.0.1:9"}, "LoggerProvider"),
            ("", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9"}, "ProxyLoggerProvider"),
            ("endpoint='http://127.0.0.1:9', logs_exporter=['none']", {}, "ProxyLoggerProvider"),
            ("endpoint='http://127.0.0.1:9', sink='ledger'", {}, "ProxyLoggerProvider"),
            ("endpoint='http://127.0.0.1:9', disabled=True", {}, "ProxyLoggerProvider"),
            ("endpoint='http://127.0.0.1:9'", {"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT": "many"}, "LoggerProvider"),
        ],
        quick=2,
    ),
)
def test_a_global_logger_provider_only_where_log_records_are_sent(tmp_path, keywords, env, expected):
    """`configure` sets one only if OTLP is where events go; a wrong variable of the SDK's breaks nothing."""
    ran = run_program(f"ev.configure({keywords})\n{KIND}ev.shutdown(0)", tmp_path, **env)

    assert ran.code == 0, ran
    assert ran.said == expected


def test_the_first_emit_sets_no_logger_provider(tmp_path):
    """Without `configure` nothing global is set, though an endpoint is."""
    ran = run_program(
        f"ev.emit('seed.planted')\nev.flush(0.2)\n{KIND}ev.shutdown(0)",
        tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
    )

    assert ran.said == "ProxyLoggerProvider", ran


@pytest.mark.slow
def test_records_of_libraries_arrive_beside_events(tmp_path, acceptor):
    """What a library says through OpenTelemetry's Logs API goes to the endpoint, with our resource, once."""
    program = f"""
ev.configure(service_name="app", endpoint={f"http://127.0.0.1:{acceptor.port}"!r})
ev.emit("seed.planted")
{RECORD}
print(json.dumps(ev.flush(30)))
"""
    ran = run_program(program, tmp_path)

    assert ran.said is True, ran
    assert arrived(acceptor) == ["", "seed.planted"]
    assert len({resource for request in acceptor.requests for resource in resources(request)}) == 1


@pytest.mark.slow
def test_our_provider_is_not_taken_for_the_program_s(tmp_path, acceptor):
    """After a second `configure` without an endpoint events are in the ledger, not sent in a circle; records too."""
    program = f"""
ev.configure(endpoint={f"http://127.0.0.1:{acceptor.port}"!r})
ev.configure(service_name="app")
ev.emit("seed.planted")
{RECORD}
print(json.dumps([ev.flush(30), ev.stats().delivered.get("otel", 0)]))
"""
    ran = run_program(program, tmp_path)

    assert ran.said == [True, 0], ran
    assert [line["event"] for line in ran.default_ledger if "writer" not in line["event"]] == ["seed.planted", ""]


@pytest.mark.slow
@pytest.mark.parametrize(
    "behind", ["DurableLogRecordProcessor()", "BatchLogRecordProcessor(DurableLogRecordExporter())"]
)
def test_a_provider_of_the_program_s_that_leads_to_us_is_no_destination(tmp_path, behind):
    """Whether by our processor or by our exporter behind the SDK's: a test that tells when the SDK changes inside."""
    program = f"""
from opentelemetry._logs import set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from otel_events.bridges import DurableLogRecordExporter, DurableLogRecordProcessor
from otel_events.otel_logs import global_provider, program_provider, shared_provider
class Other(DurableLogRecordProcessor):
    leads_to_otel_events = False
provider = LoggerProvider()
set_logger_provider(provider)
before = program_provider() is provider
provider.add_log_record_processor({behind})
found = [before, program_provider() is None, shared_provider() is None, global_provider() is provider]
provider.add_log_record_processor(Other())
print(json.dumps([*found, program_provider() is None, shared_provider() is provider]))
"""
    ran = run_program(program, tmp_path)

    assert ran.said == [True] * 6, ran


@pytest.mark.slow
def test_in_journal_mode_a_record_is_safe_when_emit_returns(tmp_path):
    """Records of libraries are as durable as events: a killed process leaves both to the next."""
    program = f"""
import os, signal
ev.configure(endpoint="http://127.0.0.1:9", durability="journal", traces_exporter="none")
{RECORD}
print(json.dumps([state.bytes for state in ev.stats().spools]), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ran = run_program(program, tmp_path)

    assert sum(ran.said) >= 1, ran


def test_light_to_import():
    """The doors open one by one: naming the package loads no part of the SDK."""
    import subprocess
    import sys

    from tests.program import ROOT

    source = "import sys, otel_events.bridges; print(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, cwd=ROOT, check=True)

    assert done.stdout.strip() == "False"
