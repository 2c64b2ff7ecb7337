"""The copy of an event that its span carries."""

import gc
import inspect
import json
import threading
import time
import weakref
from collections import deque

import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk import trace as sdk_trace
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.util import BoundedList

import otel_events as ev
from otel_events import runtime, span_events
from otel_events.otlp.encode_spans import SpanEncoder
from otel_events.testing import capture_events
from tests.program import run_program


class Program:
    """A program with a TracerProvider and an exporter of its own."""

    def __init__(self, **limits):
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider(span_limits=SpanLimits(**limits))
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = provider.get_tracer("program")

    @property
    def spans(self):
        return self.exporter.get_finished_spans()


@pytest.fixture
def program(events):
    return Program()


def by_official(span):
    return encode_spans([span]).resource_spans[0].scope_spans[0].spans[0]


def by_ours(span):
    request = ExportTraceServiceRequest.FromString(SpanEncoder().encode([span]))
    return request.resource_spans[0].scope_spans[0].spans[0]


# -- what the copy is -------------------------------------------------------------------------------------------------


def test_an_event_inside_a_recording_span_is_a_span_event_too(events, program):
    """Of the same name, time, attributes and uid; exported by whatever the program has chosen."""
    with program.tracer.start_as_current_span("work"), ev.context(persona="thesis"):
        ev.emit("evidence_added", "A message", source="a", pages=[1, 2], when=5, timestamp=1_700_000_000_000_000_000)

    (copy,), record = program.spans[0].events, events.only("evidence.added")
    assert (copy.name, copy.timestamp) == ("evidence.added", 1_700_000_000_000_000_000)
    assert dict(copy.attributes) == {**record.attributes, "log.record.uid": record.uid}
    assert (int(record.trace_id, 16), int(record.span_id, 16)) == (
        program.spans[0].context.trace_id,
        program.spans[0].context.span_id,
    )


LIMITS = [{}, {"max_event_attributes": 3}, {"max_attribute_length": 4}, {"max_events": 3}, {"max_events": 0}]


@pytest.mark.parametrize("encode", [by_official, by_ours])
@pytest.mark.parametrize("limits", LIMITS)
def test_the_copy_is_what_add_event_would_have_made(events, encode, limits):
    """Through the real encoder and through ours, under the span's own limits, lost ones counted alike."""
    payload = {
        "text": "a long text",
        "n": 1,
        "f": 0.5,
        "b": True,
        "items": ["a", "bcdefgh"],
        "map": {"k": [1, "x"]},
        "raw": b"123456",
    }
    ours, theirs = Program(**limits), Program(**limits)
    with ours.tracer.start_as_current_span("work"):
        for number in range(5):
            ev.emit("x.y", payload, number=number, timestamp=1000 + number)
    with theirs.tracer.start_as_current_span("work") as span:
        for record in events:
            span.add_event(record.name, {**record.attributes, "log.record.uid": record.uid}, record.timestamp)

    mine, original = encode(ours.spans[0]), encode(theirs.spans[0])
    assert list(mine.events) == list(original.events)
    assert mine.dropped_events_count == original.dropped_events_count
    assert len(mine.events) == limits.get("max_events", 5)


def test_of_more_events_than_a_span_holds_the_newest_stay_and_the_others_are_counted(events, program):
    """As with add_event, which may have added some of them."""
    with program.tracer.start_as_current_span("work") as span:
        for number in range(100):
            ev.emit("x.y", number=number)
            span.add_event("other", {"number": number})

    (ended,) = program.spans
    assert [event.attributes["number"] for event in ended.events] == [number for number in range(36, 100) for _ in "ab"]
    assert [event.name for event in ended.events[:4]] == ["x.y", "other"] * 2
    assert ended.dropped_events == 72
    assert len(events) == 100


def test_the_copy_is_as_the_event_was_at_the_call(program):
    """Though it is worked out later."""
    items = [1]
    with program.tracer.start_as_current_span("work"):
        ev.emit("x.y", items=items)
        items.append(2)

    assert program.spans[0].events[0].attributes["items"] == [1]


