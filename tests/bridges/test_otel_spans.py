"""What spans carry passes the guards, and the program's own span stays as it is."""

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from opentelemetry.trace import Link, Status, StatusCode

import otel_events as ev
from otel_events.accounting import Accounts
from otel_events.bridges import DurableSpanProcessor
from otel_events.notices import Notices
from otel_events.otlp.encode import SpanEncoder
from otel_events.pipeline.limit import LimitSettings
from otel_events.pipeline.span_guards import LimitSpans, RedactSpans
from otel_events.pipeline.spans import GuardSpans
from otel_events.redaction import Redactor
from tests.fresh import SpanKeepingSink, fresh  # noqa: F401

KEY = "AKIA" + "IOSFODNN7EXAMPLQ"


class Keep(SpanExporter):
    def __init__(self):
        self.spans = []

    def export(self, spans):
        self.spans.extend(spans)

    def shutdown(self):
        """Nothing is open."""


@pytest.fixture
def exporter():
    return Keep()


@pytest.fixture
def tracer(exporter):
    provider = TracerProvider(span_limits=SpanLimits(max_events=3, max_span_attributes=3))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("t", "1.0")


def guard(spans, *guards):
    """Return the spans after the guards, and what was counted."""
    accounts = Accounts()
    return GuardSpans(guards, accounts, Notices())(spans), accounts


def limits(accounts=None, **settings):
    return LimitSpans(LimitSettings(**settings), (accounts or Accounts()).cut)


def test_an_ordinary_span_passes_untouched(tracer, exporter):
    """What no guard changes is not even copied."""
    with tracer.start_as_current_span("s", attributes={"a": 1, "list": ["x", "y"]}) as span:
        span.add_event("e", {"b": [1, 2]})
    (guarded,), accounts = guard(exporter.spans, limits(), RedactSpans(Redactor()))

    assert guarded is exporter.spans[0]
    assert accounts.problems.counts() == {}


def test_a_large_value_is_cut_in_spans_events_and_links(tracer, exporter):
    """The bound in bytes holds for the attributes of each of them; the cut is marked, and all else stays."""
    link = Link(trace.SpanContext(1, 2, is_remote=True), {"big": "l" * 500})
    with tracer.start_as_current_span("s", attributes={"big": "x" * 500, "n": 1}, links=[link]) as span:
        span.add_event("e", {"big": "y" * 500}, timestamp=5)
    before = exporter.spans[0]
    (after,), _ = guard([before], limits(max_event_bytes=100))

    assert len(after.attributes["big"]) < 100
    assert after.attributes["big"].endswith("…")
    assert after.attributes["n"] == 1
    assert len(after.events[0].attributes["big"]) < 100
    assert (after.events[0].name, after.events[0].timestamp) == ("e", 5)
    assert len(after.links[0].attributes["big"]) < 100
    assert after.links[0].context == link.context
    assert before.attributes["big"] == "x" * 500


def test_a_view_is_the_same_span_in_all_else(tracer, exporter):
    """Identity, times, kind, origin, and what the SDK had dropped, in OTLP bytes as well."""
    with tracer.start_as_current_span("parent"):
        with tracer.start_as_current_span("s", kind=trace.SpanKind.CLIENT) as span:
            for number in range(5):
                span.set_attribute(f"a{number}", number)
                span.add_event(f"e{number}")
            span.set_attribute("a4", "x" * 500)
    before = exporter.spans[0]
    (after,), _ = guard([before], limits(max_event_bytes=150))
    encoded = SpanEncoder().encode([after])

    for name in ("name", "context", "parent", "kind", "start_time", "end_time", "resource", "instrumentation_scope"):
        assert getattr(after, name) == getattr(before, name), name
    assert (after.dropped_attributes, after.dropped_events, after.dropped_links) == (2, 2, 0)
    assert after.get_span_context() == before.get_span_context()
    assert b"x" * 200 not in encoded
    assert after.to_json()


def test_secrets_are_taken_out_of_all_of_a_span(tracer, exporter):
    """Name, status, attributes by key and by shape, events and links."""
    link = Link(trace.SpanContext(1, 2, is_remote=True), {"password": "hunter22hunter"})
    with tracer.start_as_current_span(f"GET {KEY}", attributes={"password": "hunter22hunter"}, links=[link]) as span:
        span.add_event(f"used {KEY}", {"text": f"with {KEY}"})
        span.set_status(Status(StatusCode.ERROR, f"bad key {KEY}"))
    (after,), _ = guard(exporter.spans, limits(), RedactSpans(Redactor()))
    encoded = SpanEncoder().encode([after])

    assert KEY.encode() not in encoded
    assert b"hunter22" not in encoded
    assert after.status.status_code is StatusCode.ERROR
    assert exporter.spans[0].attributes["password"] == "hunter22hunter"


class Broken:
    def __init__(self, *, fails_closed):
        self.fails_closed = fails_closed

    def attributes(self, attributes):
        raise ValueError("secret in here")

    text = attributes


def test_a_guard_that_fails_open_is_passed_over(tracer, exporter):
    """The span goes on as the other guards leave it; the failure is counted."""
    with tracer.start_as_current_span("s", attributes={"a": "x" * 500}):
        pass
    (after,), accounts = guard(exporter.spans, Broken(fails_closed=False), limits(max_event_bytes=100))

    assert after.name == "s"
    assert len(after.attributes["a"]) < 100
    assert accounts.problems.counts()["span_guard_failed"] > 0


def test_a_guard_that_fails_closed_lets_nothing_out_unseen(tracer, exporter):
    """The span itself arrives, without what could not be looked through; how much that was is said."""
    with tracer.start_as_current_span("s", attributes={"a": "x"}) as span:
        span.add_event("e", {"b": "y"})
    (after,), _ = guard(exporter.spans, Broken(fails_closed=True))

    assert (after.name, dict(after.attributes), after.dropped_attributes) == ("", {}, 1)
    assert (after.events[0].name, dict(after.events[0].attributes), after.events[0].dropped_attributes) == ("", {}, 1)
    assert after.context == exporter.spans[0].context


@pytest.mark.usefixtures("fresh")
def test_spans_of_the_program_s_own_provider_pass_the_guards():
    """Through `DurableSpanProcessor`, as `configure` sets the bounds; span events of ours are worked out but once."""
    kept = SpanKeepingSink()
    ev.configure(sink=kept, max_event_bytes=2048, ledger=False)
    provider = TracerProvider()
    provider.add_span_processor(DurableSpanProcessor())
    with provider.get_tracer("t").start_as_current_span("s", attributes={"a": "x" * 5000}):
        ev.emit("report.written", text="y" * 5000)
    assert ev.flush()
    (span,) = kept.spans

    assert len(span.attributes["a"]) < 2048
    (copy,) = span.events
    (record,) = [event for event in kept.events if event.name == "report.written"]
    assert copy.attributes["text"] == record.attributes["text"]
