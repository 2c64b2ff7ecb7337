"""Where spans go, and which tracer provider tasks use."""

import pytest

from tests.acceptor import HttpAcceptor
from tests.effort import rest_slow
from tests.program import run_program


@pytest.fixture
def acceptor():
    with HttpAcceptor() as acceptor:
        yield acceptor


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
print(json.dumps([ev.flush(20), ev.stats().as_dict()]))
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


@pytest.mark.parametrize("traceparent", ["", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
def test_a_disabled_program_makes_no_trace_of_its_own(tmp_path, traceparent):
    """With OTEL_SDK_DISABLED what it calls has the trace that it has got itself, or none: not one whose spans nobody has."""
    program = """
with ev.task("draft", task_id="t-1"):
    print(json.dumps(ev.inject({})))
"""
    ran = run_program(program, tmp_path, OTEL_SDK_DISABLED="true", TRACEPARENT=traceparent)

    expected = {"traceparent": traceparent} if traceparent else {}
    assert ran.said == {**expected, "baggage": "task_id=t-1"}
