"""The spans of tasks: what is on them, who sees it when, and which ids they have."""

import os
import random

import opentelemetry.context
import pytest
from opentelemetry import trace
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    DEFAULT_ON,
    Decision,
    ParentBased,
    ParentBasedTraceIdRatio,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState

import otel_events as ev
from otel_events import binding
from otel_events.bridges.span_processor import DurableSpanProcessor
from otel_events.quick_spans import find_quick_way
from otel_events.random_ids import random_id
from otel_events.version import VERSION
from tests.program import run_program


class NosySampler(Sampler):
    """Takes what has a persona, and nothing else."""

    def should_sample(self, parent_context, trace_id, name, kind=None, attributes=None, links=None, trace_state=None):
        takes = "persona" in (attributes or {})
        return SamplingResult(Decision.RECORD_AND_SAMPLE if takes else Decision.DROP, attributes)

    def get_description(self):
        return "nosy"


class NosyProcessor(SpanProcessor):
    """Notes the attributes that a span has when it begins, and the spans that end."""

    def __init__(self):
        self.seen = []
        self.ended = []

    def on_start(self, span, parent_context=None):
        self.seen.append(dict(span.attributes))

    def on_end(self, span):
        self.ended.append(span)


@pytest.fixture
def provider_of(monkeypatch, events):  # everything goes to memory
    """Make a provider the program's own, for the time of a test."""

    def make(*processors, **options):
        provider = TracerProvider(**options)
        for processor in processors:
            provider.add_span_processor(processor)
        monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
        return provider

    return make


@pytest.mark.parametrize("sampler", [NosySampler(), ParentBased(NosySampler())])
def test_a_sampler_of_the_programs_own_sees_the_attributes(provider_of, events, sampler):
    """And may decide by them."""
    provider_of(DurableSpanProcessor(), sampler=sampler)
    with ev.task("plain"):
        pass
    with ev.task("draft", persona="thesis"):
        pass

    assert [span.name for span in events.spans] == ["draft"]


def test_a_processor_of_the_programs_own_sees_the_attributes(provider_of):
    """When the span begins; also one that is added later."""
    provider = provider_of(DurableSpanProcessor())
    with ev.task("first", task_id="t-0"):
        pass
    nosy = NosyProcessor()
    provider.add_span_processor(nosy)
    with ev.task("draft", task_id="t-1", goal="..."):
        pass

    assert nosy.seen == [{"task_id": "t-1", "task_name": "draft", "goal": "..."}]


@pytest.mark.parametrize("is_watched", [False, True])
def test_a_span_has_the_same_attributes_whoever_looks(provider_of, is_watched):
    """The way that is quick where nobody looks when a span begins leaves the same on it as the way through the SDK."""
    kind = type("Processor", (NosyProcessor,), {"reads_no_start": not is_watched})
    provider_of(processor := kind(), sampler=ParentBased(ALWAYS_ON))
    with ev.task("draft", task_id="t-1", items=[1, "a"], number=1, sure=True, level=0.5, gone=None) as task:
        task.set(quality=0.85, number=2)

    (span,) = processor.ended
    assert dict(span.attributes) == {
        **{"task_id": "t-1", "task_name": "draft", "items": (1, "a"), "number": 2, "sure": True, "level": 0.5},
        "quality": 0.85,
    }
    with pytest.raises(TypeError):
        span.attributes["late"] = 1


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ({"max_span_attributes": 2}, {"level": 0.5, "text": "abcdef"}),
        ({"max_span_attribute_length": 3}, {"task_id": "t-1", "task_name": "dra", "level": 0.5, "text": "abc"}),
    ],
)
def test_the_programs_limits_hold(provider_of, limits, kept):
    """On number and length of a span's attributes."""
    processor = type("Processor", (NosyProcessor,), {"reads_no_start": True})()
    provider_of(processor, span_limits=SpanLimits(**limits))
    with ev.task("draft", task_id="t-1", level=0.5, text="abcdef"):
        pass

    (span,) = processor.ended
    assert (dict(span.attributes), span.dropped_attributes) == (kept, 4 - len(kept))


