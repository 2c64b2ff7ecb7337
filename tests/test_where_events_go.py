"""Where events go: the ledger, an endpoint, the program's provider, by the environment and by keywords."""

import pytest

from tests.acceptor import HttpAcceptor
from tests.effort import rest_slow
from tests.program import ledger_events, run_program

EMIT = 'ev.emit("evidence.added", source="paper.pdf"); print(json.dumps([ev.flush(20), ev.stats().as_dict()]))'


WITH_PROVIDER = """
from opentelemetry._logs import set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
exporter = InMemoryLogRecordExporter()
provider = LoggerProvider(resource=Resource.create({"service.name": "theirs"}))
provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
set_logger_provider(provider)
"""


@pytest.fixture
def acceptor():
    with HttpAcceptor() as acceptor:
        yield acceptor


# -- nobody said anything ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("configure", rest_slow(["", "ev.configure()"]))
def test_by_default_events_go_to_the_user_s_ledger(tmp_path, configure):
    """With nothing set, with or without `configure`, events are in the ledger of the user's state directory."""
    ran = run_program(f"{configure}\n{EMIT}", tmp_path)

    assert [event["event"] for event in ran.default_ledger] == ["evidence.added"], ran
    assert ran.said[0] is True
    assert ran.said[1]["delivered"] == {"ledger": 2}  # the writer says that it started
    assert ran.err == ""


@pytest.mark.slow
def test_a_program_that_only_emits_loses_nothing_at_its_end(tmp_path):
    """Without `configure` and `flush`, what was emitted just before the end is kept."""
    ran = run_program('ev.emit("seed.planted")', tmp_path)

    assert (ran.err, [event["event"] for event in ran.default_ledger]) == ("", ["seed.planted"])


@pytest.mark.slow
def test_a_ledger_path_is_the_ledger(tmp_path):
    """A path, by keyword or by variable, is where the ledger is; the keyword wins."""
    by_keyword, by_variable = tmp_path / "k.jsonl", tmp_path / "v.jsonl"
    run_program(EMIT, tmp_path, OTEL_EVENTS_LEDGER_PATH=str(by_variable))
    run_program(f"ev.configure(ledger=sys.argv[1])\n{EMIT}", tmp_path, str(by_keyword), OTEL_EVENTS_LEDGER_PATH="no")

    assert len(ledger_events(by_keyword)) == len(ledger_events(by_variable)) == 1


