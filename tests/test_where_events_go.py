"""Where events and spans go: every row of the table, by the environment and by keywords."""

import json
from pathlib import Path

import pytest

from tests.acceptor import HttpAcceptor
from tests.effort import rest_slow
from tests.program import ledger_events, run_program

EMIT = 'ev.emit("evidence.added", source="paper.pdf"); print(json.dumps([ev.flush(), ev.stats().as_dict()]))'
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
# An installed package with exporters that write JSON lines to the file given by OUT.
THIRD_PARTY = """
import json, os
class _Exporter:
    def export(self, batch):
        with open(os.environ["OUT"], "a") as out:
            for item in batch:
                record = getattr(item, "log_record", None)
                name = item.name if record is None else record.event_name
                out.write(json.dumps([name, dict(item.resource.attributes)["service.name"]]) + "\\n")
        from opentelemetry.sdk._logs.export import LogRecordExportResult
        return LogRecordExportResult.SUCCESS
    def force_flush(self, timeout_millis=30000): return True
    def shutdown(self): pass
class Logs(_Exporter): pass
class Traces(_Exporter): pass
class Broken:
    def __init__(self): raise OSError("no such backend")
"""


@pytest.fixture
def acceptor():
    with HttpAcceptor() as acceptor:
        yield acceptor


@pytest.fixture
def third_party(tmp_path):
    """Install exporters `mine` and `broken` for the program; return the variables that let it find them."""
    packages = tmp_path / "packages"
    info = packages / "third-1.0.dist-info"
    info.mkdir(parents=True)
    (packages / "third.py").write_text(THIRD_PARTY, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[opentelemetry_logs_exporter]\nmine = third:Logs\nbroken = third:Broken\n"
        "[opentelemetry_traces_exporter]\nmine = third:Traces\nbroken = third:Broken\n",
        encoding="utf-8",
    )
    from tests.program import ROOT

    return {"PYTHONPATH": f"{ROOT}:{packages}", "OUT": str(tmp_path / "out.jsonl")}


def exported(third_party):
    return [json.loads(line) for line in Path(third_party["OUT"]).read_text(encoding="utf-8").splitlines()]


# -- nobody said anything ---------------------------------------------------------------------------------------------


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


# -- nowhere -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keywords", "env"),
    rest_slow(
        [
            ("disabled=True", {}),
            ("", {"OTEL_SDK_DISABLED": "true", "OTEL_EVENTS_LEDGER_PATH": "given.jsonl"}),
            ("logs_exporter=['none']", {}),
            ("", {"OTEL_LOGS_EXPORTER": "none"}),
        ]
    ),
)
def test_nowhere_means_nowhere(tmp_path, keywords, env):
    """Disabled, or with the exporter `none`, nothing is written, and what was emitted counts as dropped."""
    ran = run_program(f"ev.configure({keywords})\n{EMIT}", tmp_path, **env)

    assert ran.said[1]["dropped"] == {"no_sink": 1}, ran
    assert not (tmp_path / "given.jsonl").exists()
    assert not list(tmp_path.rglob("*.jsonl"))


@pytest.mark.slow
def test_none_with_a_ledger_path_is_the_ledger(tmp_path):
    """With `OTEL_LOGS_EXPORTER=none` a ledger whose path is given is still written."""
    ledger = tmp_path / "l.jsonl"
    run_program(EMIT, tmp_path, OTEL_LOGS_EXPORTER="none", OTEL_EVENTS_LEDGER_PATH=str(ledger))

    assert len(ledger_events(ledger)) == 1


# -- other exporters ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_console_shows_events_and_spans(tmp_path):
    """`console`, which comes with the SDK, prints each record and each span."""
    program = 'with ev.task("draft"): pass\nprint(ev.flush())'
    ran = run_program(program, tmp_path, OTEL_LOGS_EXPORTER="console", OTEL_TRACES_EXPORTER="console")

    assert '"event_name": "task.started"' in ran.out, ran
    assert '"name": "draft"' in ran.out
    assert ran.default_ledger == []


