"""What libraries say while nobody listens is not lost: by whichever door it came."""

import pytest

from tests.acceptor import HttpAcceptor, accept, answer_with
from tests.program import run_program

DOORS = {
    "processors": ("DurableLogRecordProcessor()", "DurableSpanProcessor()"),
    "exporters": (
        "BatchLogRecordProcessor(DurableLogRecordExporter())",
        "BatchSpanProcessor(DurableSpanExporter())",
    ),
}
PROGRAM = """
import time
from otel_events.bridges import *
from opentelemetry import trace
from opentelemetry._logs import LogRecord
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
logs, traces = LoggerProvider(), TracerProvider()
logs.add_log_record_processor({logs})
traces.add_span_processor({traces})
with traces.get_tracer("theirs").start_as_current_span("their span"):
    for number in range(100):
        logs.get_logger("theirs").emit(LogRecord(event_name=f"their.thing.{{number}}"))
"""

# A flush does not wait for what others have left, and an end not for long.
SUCCESSOR = """
    import pathlib, time
    ev.configure()
    until = time.monotonic() + 30
    while any(pathlib.Path(sys.argv[1]).rglob("*.spool")) and time.monotonic() < until:
        time.sleep(0.02)
"""


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_what_was_said_during_an_outage_arrives_after_it(tmp_path, door):
    """A program that ends while the receiver refuses leaves all of it to the next one of that service."""
    logs, traces = DOORS[door]
    with HttpAcceptor() as acceptor:
        env = {"OTEL_SERVICE_NAME": "app", "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{acceptor.port}"}
        acceptor.usual = answer_with(503)
        first = run_program(PROGRAM.format(logs=logs, traces=traces), tmp_path, **env)
        taken_meanwhile = list(acceptor.names)
        acceptor.usual = accept
        second = run_program(SUCCESSOR, tmp_path, str(tmp_path), **env)
        arrived = {name for name in acceptor.names if "their" in name}

    assert (first.code, taken_meanwhile, second.code) == (0, [], 0), (first, second)
    assert arrived == {"their span", *(f"their.thing.{number}" for number in range(100))}, (first, second)