def test_a_span_can_be_printed_and_turned_into_json(program):
    """As consoles and debuggers do."""
    with program.tracer.start_as_current_span("work"):
        ev.emit("x.y", items=[1], map={"a": 1})

    told = json.loads(program.spans[0].to_json())["events"][0]
    assert (told["name"], told["attributes"]["items"], told["attributes"]["map"]) == ("x.y", [1], {"a": 1})


def test_what_goes_wrong_with_a_copy_costs_nothing_else(events, program, monkeypatch):
    """A stage that fails or holds the event back leaves the name; the batch of spans is whole."""
    for failing in (lambda copies: [None] * len(copies), lambda copies: 1 / 0):
        monkeypatch.setattr(runtime, "finish_copy", failing)
        with program.tracer.start_as_current_span("work"):
            ev.emit("x.y", secret="s")
        assert [(event.name, dict(event.attributes)) for event in program.spans[-1].events] == [("x.y", {})]

    assert events.names == ["x.y", "x.y"]
    assert ev.stats().problems == {"span_event_failed": 1}


# -- when there is none -----------------------------------------------------------------------------------------------


def test_what_is_defined_later_decides_from_then_on(events, program):
    """Whether a type is copied is looked up once, and again when the catalogue is another one."""
    with program.tracer.start_as_current_span("work"):
        ev.emit("step.made", n=1)

        @ev.define("step.made", copied_to_spans=False)
        class StepMade:
            n: int

        ev.emit("step.made", n=2)

    assert [event.attributes["n"] for event in program.spans[0].events] == [1]


def test_frequent_types_are_not_copied(events, program):
    """The catalogue says which; the record goes out all the same."""

    @ev.define("step.taken", copied_to_spans=False)
    class StepTaken:
        pass

    with program.tracer.start_as_current_span("work"):
        ev.emit(StepTaken())
        ev.emit("evidence.added")
        ev.emit("")

    assert [event.name for event in program.spans[0].events] == ["evidence.added"]
    assert events.names == ["step.taken", "evidence.added", ""]


def test_a_span_that_does_not_record_gets_no_copy(events):
    """Nor does one that has ended, or none at all."""
    tracer = Program().tracer
    with trace.use_span(trace.NonRecordingSpan(trace.SpanContext(1, 2, is_remote=False))):
        ev.emit("x.y")
    span = tracer.start_span("work")
    span.end()
    with trace.use_span(span):
        ev.emit("x.y")
    ev.emit("x.y")

    assert span.events == ()
    assert [event.span_id for event in events] == [f"{2:016x}", f"{span.get_span_context().span_id:016x}", ""]
    assert ev.stats().problems == {}


# -- other people's spans ---------------------------------------------------------------------------------------------


class ForeignSpan(trace.NonRecordingSpan):
    """A recording span of another implementation."""

    def __init__(self):
        super().__init__(trace.SpanContext(1, 2, is_remote=False))
        self.added = []

    def is_recording(self):
        return True

    def add_event(self, name, attributes=None, timestamp=None):
        self.added.append((name, dict(attributes), timestamp))


class RaisingSpan(ForeignSpan):
    def add_event(self, name, attributes=None, timestamp=None):
        raise RuntimeError


class LockedSpan(ForeignSpan):
    def __init__(self):
        super().__init__()
        self._lock = threading.Lock()

    def add_event(self, name, attributes=None, timestamp=None):
        with self._lock:
            super().add_event(name, attributes, timestamp)


class RefinedSpan(sdk_trace._Span):
    """The SDK's, with an `add_event` of its own."""

    def add_event(self, name, attributes=None, timestamp=None):
        super().add_event(f"refined.{name}", attributes, timestamp)


def test_a_span_of_another_implementation_gets_the_copy_through_the_public_api(events):
    """With the same name, attributes and time."""
    span = ForeignSpan()
    with trace.use_span(span):
        ev.emit("x.y", a=1, timestamp=77)

    assert span.added == [("x.y", {"a": 1, "log.record.uid": events.only().uid}, 77)]


