"""The OTLP sink against a real acceptor that misbehaves: what arrives, what is counted, what is told."""

import logging
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from opentelemetry import context as otel_context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from otel_events.accounting import Accounts
from otel_events.event import Event
from otel_events.notices import Notices
from otel_events.otlp.endpoint import Endpoint
from otel_events.sinks.backoff import Backoff
from otel_events.sinks.otlp import OtlpSink
from otel_events.spool.memory import MemorySpool
from tests.acceptor import (
    PATIENCE,
    GrpcAcceptor,
    HttpAcceptor,
    accept,
    answer_with,
    drip,
    hang,
    lose_answer,
    refusing_port,
    reject,
    take_at_most,
)

QUICK = Backoff(initial=0.01, maximum=0.01)
NEVER = Backoff(initial=3600, maximum=3600)


def events(*names, **attributes):
    return [Event(name=name, timestamp=1, observed_timestamp=1, attributes=dict(attributes)) for name in names]


def soon(seconds=PATIENCE):
    return time.monotonic() + seconds


@pytest.fixture
def acceptor():
    with HttpAcceptor() as acceptor:
        yield acceptor


@pytest.fixture
def accounts():
    return Accounts()


@pytest.fixture
def make_sink(accounts):
    """Make sinks, closed at the end."""
    sinks = []

    def make(url, *, protocol="http/protobuf", compression=None, timeout=60.0, headers=None, **settings):
        endpoint = Endpoint(url, protocol=protocol, compression=compression, timeout=timeout, headers=headers or {})
        settings = {"logs": endpoint, "traces": None, "backoff": QUICK} | settings
        sinks.append(OtlpSink(resource={"service.name": "t"}, accounts=accounts, notices=Notices(), **settings))
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close(0)


# -- what arrives ---------------------------------------------------------------------------------------------------


def test_events_arrive_in_order_and_once(acceptor, accounts, make_sink):
    """Thousands of events arrive complete, in order, over one connection; each is counted as delivered."""
    names = [f"e.{number}" for number in range(5000)]
    sink = make_sink(acceptor.url())
    for start in range(0, 5000, 700):
        sink.write(events(*names[start : start + 700]))

    assert sink.flush(soon())
    assert (acceptor.names, acceptor.connections) == (names, 1)
    assert (accounts.delivered.counts(), accounts.dropped.counts()) == ({"otlp": 5000}, {})


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


# -- troubles that pass ---------------------------------------------------------------------------------------------


def test_an_outage_delays_and_loses_nothing(acceptor, accounts, make_sink):
    """Events written while the Collector is overloaded arrive later, in order; the retries are counted."""
    acceptor.script.extend([answer_with(503), answer_with(429), answer_with(502), answer_with(504)])
    sink = make_sink(acceptor.url())
    sink.write(events("a.1"))
    sink.write(events("a.2"))

    assert sink.flush(soon())
    assert acceptor.names == ["a.1", "a.2"]
    assert accounts.problems.counts() == {"otlp_retry": 4}


def test_the_server_chooses_the_wait(acceptor, make_sink):
    """With Retry-After, the next attempt comes no earlier than asked, even for a flush."""
    acceptor.script.append(answer_with(429, Retry_After="1"))
    sink = make_sink(acceptor.url())
    sink.write(events("a.b"))

    assert sink.flush(soon())
    first, second = acceptor.requests
    assert second.at - first.at >= 1


def test_a_flush_does_not_wait_in_vain(acceptor, make_sink):
    """If the server wants peace for longer than the flush may take, flush says no at once and sends nothing."""
    acceptor.usual = answer_with(429, Retry_After="300")
    sink = make_sink(acceptor.url())
    sink.write(events("a.b"))

    assert not sink.flush(soon(60))
    assert not sink.flush(soon(60))
    assert len(acceptor.requests) == 1


def test_a_flush_is_an_attempt(acceptor, make_sink):
    """In the middle of a long back-off, a flush tries at once."""
    acceptor.usual = answer_with(503)
    sink = make_sink(acceptor.url(), backoff=NEVER)
    sink.write(events("a.b"))
    before = sink.flush(soon(60))
    acceptor.usual = accept

    assert (before, sink.flush(soon(60))) == (False, True)
    assert acceptor.names == ["a.b"]


def test_a_close_is_an_attempt(acceptor, make_sink):
    """What waits for a later attempt is tried once more before the end, even if the server asked for a wait."""
    acceptor.script.append(answer_with(429, Retry_After="300"))
    sink = make_sink(acceptor.url())
    sink.write(events("a.b"))
    sink.flush(soon(60))

    assert sink.close(soon(60))
    assert acceptor.names == ["a.b"]