class CountedIds(IdGenerator):
    """Gives the same ids each time."""

    def __init__(self):
        self.count = 0

    def generate_span_id(self):
        self.count += 1
        return self.count

    def generate_trace_id(self):
        # Of these a ratio of one half takes every second.
        self.count += 1
        return self.count << 63

    def is_trace_id_random(self):
        return True


def remote(flags):
    state = TraceState([("vendor", "x")])
    return NonRecordingSpan(SpanContext(7, 8, is_remote=True, trace_flags=TraceFlags(flags), trace_state=state))


@pytest.mark.parametrize("parent", [None, *map(remote, range(4))])
@pytest.mark.parametrize(
    "sampler", [ALWAYS_ON, ALWAYS_OFF, DEFAULT_ON, TraceIdRatioBased(0.5), ParentBasedTraceIdRatio(0.5)]
)
def test_a_tasks_span_is_what_the_sdk_makes(monkeypatch, events, sampler, parent):
    """To the last of its private parts, whoever is its parent and whatever the sampler: first, second, and inside another."""
    limits = SpanLimits()
    around = trace.set_span_in_context(parent) if parent else opentelemetry.context.get_current()

    def make(begin):
        provider = TracerProvider(
            sampler, Resource({"service.name": "s"}), id_generator=CountedIds(), span_limits=limits
        )
        provider.add_span_processor(DurableSpanProcessor())
        monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
        token = opentelemetry.context.attach(around)
        made = []
        for _ in range(3):
            with begin("outer", provider):
                made.append(trace.get_current_span())
                with begin("inner", provider):
                    made.append(trace.get_current_span())
        opentelemetry.context.detach(token)
        return [told(span) for span in made]

    ours = make(lambda name, _: ev.task(name))

    assert ours == make(lambda name, provider: provider.get_tracer("otel_events", VERSION).start_as_current_span(name))


def told(span):
    """Everything about a span but when it was and what was said of it."""
    inside = vars(span)
    if not isinstance(span, ReadableSpan):
        return (type(span), inside["_context"])
    kinds = {key: type(value) for key, value in inside.items()}
    facts = {key: inside[f"_{key}"] for key in ("name", "context", "parent", "kind", "limits", "record_exception")}
    bounds = (inside["_attributes"].maxlen, inside["_events"]._dq.maxlen)
    scope = inside["_instrumentation_scope"]
    return (type(span), kinds, facts, bounds, span.resource.attributes, scope, span.status.status_code, len(span.links))


def test_a_processor_that_comes_while_a_task_is_open_gets_its_span(provider_of):
    """As it does of the SDK's own spans."""
    provider = provider_of(DurableSpanProcessor())
    nosy = NosyProcessor()
    with ev.task("first"):
        pass
    with ev.task("second"):
        provider.add_span_processor(nosy)

    assert [span.name for span in nosy.ended] == ["second"]


def test_a_processor_made_of_ours_sees_spans_begin(provider_of):
    """With all attributes: what ours says of itself does not hold for it."""
    seen = []

    class Watching(DurableSpanProcessor):
        def on_start(self, span, parent_context=None):
            seen.append(dict(span.attributes))

    provider_of(Watching())
    with ev.task("draft", task_id="t-1"):
        pass

    assert seen == [{"task_id": "t-1", "task_name": "draft"}]


def test_a_span_that_the_program_ends_itself_is_handed_on_once(provider_of, events, caplog):
    """The task ends as always, and the SDK says that the span had ended."""
    provider_of(DurableSpanProcessor())
    for name in ("first", "second"):
        with ev.task(name):
            trace.get_current_span().end()

    assert [span.name for span in events.spans] == ["first", "second"]
    assert [record.message for record in caplog.records] == ["Calling end() on an ended span."] * 2


