"""Log records of OpenTelemetry's own Logs API on the way of events."""

import logging
import threading

import pytest
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

import otel_events as ev
from otel_events import runtime
from otel_events.bridges import DurableLogRecordProcessor
from otel_events.event import InstrumentationScope
from otel_events.notices import Notices
from otel_events.sinks.otel import OtelSink
from tests.fresh import KeepingSink, assert_accounted, fresh  # noqa: F401

pytestmark = pytest.mark.usefixtures("fresh")
RESOURCE = Resource({"service.name": "theirs", "ports": (1, 2)}, "https://schema")


class Seen(LogRecordProcessor):
    """Another processor of the program's; keeps what bodies it saw."""

    def __init__(self, bodies):
        self.bodies = bodies

    def on_emit(self, log_record):
        self.bodies.append(log_record.log_record.body)

    def shutdown(self):
        """Nothing is open."""

    def force_flush(self, timeout_millis=30000):
        return True


@pytest.fixture
def kept():
    sink = KeepingSink()
    ev.configure(sink=sink, ledger=False)
    return sink


@pytest.fixture
def provider():
    provider = LoggerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_log_record_processor(DurableLogRecordProcessor())
    return provider


def told(kept):
    """Return what was emitted, without what the writer says of itself."""
    return [event for event in kept.events if not event.name.startswith("otel_events.writer.")]


def only(kept):
    assert ev.flush()
    (event,) = told(kept)
    return event


def test_a_foreign_record_arrives_whole(kept, provider):
    """Name, body, severity, times, attributes, trace context, scope and the provider's resource are those of the record."""
    logger = provider.get_logger("their.library", "1.2", "https://scope", {"kind": "x"})
    with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
        logger.emit(
            LogRecord(
                timestamp=5,
                observed_timestamp=6,
                severity_number=SeverityNumber.WARN2,
                severity_text="careful",
                body={"a": [1, None]},
                attributes={"n": 1, "list": [1, 2], "deep": {"k": b"v"}},
                event_name="their.thing",
            )
        )
    event, ids = only(kept), span.get_span_context()

    assert (event.name, event.body, event.severity, event.severity_text) == (
        "their.thing",
        {"a": [1, None]},
        14,
        "careful",
    )
    assert (event.timestamp, event.observed_timestamp) == (5, 6)
    assert event.attributes == {"n": 1, "list": [1, 2], "deep": {"k": b"v"}}
    assert (event.trace_id, event.span_id, event.trace_flags) == (ids.trace_id, ids.span_id, ids.trace_flags)
    assert event.scope == InstrumentationScope("their.library", "1.2", "https://scope", (("kind", "x"),))
    assert dict(event.resource.attributes) == {"service.name": "theirs", "ports": [1, 2]}
    assert event.resource.schema_url == "https://schema"


def test_a_record_without_a_name_stays_a_plain_log_record(kept, provider):
    """It gets neither a name nor a severity it did not have, and its time is when it was observed."""
    provider.get_logger("their.library").emit(LogRecord(body="hello", observed_timestamp=7))
    event = only(kept)

    assert (event.name, event.body, event.severity, event.severity_text, event.timestamp) == ("", "hello", 0, "", 7)


def test_names_are_left_alone(kept, provider):
    """An alias of the catalogue is not rewritten, and its message and severity are not put on a foreign record."""
    provider.get_logger("their.library").emit(LogRecord(event_name="task_started", body=None))
    event = only(kept)

    assert (event.name, event.given_name, event.body, event.severity) == ("task_started", "", None, 0)
    assert ev.stats().unknown_names == {}


def test_a_record_in_a_scope_of_ours_is_correlated(kept, provider):
    """Bound attributes are on it, as on an event; its own win."""
    ev.bind(env_id=3)
    with ev.context(persona="thesis", session_id="s-1"):
        provider.get_logger("their.library").emit(LogRecord(body="x", attributes={"persona": "own"}))

    assert only(kept).all_attributes() == {"persona": "own", "session_id": "s-1", "env_id": 3}