def test_a_lost_answer_makes_a_duplicate_not_a_loss(acceptor, accounts, make_sink):
    """Events whose answer was lost are sent again, and counted once."""
    acceptor.script.append(lose_answer)
    sink = make_sink(acceptor.url())
    sink.write(events("a.b"))

    assert sink.flush(soon())
    assert acceptor.names == ["a.b", "a.b"]
    assert accounts.delivered.counts() == {"otlp": 1}


def test_large_requests_are_split_until_they_pass(acceptor, accounts, make_sink):
    """A server that takes small requests alone gets all events, in order, once each, compressed or not."""
    names = [f"e.{number}" for number in range(100)]
    acceptor.usual = take_at_most(700)
    sink = make_sink(acceptor.url())
    sink.write(events(*names))
    sink.write(events("e.last"))

    assert sink.flush(soon())
    assert acceptor.names == [*names, "e.last"]
    assert accounts.delivered.counts() == {"otlp": 101}


def test_compressed_requests_are_split_as_well(acceptor, make_sink):
    """Splitting opens a compressed request and compresses its parts."""
    names = [f"{number}.{number * 7919 % 1000}" for number in range(100)]
    acceptor.usual = take_at_most(400)
    sink = make_sink(acceptor.url(), compression="gzip")
    sink.write(events(*names))

    assert sink.flush(soon())
    assert acceptor.names == names


# -- losses, counted and told ---------------------------------------------------------------------------------------


def test_a_record_that_is_too_large_goes_alone(acceptor, accounts, make_sink, caplog):
    """A single record that the server will not take is dropped, counted and told; its neighbours arrive."""
    acceptor.usual = take_at_most(1000)
    sink = make_sink(acceptor.url())
    sink.write([*events("a.1"), *events("a.big", text="x" * 2000), *events("a.2")])

    assert not sink.flush(soon())
    assert acceptor.names == ["a.1", "a.2"]
    assert (accounts.delivered.counts(), accounts.dropped.counts()) == ({"otlp": 2}, {"otlp_too_large": 1})
    assert "cannot be split" in caplog.text


def test_what_the_server_rejects_is_counted_and_told(acceptor, accounts, make_sink, caplog):
    """A partial success counts as such, with the server's words in one warning."""
    acceptor.script.append(reject(2, "timestamp too old"))
    sink = make_sink(acceptor.url())
    sink.write(events("a.1", "a.2", "a.3"))

    assert not sink.flush(soon())
    assert (accounts.delivered.counts(), accounts.dropped.counts()) == ({"otlp": 1}, {"otlp_rejected": 2})
    assert "timestamp too old" in caplog.text


def test_a_rejection_beyond_the_request_is_not_believed(acceptor, accounts, make_sink):
    """A server that rejects more than it got makes no count negative."""
    acceptor.script.append(reject(50, "all of them"))
    sink = make_sink(acceptor.url())
    sink.write(events("a.1", "a.2"))
    sink.flush(soon())

    assert accounts.dropped.counts() == {"otlp_rejected": 2}


def test_a_refusal_is_counted_and_told_without_credentials(acceptor, accounts, make_sink, caplog):
    """A final error drops the batch, names place and reason once, shows no secret, and holds nobody up."""
    acceptor.script.extend([answer_with(401), answer_with(401)])
    url = acceptor.url().replace("http://", "http://me:hunter2@") + "?key=hunter2"
    sink = make_sink(url, headers={"authorization": "hunter2"})
    for name in ("a.1", "a.2", "a.3"):
        sink.write(events(name))

    assert (sink.flush(soon()), sink.flush(soon())) == (False, True)
    assert (accounts.delivered.counts(), accounts.dropped.counts()) == ({"otlp": 1}, {"otlp_refused": 2})
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert f"http://127.0.0.1:{acceptor.port}/v1/logs" in caplog.text
    assert "401" in caplog.text
    assert "hunter2" not in caplog.text


def test_what_otlp_cannot_carry_is_left_out_alone(acceptor, accounts, make_sink):
    """An event with an impossible value is counted; its neighbours arrive."""
    sink = make_sink(acceptor.url())
    sink.write([*events("a.1"), *events("a.bad", thing=object()), *events("a.2")])

    assert sink.flush(soon())
    assert (acceptor.names, accounts.dropped.counts()) == (["a.1", "a.2"], {"unencodable": 1})


def test_what_waits_can_be_asked_for(acceptor, make_sink):
    """In an outage the sink says how much it holds."""
    acceptor.usual = answer_with(503)
    sink = make_sink(acceptor.url(), backoff=NEVER)
    sink.write(events("a.1", "a.2"))

    assert not sink.flush(soon(60))
    assert (sink.pending()["logs"].batches, sink.pending()["logs"].records) == (1, 2)