# -- an OTLP endpoint --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", rest_slow(["endpoint", "keyword", "logs endpoint", "exporter"]))
def test_with_an_endpoint_events_go_there(tmp_path, acceptor, how):
    """An OTLP endpoint, by whatever setting, gets the events, and no ledger is written."""
    base = f"http://127.0.0.1:{acceptor.port}"
    env, keywords = {}, ""
    if how == "endpoint":
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": base}
    elif how == "logs endpoint":
        env = {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": acceptor.url("logs")}
    elif how == "exporter":
        env = {"OTEL_LOGS_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": base}
    else:
        keywords = f"endpoint={base!r}"
    ran = run_program(f"ev.configure({keywords})\n{EMIT}", tmp_path, **env)

    assert acceptor.await_names(1) == ["evidence.added"], ran
    assert ran.said[1]["delivered"] == {"otlp": 2}
    assert not (ran.state / "otel-events" / "events.jsonl").exists()


@pytest.mark.slow
def test_with_an_endpoint_and_a_ledger_path_events_go_to_both(tmp_path, acceptor):
    """A ledger path that is given is written as well."""
    ledger = tmp_path / "l.jsonl"
    ran = run_program(
        EMIT,
        tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{acceptor.port}",
        OTEL_EVENTS_LEDGER_PATH=str(ledger),
    )

    assert acceptor.await_names(1) == ["evidence.added"]
    assert len(ledger_events(ledger)) == 1
    assert ran.said[1]["delivered"] == {"otlp": 2, "ledger": 2}


@pytest.mark.slow
def test_an_endpoint_stands_above_the_program_s_provider(tmp_path, acceptor):
    """Where an endpoint is set events take our way, though the program has a LoggerProvider."""
    program = f"{WITH_PROVIDER}\n{EMIT}\nprint(len(exporter.get_finished_logs()))"
    ran = run_program(program, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{acceptor.port}")

    assert acceptor.await_names(1) == ["evidence.added"], ran
    assert ran.said == 0


# -- the program's LoggerProvider --------------------------------------------------------------------------------------


DESCRIBE = """
import otel_events as ev
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import TracerProvider
trace.set_tracer_provider(TracerProvider())
context.attach(baggage.set_baggage("tenant", "t-9"))
from opentelemetry.sdk._logs import LogRecordProcessor
class Look(LogRecordProcessor):
    seen = []
    def on_emit(self, log_record):
        self.seen.append(baggage.get_all(log_record.log_record.context).get("tenant"))
    def shutdown(self): pass
    def force_flush(self, timeout_millis=1): return True
provider.add_log_record_processor(Look())
emitter = ev.get_emitter("my.library", "1.2")
with ev.context(persona="thesis"), ev.task("draft", task_id="t-1"):
    span = trace.get_current_span().get_span_context()
    emitter.emit("alert.triggered", "Proxy down", severity="warning", timestamp=5, port=18091, parts=[1, {"a": True}])
flushed = ev.flush()
found = [one for one in exporter.get_finished_logs() if one.log_record.event_name == "alert.triggered"]
record, = found
log = record.log_record
print(json.dumps({
    "name": log.event_name, "body": log.body, "severity": [log.severity_number.value, log.severity_text],
    "time": [log.timestamp, log.observed_timestamp > 10**18],
    "attributes": {k: v for k, v in log.attributes.items() if k != "log.record.uid"},
    "uid": log.attributes["log.record.uid"].partition("-")[0] == ev.stats().writer,
    "trace": [log.trace_id == span.trace_id, log.span_id == span.span_id, log.trace_flags == span.trace_flags],
    "scope": [record.instrumentation_scope.name, record.instrumentation_scope.version],
    "resource": record.resource.attributes["service.name"],
    "baggage": Look.seen[-1], "flushed": flushed, "delivered": ev.stats().delivered["otel"],
}, default=list))
"""


def test_the_program_s_provider_gets_whole_records(tmp_path):
    """Its processors see name, body, severity, attributes, times, trace, scope, Context, and its own resource."""
    ran = run_program(WITH_PROVIDER + DESCRIBE, tmp_path)

    assert ran.code == 0, ran.err
    assert ran.said == {
        "name": "alert.triggered",
        "body": "Proxy down",
        "severity": [13, "WARN"],
        "time": [5, True],
        "attributes": {"port": 18091, "parts": [1, {"a": True}], "persona": "thesis", "task_id": "t-1"},
        "uid": True,
        "trace": [True, True, True],
        "scope": ["my.library", "1.2"],
        "resource": "theirs",
        "baggage": "t-9",
        "flushed": True,
        "delivered": 4,
    }
    assert ran.default_ledger == []


@pytest.mark.slow
def test_a_provider_that_comes_late_counts_from_then(tmp_path):
    """Events before the program sets its LoggerProvider are in the ledger, those after it go to the provider."""
    program = f"""
ev.configure()
ev.emit("session.start")
ev.flush()
{WITH_PROVIDER}
ev.emit("session.end")
ev.flush()
print(json.dumps([one.log_record.event_name for one in exporter.get_finished_logs()]))
"""
    ran = run_program(program, tmp_path)

    assert ran.said == ["session.end"], ran
    assert [event["event"] for event in ran.default_ledger] == ["session.start"]


@pytest.mark.slow
def test_configure_leaves_the_program_s_providers_alone(tmp_path):
    """Neither the LoggerProvider nor the TracerProvider of the program is replaced, or shut down at our end."""
    program = f"""
{WITH_PROVIDER}
from opentelemetry import _logs, trace
from opentelemetry.sdk.trace import TracerProvider
tracers = TracerProvider()
trace.set_tracer_provider(tracers)
ev.configure(endpoint="http://127.0.0.1:9", traces_exporter=["otlp"])
ev.shutdown(0.1)
_logs.get_logger("theirs").emit(_logs.LogRecord(event_name="after", body="x"))
print(json.dumps([
    _logs.get_logger_provider() is provider,
    trace.get_tracer_provider() is tracers,
    len(exporter.get_finished_logs()),
]))
"""
    ran = run_program(program, tmp_path)

    assert ran.said == [True, True, 1]
    assert ran.err == ""  # OpenTelemetry tells of every attempt to replace one