def test_each_record_has_a_uid_and_one_that_is_brought_stays(kept, provider):
    """A record without a uid gets one of ours; one that was given one elsewhere keeps it, and leaves no hole in ours."""
    logger = provider.get_logger("their.library")
    logger.emit(LogRecord(body="a"))
    logger.emit(LogRecord(body="b", attributes={"log.record.uid": "elsewhere-1"}))
    logger.emit(LogRecord(body="c"))
    assert ev.flush()
    first, brought, last = told(kept)
    ours = [event.uid for event in kept.events if event is not brought]

    assert brought.uid == "elsewhere-1"
    assert "log.record.uid" not in brought.attributes
    assert first.uid != last.uid
    assert sorted(ours) == [f"{ev.stats().writer}-{number:x}" for number in range(1, len(ours) + 1)]


def test_what_other_processors_change_later_does_not_show(kept, provider):
    """The record is taken as it is when the processor sees it, nested values too."""

    class Change(Seen):
        def on_emit(self, log_record):
            log_record.log_record.attributes["secret"] = "added"
            log_record.log_record.body["k"].append("added")

    provider.add_log_record_processor(Change([]))
    provider.get_logger("their.library").emit(LogRecord(body={"k": ["v"]}, attributes={"a": 1}))
    event = only(kept)

    assert (event.body, event.attributes) == ({"k": ["v"]}, {"a": 1})


@pytest.mark.room
def test_events_and_records_keep_their_order(kept, provider):
    """One queue, one order."""
    logger = provider.get_logger("their.library")
    for number in range(50):
        ev.emit("seed.planted", number=number)
        logger.emit(LogRecord(body="x", attributes={"number": number}))
    assert ev.flush()

    assert [event.attributes["number"] for event in told(kept)] == [n for n in range(50) for _ in range(2)]
    assert_accounted(ev.stats(), "kept")


def test_a_record_is_limited_as_an_event_is(provider):
    """Foreign records pass the same stages; what the SDK has dropped before is added to what is dropped here."""
    kept = KeepingSink()
    ev.configure(sink=kept, attribute_value_length_limit=4, attribute_count_limit=2)
    provider.get_logger("their.library").emit(LogRecord(attributes={"a": "x" * 9, "b": 1, "c": 2}, body="y"))
    event = only(kept)

    assert (event.attributes, event.dropped_attributes) == ({"a": "xxx…", "b": 1}, 1)


def test_hostile_values_break_nothing(kept, provider):
    """Whatever a record holds arrives as something OTLP can carry."""
    record = LogRecord(attributes={"big": 2**70, "nan": float("nan"), "text": "\ud800"}, body={"k": object()})
    provider.get_logger("their.library").emit(record)
    event = only(kept)

    assert set(event.attributes) >= {"big", "nan", "text"}
    assert ev.stats().dropped == {}


# -- what is not taken -----------------------------------------------------------------------------------------------------


def test_our_own_warnings_are_not_taken(kept, provider):
    """What this package logs about itself would make more of it."""
    provider.get_logger("otel_events").emit(LogRecord(body="a sink is slow"))
    provider.get_logger("otel_events.deeper").emit(LogRecord(body="a sink is slow"))
    assert ev.flush()

    assert list(kept.events) == []
    assert ev.stats().emitted == 0