@pytest.mark.slow
@pytest.mark.parametrize("how", rest_slow(["environment", "keywords"]))
def test_installed_exporters_get_events_and_spans(tmp_path, third_party, how):
    """Any exporter that is installed under its entry-point group works, for events and for spans."""
    env, keywords = {"OTEL_LOGS_EXPORTER": "mine", "OTEL_TRACES_EXPORTER": "mine"}, "service_name='s'"
    if how == "keywords":
        env, keywords = {}, "service_name='s', logs_exporter=['mine'], traces_exporter=['mine']"
    program = f"""
ev.configure({keywords})
with ev.task("draft"): ev.emit("evidence.added")
print(json.dumps([ev.flush(), ev.stats().as_dict()]))
"""
    ran = run_program(program, tmp_path, **env, **third_party)

    names = ["task.started", "evidence.added", "task.completed"]
    names = ["otel_events.writer.started", *names, "draft", "otel_events.writer.stopped"]
    assert sorted(exported(third_party)) == sorted([name, "s"] for name in names), ran
    assert ran.said[0] is True
    assert ran.said[1]["delivered"] == {"mine": 4}
    assert ran.said[1]["spans_delivered"] == {"mine": 1}


@pytest.mark.slow
def test_an_exporter_that_cannot_be_used_is_told(tmp_path, third_party):
    """An exporter that fails to start is named in a warning; the program and the other exporters go on."""
    ran = run_program(f"ev.configure()\n{EMIT}", tmp_path, OTEL_LOGS_EXPORTER="broken,mine", **third_party)

    assert "the logs exporter 'broken' cannot be used: OSError('no such backend')" in ran.err
    assert "evidence.added" in [name for name, _ in exported(third_party)]


@pytest.mark.slow
def test_an_exporter_that_is_not_installed_is_told_and_replaced(tmp_path):
    """An unknown name is refused with the value used instead; events are where they would be without it."""
    ran = run_program(f"ev.configure()\n{EMIT}", tmp_path, OTEL_LOGS_EXPORTER="nonsense")

    assert "OTEL_LOGS_EXPORTER" in ran.err
    assert "nonsense" in ran.err
    assert len(ran.default_ledger) == 1


# -- spans -------------------------------------------------------------------------------------------------------------

PROVIDER_KIND = """
from opentelemetry import trace
print(json.dumps(type(trace.get_tracer_provider()).__name__))
"""


@pytest.mark.parametrize(
    ("keywords", "env", "expected"),
    rest_slow(
        [
            ("", {}, "ProxyTracerProvider"),
            (
                "",
                {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
                "ProxyTracerProvider",
            ),
            ("", {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://127.0.0.1:9"}, "ProxyTracerProvider"),
            ("disabled=True, endpoint='http://127.0.0.1:9'", {}, "ProxyTracerProvider"),
            ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, "TracerProvider"),
            ("traces_exporter=['console']", {}, "TracerProvider"),
        ]
    ),
)
def test_a_global_tracer_provider_only_where_spans_go_somewhere(tmp_path, keywords, env, expected):
    """`configure` sets a global TracerProvider only if spans are sent."""
    ran = run_program(f"ev.configure({keywords})\n{PROVIDER_KIND}ev.shutdown(0)", tmp_path, **env)

    assert ran.said == expected, ran


@pytest.mark.slow
def test_spans_go_to_the_endpoint(tmp_path, acceptor):
    """Spans of tasks and of the program's own tracer arrive, without `configure` those of tasks."""
    base = f"http://127.0.0.1:{acceptor.port}"
    program = """
if sys.argv[1] == "configured":
    ev.configure()
    from opentelemetry import trace
    with trace.get_tracer("theirs").start_as_current_span("their span"): pass
with ev.task("our task"): pass
print(json.dumps([ev.flush(5), ev.stats().as_dict()]))
"""
    first = run_program(program, tmp_path, "configured", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{base}/v1/traces")
    second = run_program(program, tmp_path, "not", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{base}/v1/traces")

    assert sorted(acceptor.await_names(3)) == ["our task", "our task", "their span"], (first, second)
    assert first.said[1]["spans_delivered"] == {"otlp": 2}
    assert len(first.default_ledger) == 4  # events without an endpoint of theirs are in the ledger
    assert second.said[0] is True


@pytest.mark.slow
def test_without_configure_tasks_follow_a_global_provider_that_appears(tmp_path):
    """Tasks use a private tracer until the program sets a global TracerProvider, and that one from then on."""
    program = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
with ev.task("before"): pass
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
with ev.task("after"): pass
ev.flush()
print(json.dumps([span.name for span in exporter.get_finished_spans()]))
"""
    ran = run_program(program, tmp_path, OTEL_TRACES_EXPORTER="console")

    assert ran.said == ["after"], ran
    assert '"name": "before"' in ran.out
