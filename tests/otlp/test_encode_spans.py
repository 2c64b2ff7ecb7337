"""Spans in OTLP bytes: what OpenTelemetry's exporter sends, without its losses."""

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from otel_events.otlp.encode import EncodeError, SpanEncoder
from otel_events.otlp.encode_values import MAX_DEPTH
from tests.effort import examples

thorough = settings(deadline=None, max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(autouse=True)
def quiet_sdk():
    """The SDK logs what it cuts and cannot encode; that is its business, not ours."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | st.binary(max_size=200)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=10
)
attributes = st.dictionaries(st.text(min_size=1), values, max_size=5).map(
    lambda given: BoundedAttributes(maxlen=4, attributes=given)
)
times = st.none() | st.integers(0, 2**64 - 1)
contexts = st.builds(
    SpanContext,
    trace_id=st.integers(1, 2**128 - 1),
    span_id=st.integers(1, 2**64 - 1),
    is_remote=st.booleans(),
    trace_flags=st.sampled_from([TraceFlags(0), TraceFlags(1)]),
    trace_state=st.sampled_from([TraceState(), TraceState([("a", "1")]), TraceState([("a", "1"), ("b", "2=3")])]),
)
span_events = st.builds(Event, name=st.text(), attributes=st.none() | attributes, timestamp=st.integers(0, 2**64 - 1))
links = st.builds(Link, context=contexts, attributes=st.none() | attributes)
statuses = st.builds(Status, status_code=st.just(StatusCode.ERROR), description=st.none() | st.text()) | st.builds(
    Status, status_code=st.sampled_from([StatusCode.UNSET, StatusCode.OK])
)
resources = st.sampled_from(
    [Resource({}), Resource({"service.name": "a", "list": ["x", "y"]}), Resource({"n": 1}, "https://example.org/r")]
)
scopes = st.sampled_from(
    [
        None,
        InstrumentationScope("a"),
        InstrumentationScope("a", "1", "https://example.org/s"),
        InstrumentationScope("b", "", "", {"key": "value", "list": (1, 2)}),
    ]
)


class Span(ReadableSpan):
    """A finished span as the SDK hands it over, with counts of what its limits dropped."""

    dropped = (0, 0, 0)

    dropped_attributes = property(lambda self: self.dropped[0])
    dropped_events = property(lambda self: self.dropped[1])
    dropped_links = property(lambda self: self.dropped[2])


@st.composite
def any_span(draw):
    span = Span(
        name=draw(st.text()),
        context=draw(contexts),
        parent=draw(st.none() | contexts),
        resource=draw(resources),
        attributes=draw(attributes),
        events=draw(st.lists(span_events, max_size=3)),
        links=draw(st.lists(links, max_size=2)),
        kind=draw(st.sampled_from(SpanKind)),
        status=draw(statuses),
        start_time=draw(times),
        end_time=draw(times),
        instrumentation_scope=draw(scopes),
    )
    span.dropped = draw(st.tuples(*[st.integers(0, 2**32 - 1)] * 3))
    return span


def parse(encoded):
    return ExportTraceServiceRequest.FromString(encoded)


def one_span(encoded):
    return parse(encoded).resource_spans[0].scope_spans[0].spans[0]


@thorough
@given(spans=st.lists(any_span(), max_size=5))
def test_our_bytes_are_those_of_the_official_exporter(spans):
    """Whatever spans hold, the request equals byte for byte what OpenTelemetry's exporter would send."""
    ours = SpanEncoder().encode(spans)

    assert ours == encode_spans(spans).SerializeToString(deterministic=True)


@thorough
@given(spans=st.lists(any_span(), max_size=5), max_bytes=st.integers(0, 2000))
def test_bounded_requests_hold_every_span_once(spans, max_bytes):
    """Cut into bounded requests, no span is lost or doubled, and only a lone span may exceed the bound."""
    requests = SpanEncoder().encode_bounded(spans, max_bytes)

    def all_spans(message):
        return sorted(
            span.SerializeToString() for r in message.resource_spans for s in r.scope_spans for span in s.spans
        )

    ours = sorted(span for body, _ in requests for span in all_spans(parse(body)))
    assert ours == all_spans(encode_spans(spans))
    assert sum(count for _, count in requests) == len(spans)
    assert all(len(body) <= max_bytes or count == 1 for body, count in requests)


def test_spans_of_a_real_tracer_are_those_of_the_official_exporter():
    """Spans made by the SDK's tracer, with limits, links, an exception and a remote parent, come out the same."""
    exporter = InMemorySpanExporter()
    limits = SpanLimits(max_span_attributes=3, max_events=2, max_links=1, max_event_attributes=1)
    provider = TracerProvider(resource=Resource({"service.name": "test"}), span_limits=limits)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("library", "1.0", "https://example.org/schema", {"flavour": "plain"})
    elsewhere = Link(SpanContext(1, 2, is_remote=True, trace_state=TraceState([("v", "1")])), {"why": "asked"})

    def fail():
        with tracer.start_as_current_span("outer", links=[elsewhere] * 3):
            with tracer.start_as_current_span("inner", kind=SpanKind.CLIENT) as inner:
                inner.set_attributes({f"key{n}": [n, n] for n in range(9)})
                for n in range(5):
                    inner.add_event(f"event {n}", {"n": n, "m": float(n)})
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    provider.shutdown()

    spans = exporter.get_finished_spans()
    assert SpanEncoder().encode(spans) == encode_spans(spans).SerializeToString(deterministic=True)


def span(**changes):
    fields = {
        "name": "work",
        "context": SpanContext(5, 6, is_remote=False),
        "resource": Resource({}),
        "attributes": {"plain": "kept"},
        "start_time": 1,
        "end_time": 2,
    }
    return ReadableSpan(**{**fields, **changes})


def plain(attributes):
    return {pair.key: pair.value.string_value for pair in attributes}


def test_odd_attributes_arrive_cleaned():
    """Values that the official encoder drops (a huge int, a lone surrogate) arrive in a cleaned form."""
    odd = {"huge": 2**70, "text \ud800": "torn \ud800", "plain": "kept"}

    sent = one_span(SpanEncoder().encode([span(attributes=odd)]))

    assert list(plain(sent.attributes).values())[::2] == [str(2**70), "kept"]
    assert len(sent.attributes) == 3
    assert sent.dropped_attributes_count == 0


def test_odd_attributes_of_events_and_links_arrive_cleaned():
    """Span events and links are cleaned as spans are."""
    odd = {"huge": 2**70}
    context = SpanContext(1, 2, is_remote=True)

    sent = one_span(SpanEncoder().encode([span(events=[Event("e", odd, 1)], links=[Link(context, odd)])]))

    assert (plain(sent.events[0].attributes), plain(sent.links[0].attributes)) == ({"huge": str(2**70)},) * 2


def test_a_value_too_deep_for_a_parser_arrives_cut():
    """A value nested so deep that a receiver would refuse the request arrives with its depth cut."""
    deep = "bottom"
    for _ in range(MAX_DEPTH + 1):
        deep = {"in": deep}

    sent = one_span(SpanEncoder().encode([span(attributes={"deep": deep})]))

    assert sent.attributes[0].key == "deep"


def test_the_deepest_value_in_a_span_event_can_be_read_by_a_parser():
    """The deepest nesting that is encoded stays within what parsers accept, in the deepest place there is."""
    deep = 1
    for _ in range(MAX_DEPTH):
        deep = {"in": deep}
    spans = [span(events=[Event("e", {"deep": deep}, 1)])]

    assert parse(SpanEncoder().encode(spans)) == encode_spans(spans)


def test_odd_names_arrive_cleaned():
    """Torn names of spans, events, scopes and descriptions cost nothing but the torn character."""
    torn = "torn \ud800 name"
    scope = InstrumentationScope(torn, torn, torn)
    spans = [
        span(name=torn, events=[Event(torn, {}, 1)], status=Status(StatusCode.ERROR, torn), instrumentation_scope=scope)
    ]

    sent = one_span(SpanEncoder().encode(spans))

    names = [sent.name, sent.events[0].name, sent.status.message]
    assert all(name.startswith("torn ") and name.endswith(" name") for name in names)


class BrokenEvent(Event):
    """A span event whose attributes cannot be read."""

    attributes = property(lambda self: 1 / 0)


def test_a_broken_span_event_costs_only_itself():
    """A span event that raises is left out and counted among the span's dropped events."""
    sent = one_span(SpanEncoder().encode([span(events=[Event("good", {}, 1), BrokenEvent("bad", {}, 1)])]))

    assert ([event.name for event in sent.events], sent.dropped_events_count) == (["good"], 1)


def test_a_broken_span_never_takes_its_batch_along():
    """A span without an identity is left out and told of; those around it arrive."""
    told = []
    good = span()

    encoded = SpanEncoder(on_unencodable=told.append).encode([good, span(context=None), span(start_time=-1), good])

    assert encoded == encode_spans([good, good]).SerializeToString(deterministic=True)
    assert [type(problem) for problem in told] == [EncodeError] * 2


def test_spans_of_many_resources_keep_their_own():
    """An encoder that has seen many resources gives every span its own, never that of another."""
    encoder = SpanEncoder()

    for number in range(200):
        spans = [span(resource=Resource({"number": number}))]

        assert encoder.encode(spans) == encode_spans(spans).SerializeToString(deterministic=True)