def test_suppressed_instrumentation_is_honoured(kept, provider):
    """Where instrumentation is suppressed nothing is taken, and that is counted."""
    token = otel_context.attach(otel_context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
    try:
        provider.get_logger("their.library").emit(LogRecord(body="x"))
    finally:
        otel_context.detach(token)
    assert ev.flush()

    assert (list(kept.events), ev.stats().dropped) == ([], {"suppressed": 1})


def test_a_sink_that_logs_does_not_feed_itself(provider):
    """A record emitted on a thread of ours while it works is left out."""

    class Logs(KeepingSink):
        def write(self, events):
            super().write(events)
            provider.get_logger("a.sink").emit(LogRecord(body="written"))

    sink = Logs()
    ev.configure(sink=sink, ledger=False)
    ev.emit("seed.planted")
    for _ in range(3):
        assert ev.flush()

    assert [event.name for event in told(sink)] == ["seed.planted"]


def test_a_stage_that_logs_does_not_feed_itself(kept, provider, fresh):  # noqa: F811
    """The same for the pipeline's thread."""

    class Stage:
        def __call__(self, events):
            provider.get_logger("a.stage").emit(LogRecord(body="seen"))
            return events

    fresh.pipeline.rewire(fresh.pipeline.wiring._replace(stages=(Stage(),)))
    ev.emit("seed.planted")
    for _ in range(3):
        assert ev.flush()

    assert [event.name for event in told(kept)] == ["seed.planted"]


def test_events_that_go_to_the_provider_do_not_come_back(provider):
    """With the provider as a sink beside another, each event is there once; records of the provider stay where they are."""
    bodies = []
    provider.add_log_record_processor(Seen(bodies))
    kept = KeepingSink()
    ev.configure(
        sink=[kept, OtelSink(provider, accounts=runtime.capture.accounts, notices=Notices())],
        ledger=False,
    )
    ev.emit("seed.planted", "from us")
    provider.get_logger("their.library").emit(LogRecord(body="from them"))
    for _ in range(3):
        assert ev.flush()

    assert [event.body for event in told(kept)] == ["from us", "from them"]
    assert sorted(bodies) == ["Writer started", "from them", "from us"]


@pytest.mark.room
def test_emitting_threads_lose_nothing(kept, provider):
    """Many threads at once, and more than the queue of the SDK's batch processor holds: all arrive, once."""
    logger = provider.get_logger("their.library")

    def work(thread):
        for number in range(2000):
            logger.emit(LogRecord(body=f"{thread}-{number}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ev.flush(10)

    assert len({event.body for event in told(kept)}) == len(told(kept)) == 8000
    assert_accounted(ev.stats(), "kept")


# -- the program's logging --------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:`LoggingHandler` in `opentelemetry-sdk` is deprecated:DeprecationWarning")
def test_the_sdk_s_own_logging_handler_brings_the_program_s_log(kept, provider):
    """A `logging` record through OpenTelemetry's handler has its severity, its logger as scope, and its exception."""
    from opentelemetry.sdk._logs import LoggingHandler

    logger = logging.Logger("my.app")  # noqa: LOG001  # of no hierarchy
    logger.addHandler(LoggingHandler(logger_provider=provider))
    try:
        raise ValueError("broken")
    except ValueError:
        logger.exception("it is %s", "bad", extra={"attempt": 2})
    event = only(kept)

    assert (event.name, event.body, event.severity, event.severity_text) == ("", "it is bad", 17, "ERROR")
    assert event.scope.name == "my.app"
    assert event.attributes["attempt"] == 2
    assert event.attributes["exception.type"] == "ValueError"


def test_force_flush_tells_whether_all_is_safe(provider):
    """It waits for the sinks, and is as truthful as they are."""

    class Refuses(KeepingSink):
        def flush(self, deadline):
            return False

    kept = KeepingSink()
    ev.configure(sink=kept, ledger=False)
    provider.get_logger("their.library").emit(LogRecord(body="x"))
    was_safe = provider.force_flush(5000)
    ev.configure(sink=Refuses("refuses"), ledger=False)
    provider.get_logger("their.library").emit(LogRecord(body="y"))

    assert (was_safe, len(told(kept)), provider.force_flush(5000)) == (True, 1, False)


def test_after_shutdown_records_are_counted_as_lost(kept, provider):
    """As events are; the provider's own shutdown ends nothing of ours."""
    logger = provider.get_logger("their.library")
    provider.shutdown()
    logger.emit(LogRecord(body="still taken"))
    assert ev.shutdown()
    logger.emit(LogRecord(body="too late"))

    assert [event.body for event in told(kept)] == ["still taken"]
    assert ev.stats().dropped == {"after_shutdown": 1}


def test_a_span_event_is_not_made_of_a_foreign_record(kept, provider):
    """Only our own events are copied to spans: the SDK's bridge, once there is one, does it for the others."""
    with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
        assert trace.get_current_span() is span
        provider.get_logger("their.library").emit(LogRecord(event_name="their.thing"))

    assert span.events == ()