def test_a_long_outage_drops_the_oldest(acceptor, accounts, make_sink, caplog):
    """Over the spool's cap the oldest events go: emitted = delivered + dropped, and it is told."""
    acceptor.usual = answer_with(503)
    sink = make_sink(
        acceptor.url(), spool_factory=lambda *_, accounts: MemorySpool(accounts=accounts, max_bytes=10_000)
    )
    for number in range(100):
        sink.write(events(f"e.{number}", text="x" * 300))
    acceptor.usual = accept

    assert not sink.flush(soon())
    dropped = accounts.dropped.counts()["spool_full"]
    assert dropped > 0
    assert len(acceptor.names) + dropped == 100
    assert acceptor.names[-1] == "e.99"
    assert "limit" in caplog.text


# -- the end --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_a_hung_collector_does_not_hold_flush_or_close(acceptor, accounts, make_sink, behaviour):
    """Both end by their deadline and say no; what was not delivered is counted."""
    acceptor.usual = behaviour
    sink = make_sink(acceptor.url(), timeout=600)
    sink.write(events("a.1", "a.2"))

    assert not sink.flush(soon(0.1))
    assert not sink.close(soon(0.1))
    assert accounts.dropped.counts() == {"shutdown": 2}
    assert accounts.delivered.counts() == {}


def test_a_hung_grpc_collector_does_not_hold_close(accounts, make_sink):
    """A call in flight ends with the sink."""
    with GrpcAcceptor() as acceptor:
        acceptor.usual = lambda call, _: call[0].released.wait(PATIENCE) and b""
        sink = make_sink(acceptor.url(), protocol="grpc", timeout=600)
        sink.write(events("a.1"))
        acceptor.await_requests(1)

        assert not sink.close(soon(0.1))
    assert accounts.dropped.counts() == {"shutdown": 1}


def test_nobody_listening_costs_no_time_at_the_end(accounts, make_sink, caplog):
    """With nobody there, close does not use up its deadline; the loss is counted and told."""
    with refusing_port() as port:
        sink = make_sink(f"http://127.0.0.1:{port}/v1/logs", backoff=NEVER)
        sink.write(events("a.1"))

        assert not sink.close(soon(60))
    assert accounts.dropped.counts() == {"shutdown": 1}
    assert "1 records could not be delivered" in caplog.text


def test_after_the_end_events_are_counted(acceptor, accounts, make_sink):
    """A write after close is a counted loss, and close may be called again."""
    sink = make_sink(acceptor.url())
    sink.write(events("a.1"))
    assert sink.close(soon())
    sink.write(events("a.2"))

    assert sink.close(soon())
    assert (acceptor.names, accounts.dropped.counts()) == (["a.1"], {"after_shutdown": 1})


class _SafeSpool(MemorySpool):
    """Stands for one on disk: what is in it at the end is not lost."""

    outlives_process = True

    def close(self):
        self.left = self.pending().records
        return True


@pytest.mark.parametrize("behaviour", [hang, drip, answer_with(503)])
def test_where_events_are_safe_the_end_waits_only_for_progress(acceptor, accounts, make_sink, behaviour):
    """With a spool that outlives the process, a Collector that hangs or refuses does not use up a long deadline."""
    acceptor.script.append(accept)
    acceptor.usual = behaviour
    spools = []
    sink = make_sink(
        acceptor.url(),
        timeout=600,
        max_batch=1,
        spool_factory=lambda *_, accounts: spools.append(_SafeSpool(accounts=accounts)) or spools[0],
    )
    sink.write(events("a.1", "a.2"))

    assert sink.close(soon(600))
    assert spools[0].left == 1
    assert (accounts.delivered.counts(), accounts.dropped.counts()) == ({"otlp": 1}, {})


SCRIPT = """
    import atexit, sys, threading, time
    from otel_events.accounting import Accounts
    from otel_events.event import Event
    from otel_events.notices import Notices
    from otel_events.otlp.endpoint import Endpoint
    from otel_events.sinks.otlp import OtlpSink

    url, protocol, when = sys.argv[1:]
    sink = OtlpSink(logs=Endpoint(url, protocol=protocol), traces=None, resource={}, accounts=Accounts(), notices=Notices())

    def write_and_close():
        sink.write([Event(name="last.words", timestamp=1, observed_timestamp=1)])
        print(sink.close(time.monotonic() + 10))

    if when == "atexit":
        atexit.register(write_and_close)
    else:
        threading.stack_size(2**47)  # more than there is: no thread can be started
        write_and_close()
"""


@pytest.mark.parametrize("kind", [HttpAcceptor, GrpcAcceptor])
@pytest.mark.parametrize("when", ["atexit", "no threads"])
def test_what_is_written_at_the_very_end_arrives(kind, when):
    """Events written when no thread can be started any more, as at interpreter exit, are delivered all the same."""
    protocol = "grpc" if kind is GrpcAcceptor else "http/protobuf"
    with kind() as acceptor:
        command = [sys.executable, "-c", textwrap.dedent(SCRIPT), acceptor.url(), protocol, when]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[2]
        )

        assert (done.stdout, done.stderr) == ("True\n", "")
        assert acceptor.names == ["last.words"]