def test_the_sdks_counts_of_its_spans_hold(monkeypatch, provider_of):
    """Where the program has asked for them."""
    monkeypatch.setenv("OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED", "true")
    reader = InMemoryMetricReader()
    provider_of(DurableSpanProcessor(), meter_provider=MeterProvider([reader]))
    for name in ("first", "second", "third"):
        with ev.task(name):
            pass

    (scope,) = reader.get_metrics_data().resource_metrics[0].scope_metrics
    counted = {metric.name: sum(point.value for point in metric.data.data_points) for metric in scope.metrics}
    assert counted == {"otel.sdk.span.started": 3, "otel.sdk.span.live": 0}


def test_ids_do_not_come_from_what_a_program_seeds():
    """A program that seeds `random`, as training runs do, gets other ids each time, and its own numbers stay its own."""
    random.seed(7)
    first = (random_id(64), random_id(128), random.random())
    random.seed(7)
    second = (random_id(64), random_id(128), random.random())

    assert first[:2] != second[:2]
    assert first[2] == second[2]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_the_child_of_a_fork_has_other_ids_than_its_parent():
    """Though it begins as its copy."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, f"{random_id(128):032x}".encode())
        os._exit(0)
    of_parent = f"{random_id(128):032x}"
    of_child = os.read(reading, 32).decode()
    os.waitpid(child, 0)
    os.close(reading)
    os.close(writing)

    assert (len(of_child), of_child != of_parent) == (32, True)


def test_the_quick_ways_into_opentelemetry_are_there():
    """Where its inside is not as expected, all goes by its public functions; this tells that it has changed."""
    assert getattr(binding.get_context, "__self__", None) is opentelemetry.context._RUNTIME_CONTEXT._current_context
    inside = BoundedAttributes(immutable=False)
    assert (inside._dict, inside._immutable, inside.maxlen, inside.max_value_len) == ({}, False, None, None)
    tracer = TracerProvider().get_tracer("a")
    assert find_quick_way(tracer, tracer.start_span("first"), decides_by_parent=True) is not None


def test_a_span_context_of_other_parts_is_made_by_opentelemetry_alone():
    """Ours is put together of the parts that it has today."""
    tracer = TracerProvider().get_tracer("test")
    first = tracer.start_span("first")
    first._context = tuple.__new__(SpanContext, (*first.context, "one more"))

    assert find_quick_way(tracer, first, decides_by_parent=True) is None


@pytest.mark.room
@pytest.mark.slow
def test_the_first_task_of_a_program_without_a_destination_reads_no_settings(tmp_path):
    """They are read in the background: the task does not wait for it."""
    ran = run_program(
        """
        from otel_events import runtime
        print(runtime.private_tracer_provider(), "otel_events.settings.resolve" in sys.modules)
        """,
        tmp_path,
    )
    sends = run_program(
        "from otel_events import runtime; print(type(runtime.private_tracer_provider()).__name__)",
        tmp_path,
        OTEL_TRACES_EXPORTER="otlp",
    )

    assert (ran.out, sends.out) == ("None False\n", "TracerProvider\n")


@pytest.mark.slow
def test_a_task_does_not_wait_for_ever_for_another_threads_set_up(tmp_path):
    """It goes on without a span, which is counted; the next one has a span again."""
    ran = run_program(
        """
        import threading
        from otel_events import process, runtime
        lock, held, done = process.current().lock, threading.Event(), threading.Event()

        def set_up():
            with lock:
                held.set()
                done.wait()

        other = threading.Thread(target=set_up)
        other.start()
        held.wait()
        late = runtime.private_tracer_provider()
        done.set()
        other.join()
        print(late, type(runtime.private_tracer_provider()).__name__, ev.stats().problems)
        """,
        tmp_path,
        OTEL_TRACES_EXPORTER="otlp",
    )

    assert ran.out == "None TracerProvider {'tracer_provider_late': 1}\n"
