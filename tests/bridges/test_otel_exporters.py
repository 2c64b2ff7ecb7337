"""Our exporters behind the SDK's own batch processors, and as parts of a declarative configuration."""

import importlib.util

import pytest
from opentelemetry._logs import LogRecord
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

import otel_events as ev
from otel_events import runtime
from otel_events.bridges import DurableLogRecordExporter, DurableSpanExporter
from otel_events.entry_points import load_entry_point
from tests.acceptor import HttpAcceptor
from tests.fresh import SpanKeepingSink, fresh  # noqa: F401
from tests.program import run_program, send_rest

HAS_DECLARATIVE = importlib.util.find_spec("opentelemetry.configuration") is not None


@pytest.fixture
def acceptor():
    with HttpAcceptor() as acceptor:
        yield acceptor


@pytest.fixture
def kept(fresh):  # noqa: F811
    sink = SpanKeepingSink()
    ev.configure(sink=sink, ledger=False)
    return sink


def arrived(acceptor, home):
    """Return the names of what the program that has ended sent, without what the writer says of itself."""
    names = set if send_rest(home) else list
    return sorted(names(name for name in acceptor.names if "writer" not in name))


def test_they_are_installed_under_their_names():
    """`otel_events` names them to the SDK, which takes only exporters of its own kinds."""
    assert load_entry_point("opentelemetry_logs_exporter", "otel_events") is DurableLogRecordExporter
    assert load_entry_point("opentelemetry_traces_exporter", "otel_events") is DurableSpanExporter
    assert issubclass(DurableLogRecordExporter, LogRecordExporter)
    assert issubclass(DurableSpanExporter, SpanExporter)


def test_log_records_of_a_batch_arrive_with_their_resource(kept):
    """What the SDK's batch processor hands over goes the way of events, trace ids and resource with it."""
    provider = LoggerProvider(resource=Resource({"service.name": "theirs"}), shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(DurableLogRecordExporter()))
    with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
        provider.get_logger("their.library").emit(LogRecord(body="x", event_name="their.thing"))
    provider.shutdown()
    assert ev.flush()
    (event,) = [event for event in kept.events if event.name == "their.thing"]

    assert (event.name, event.body, event.scope.name) == ("their.thing", "x", "their.library")
    assert event.span_id == span.get_span_context().span_id
    assert event.resource.attributes["service.name"] == "theirs"


def test_spans_of_a_batch_arrive(kept):
    """The same for spans."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(DurableSpanExporter()))
    with provider.get_tracer("t").start_as_current_span("s"):
        pass
    provider.shutdown()
    assert ev.flush()

    assert [span.name for span in kept.spans] == ["s"]


def test_an_export_after_the_end_is_a_failure(kept):
    """Once the pipeline takes nothing any more the exporters say so, and what came is counted."""
    provider = LoggerProvider(shutdown_on_exit=False)
    exporter, spans = DurableLogRecordExporter(), DurableSpanExporter()
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    assert exporter.export([]) is LogRecordExportResult.SUCCESS
    assert spans.export([]) is SpanExportResult.SUCCESS
    assert ev.shutdown()
    provider.get_logger("their.library").emit(LogRecord(body="x"))
    provider.shutdown()

    assert exporter.export([]) is LogRecordExportResult.FAILURE
    assert spans.export([]) is SpanExportResult.FAILURE
    assert ev.stats().dropped == {"after_shutdown": 1}


@pytest.mark.slow
def test_events_do_not_go_to_a_provider_that_leads_back_to_us(tmp_path):
    """With no endpoint, and the program's provider in front of our exporter, events and records are in the ledger, once."""
    program = """
from opentelemetry._logs import LogRecord, get_logger, set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from otel_events.bridges import DurableLogRecordExporter
provider = LoggerProvider()
provider.add_log_record_processor(BatchLogRecordProcessor(DurableLogRecordExporter()))
set_logger_provider(provider)
ev.emit("seed.planted")
get_logger("theirs").emit(LogRecord(body="x"))
"""
    ran = run_program(program, tmp_path)

    names = [event["event"] for event in ran.default_ledger]
    assert sorted(name for name in names if "writer" not in name) == ["", "seed.planted"], ran.err


