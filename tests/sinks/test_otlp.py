"""The OTLP sink against a real acceptor: what arrives, and how."""

import threading

import pytest
from opentelemetry import context as otel_context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from otel_events.otlp.endpoint import Endpoint
from otel_events.spool.memory import MemorySpool
from tests.acceptor import PATIENCE, GrpcAcceptor, events, refusing_port, soon


def test_events_arrive_in_order_and_once(acceptor, accounts, make_sink):
    """Thousands of events arrive complete, in order, over one connection; each is counted as delivered."""
    names = [f"e.{number}" for number in range(5000)]
    sink = make_sink(acceptor.url())
    for start in range(0, 5000, 700):
        sink.write(events(*names[start : start + 700]))

    assert sink.flush(soon())
    assert (acceptor.names, acceptor.connections) == (names, 1)
    assert (accounts.delivered.counts(), accounts.dropped.counts()) == ({"otlp": 5000}, {})


def test_a_flush_that_says_yes_has_counted_what_was_delivered(acceptor, accounts, make_sink):
    """Who reads the counts right behind it finds all of it there, however long the sender's thread is held up before it counts."""
    has_let_go, goes_on = threading.Event(), threading.Event()

    class Spool(MemorySpool):
        def release(self, batch):
            was_held = super().release(batch)
            has_let_go.set()
            goes_on.wait(PATIENCE)
            return was_held

    sink = make_sink(acceptor.url(), spool_factory=lambda *_, accounts: Spool(accounts=accounts))
    sink.write(events("a.b"))
    assert has_let_go.wait(PATIENCE)
    early = sink.flush(soon(0)), accounts.delivered.counts()
    goes_on.set()

    assert early == (False, {})
    assert sink.flush(soon())
    assert accounts.delivered.counts() == {"otlp": 1}


def test_nothing_written_is_nothing_to_wait_for(make_sink):
    """Without events, flush and close say yes at once and connect to nobody."""
    with refusing_port() as port:
        sink = make_sink(f"http://127.0.0.1:{port}/v1/logs")

        assert sink.flush(soon())
        assert sink.close(soon())


def test_requests_stay_within_their_bounds(acceptor, make_sink):
    """No request holds more records, or more bytes, than set."""
    sink = make_sink(acceptor.url(), max_batch=10, max_request_bytes=1000)
    sink.write(events(*["e.x"] * 25))
    sink.write(events(*["e.y"] * 5, text="x" * 300))

    assert sink.flush(soon())
    assert max(len(request.names) for request in acceptor.requests) == 10
    assert max(len(request.posted) for request in acceptor.requests) <= 1000
    assert len(acceptor.names) == 30


def test_spans_arrive_and_are_counted_apart(acceptor, accounts, make_sink):
    """Ended spans go to their own endpoint; the counts of events do not notice."""

    class Exporter(SpanExporter):
        def export(self, spans):
            sink.write_spans(spans)
            return SpanExportResult.SUCCESS

    sink = make_sink(acceptor.url(), traces=Endpoint(acceptor.url("traces")))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(Exporter()))
    with provider.get_tracer("t").start_as_current_span("draft"):
        pass

    assert sink.flush(soon())
    assert [request.signal for request in acceptor.requests] == ["traces"]
    assert acceptor.names == ["draft"]
    assert (accounts.delivered.counts(), sink.span_accounts.delivered.counts()) == ({}, {"otlp": 1})


@pytest.mark.parametrize(("compression", "encoding"), [("gzip", "gzip"), ("none", None), (None, None)])
def test_compression_is_as_set_and_off_on_this_machine(acceptor, make_sink, compression, encoding):
    """gzip goes out if set; unset, a Collector on loopback gets plain bytes."""
    sink = make_sink(acceptor.url(), compression=compression)
    sink.write(events("a.b"))

    assert sink.flush(soon())
    assert acceptor.requests[0].headers.get("content-encoding") == encoding
    assert acceptor.names == ["a.b"]


def test_grpc_arrives_as_well(make_sink, accounts):
    """The same events go by gRPC if the endpoint says so."""
    with GrpcAcceptor() as acceptor:
        sink = make_sink(acceptor.url(), protocol="grpc", compression="gzip")
        sink.write(events("a.b", "a.c"))

        assert sink.flush(soon())
        assert sink.close(soon())
        assert acceptor.names == ["a.b", "a.c"]
    assert accounts.delivered.counts() == {"otlp": 2}


def test_our_own_sending_is_not_traced(acceptor, make_sink):
    """Instrumented libraries see instrumentation suppressed on the sending thread."""
    seen = []

    class Spool(MemorySpool):
        def release(self, batch):
            keys = (otel_context._SUPPRESS_INSTRUMENTATION_KEY, otel_context._SUPPRESS_HTTP_INSTRUMENTATION_KEY)
            seen.extend(otel_context.get_value(key) for key in keys)
            return super().release(batch)

    sink = make_sink(acceptor.url(), spool_factory=lambda *_, accounts: Spool(accounts=accounts))
    sink.write(events("a.b"))

    assert sink.flush(soon())
    assert seen == [True, True]