def test_a_span_that_overrides_add_event_keeps_its_say(events):
    """The bridge does not go behind its back."""
    exporter = InMemorySpanExporter()
    context = trace.SpanContext(1, 2, is_remote=False, trace_flags=trace.TraceFlags(1))
    span = RefinedSpan("work", context, span_processor=SimpleSpanProcessor(exporter), limits=SpanLimits())
    span.start()
    with trace.use_span(span, end_on_exit=True):
        ev.emit("x.y", a=1)

    assert [event.name for event in exporter.get_finished_spans()[0].events] == ["refined.x.y"]


def test_a_span_that_raises_costs_the_copy_alone(events):
    """The record is on its way; the loss is counted."""
    with trace.use_span(RaisingSpan()):
        ev.emit("x.y")

    assert events.names == ["x.y"]
    assert ev.stats().problems == {"span_event_failed": 1}
    assert ev.stats().dropped == {}


def test_a_foreign_span_whose_lock_is_held_is_passed_over(events):
    """It may be this very thread that holds it."""
    span = LockedSpan()
    with trace.use_span(span):
        with span._lock:
            ev.emit("x.y")
        ev.emit("x.z")

    assert [name for name, *_ in span.added] == ["x.z"]
    assert ev.stats().problems == {"span_event_skipped": 1}


# -- its life ---------------------------------------------------------------------------------------------------------


def test_threads_that_emit_while_their_span_ends_lose_no_record(events, program):
    """A copy is in the span or it is not; nothing raises, and the records all arrive."""

    def work():
        with trace.use_span(span):
            for _ in range(200):
                ev.emit("x.y")

    span = program.tracer.start_span("work")
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0)
    span.end()
    for thread in threads:
        thread.join()

    assert len(events) == 800
    by_official(program.spans[0])


def test_a_span_with_copies_is_freed_without_the_garbage_collector(events, program):
    """A copy holds nothing that holds the span."""
    gc.collect()
    gc.disable()
    try:
        with program.tracer.start_as_current_span("work") as span:
            ev.emit("x.y", a=1)
        watched = weakref.ref(span)
        events.clear()
        program.exporter.clear()
        del span

        assert watched() is None
    finally:
        gc.enable()


# -- the SDK ----------------------------------------------------------------------------------------------------------


def test_the_sdk_still_has_what_the_bridge_uses():
    """If this fails, the SDK has changed: the bridge goes on through the public API, and is to be looked at again."""
    span = Program().tracer.start_span("work")

    assert span_events._look_inside(span)
    assert (span._end_time, type(span._events), type(span._events._dq)) == (None, BoundedList, deque)
    assert {"max_event_attributes", "max_attribute_length"} <= vars(span._limits).keys()
    assert isinstance(sdk_trace.Event.attributes, property)
    assert isinstance(sdk_trace.Event.dropped_attributes, property)
    assert isinstance(sdk_trace.EventBase.name, property)
    assert "self._timestamp" in inspect.getsource(sdk_trace.EventBase)
    assert "self._events.append(event)" in inspect.getsource(sdk_trace.Span)
    assert "self._dq" in inspect.getsource(BoundedList.append)
    span.end()


@pytest.mark.slow
def test_the_bridge_loads_no_sdk_for_spans_that_are_not_the_sdks(tmp_path):
    """Importing it takes a hundred times longer than an emit may."""
    ran = run_program(
        """
        from opentelemetry import trace
        class Recording(trace.NonRecordingSpan):
            def is_recording(self): return True
        from otel_events import runtime
        runtime.capture.started = True
        with trace.use_span(Recording(trace.SpanContext(1, 2, False))):
            ev.emit("x.y")
        print(json.dumps([name for name in sys.modules if name.startswith("opentelemetry.sdk")]))
        runtime.capture.items.clear()
        """,
        tmp_path,
    )

    assert (ran.code, ran.said) == (0, []), ran.err


def test_a_copy_knows_its_writer_though_the_process_has_forked_since():
    """The uid of a copy is that of the record, whoever encodes the span."""
    program = Program()
    with capture_events() as events:
        with program.tracer.start_as_current_span("work"):
            ev.emit("x.y")
        uid = events.only().uid
        with capture_events():
            assert program.spans[0].events[0].attributes["log.record.uid"] == uid