# -- declared settings -------------------------------------------------------------------------------------------------------


@pytest.fixture
def declared():
    before = dict(runtime.declared)
    runtime.declared.clear()
    yield runtime.declared
    runtime.declared.clear()
    runtime.declared.update(before)


def test_wrong_settings_are_all_told_at_once(declared):
    """An exporter with settings that cannot be used is refused, and leaves nothing behind."""
    with pytest.raises(ev.ConfigurationError) as caught:
        DurableLogRecordExporter(endpoint="ftp://x", protocol="morse", nonsense=1)

    assert len(caught.value.problems) == 3, caught.value
    assert declared == {}


def test_settings_of_an_exporter_hold_beneath_configure(fresh, declared, acceptor):  # noqa: F811
    """They say where the pipeline sends, each for its signal; a keyword of `configure` stands above them."""
    DurableLogRecordExporter(endpoint=acceptor.url("logs"))
    DurableSpanExporter(endpoint=acceptor.url("traces"))
    ev.configure(service_name="s")
    settings = fresh.settings
    ev.configure(logs={"endpoint": "http://127.0.0.1:9/other"})

    assert (settings.logs.url, settings.traces.url) == (acceptor.url("logs"), acceptor.url("traces"))
    assert (fresh.settings.logs.url, fresh.settings.traces.url) == ("http://127.0.0.1:9/other", acceptor.url("traces"))


CONFIGURATION = """
file_format: "1.0"
resource:
  attributes:
    - {{name: service.name, value: declared}}
tracer_provider:
  processors:
    - batch:
        exporter:
          otel_events: {{endpoint: "{traces}"}}
logger_provider:
  processors:
    - batch:
        exporter:
          otel_events: {{endpoint: "{logs}"}}
"""
DECLARED_PROGRAM = """
from opentelemetry.sdk._configuration import _OTelSDKConfigurator
_OTelSDKConfigurator().configure()
from opentelemetry import trace
from opentelemetry._logs import LogRecord, get_logger
with trace.get_tracer("theirs").start_as_current_span("their span"):
    get_logger("theirs").emit(LogRecord(event_name="their.thing"))
    ev.emit("seed.planted")
"""


@pytest.mark.slow
@pytest.mark.skipif(not HAS_DECLARATIVE, reason="opentelemetry-configuration is not installed")
def test_a_declarative_configuration_names_them(tmp_path, acceptor):
    """`otel_events` in a file of OpenTelemetry's, with where to send: spans, records and events go there."""
    file = tmp_path / "otel.yaml"
    file.write_text(CONFIGURATION.format(traces=acceptor.url("traces"), logs=acceptor.url("logs")), encoding="utf-8")
    ran = run_program(DECLARED_PROGRAM, tmp_path, OTEL_CONFIG_FILE=str(file), PYTHONWARNINGS="default")

    assert arrived(acceptor, tmp_path) == ["seed.planted", "their span", "their.thing"], ran
    assert (ran.code, ran.default_ledger) == (0, [])


@pytest.mark.slow
@pytest.mark.skipif(not HAS_DECLARATIVE, reason="opentelemetry-configuration is not installed")
def test_in_a_declarative_configuration_the_environment_may_say_where(tmp_path, acceptor):
    """Without settings they send where events go."""
    file = tmp_path / "otel.yaml"
    text = CONFIGURATION.format(traces="", logs="").replace('{endpoint: ""}', "{}")
    file.write_text(text, encoding="utf-8")
    ran = run_program(
        DECLARED_PROGRAM,
        tmp_path,
        OTEL_CONFIG_FILE=str(file),
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{acceptor.port}",
        PYTHONWARNINGS="default",
    )

    assert arrived(acceptor, tmp_path) == ["seed.planted", "their span", "their.thing"], ran
