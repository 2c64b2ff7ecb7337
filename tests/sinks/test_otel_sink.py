"""What the sink in front of a program's own LoggerProvider promises."""

import logging

import pytest
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor

import otel_events as ev
from otel_events.accounting import Accounts
from otel_events.event import Event, InstrumentationScope
from otel_events.notices import Notices
from otel_events.sinks.otel import OtelSink
from tests.fresh import fresh  # noqa: F401


class Processor(LogRecordProcessor):
    """Keeps records; fails on events called `bad`; says *answer* to a flush."""

    def __init__(self, answer=True):
        self.records = []
        self.answer = answer
        self.is_shut_down = False

    def on_emit(self, log_record):
        if log_record.log_record.event_name == "bad":
            raise OSError("disk full")
        self.records.append(log_record)

    def shutdown(self):
        self.is_shut_down = True

    def force_flush(self, timeout_millis=30000):
        return self.answer


@pytest.fixture
def processor():
    return Processor()


@pytest.fixture
def accounts():
    return Accounts()


@pytest.fixture
def sink(processor, accounts):
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(processor)
    return OtelSink(provider, accounts=accounts, notices=Notices())


def event(name="seed.planted", **fields):
    return Event(name=name, timestamp=5, observed_timestamp=6, **fields)


def test_a_record_has_everything(sink, processor):
    """Name, body, severity, both times, own and bound attributes, uid, trace ids and scope are on the record."""
    scope = InstrumentationScope("my.library", "1.2", "https://schema", (("a", 1),))
    sink.write(
        [
            event(
                body="Planted",
                severity=13,
                severity_text="WARN",
                attributes={"n": 1},
                bound={"persona": "thesis"},
                trace_id=7,
                span_id=8,
                trace_flags=1,
                scope=scope,
                uid="w-1",
            )
        ]
    )

    (record,) = processor.records
    log, made = record.log_record, record.instrumentation_scope
    assert (log.event_name, log.body, log.severity_number.value, log.severity_text) == (
        "seed.planted",
        "Planted",
        13,
        "WARN",
    )
    assert (log.timestamp, log.observed_timestamp) == (5, 6)
    assert dict(log.attributes) == {"n": 1, "persona": "thesis", "log.record.uid": "w-1"}
    assert (log.trace_id, log.span_id, log.trace_flags) == (7, 8, 1)
    assert (made.name, made.version, made.schema_url, dict(made.attributes)) == (
        "my.library",
        "1.2",
        "https://schema",
        {"a": 1},
    )


def test_an_event_without_a_span_has_no_trace(sink, processor):
    """Where there was no span, the record has none, whatever span is current on the pipeline's thread."""
    from opentelemetry.sdk.trace import TracerProvider

    with TracerProvider(shutdown_on_exit=False).get_tracer("t").start_as_current_span("other"):
        sink.write([event()])

    assert processor.records[0].log_record.trace_id == 0


def test_a_processor_that_fails_costs_its_event_alone(sink, processor, accounts, caplog):
    """The event is counted as dropped, told once, and makes the next flush say no; the others go on."""
    sink.write([event("bad"), event(), event("bad")])

    assert [one.log_record.event_name for one in processor.records] == ["seed.planted"]
    assert accounts.dropped.counts() == {"otel_failed": 2}
    assert accounts.delivered.counts() == {"otel": 1}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert (sink.flush(1e12), sink.flush(1e12)) == (False, True)


def test_flush_says_what_the_provider_says(accounts):
    """A provider that could not flush makes the flush say no."""
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(Processor(answer=False))

    assert not OtelSink(provider, accounts=accounts, notices=Notices()).flush(1e12)


def test_closing_leaves_the_provider_open(sink, processor):
    """The provider is the program's: it is flushed, not shut down."""
    assert sink.close(1e12)
    assert not processor.is_shut_down


def test_asked_for_without_a_provider_it_says_so(fresh, caplog):  # noqa: F811
    """`sink="otel"` in a program without a LoggerProvider is told in a warning, and what it drops is counted."""
    ev.configure(sink="otel")
    ev.emit("seed.planted")

    assert not ev.flush()
    assert ev.stats().dropped == {"otel_failed": 2}  # the writer says that it started
    assert "the program has set no LoggerProvider" in caplog.text
