"""What becomes of a log call where an EventHandler listens."""

import enum
import logging

import pytest
from opentelemetry.sdk.trace import TracerProvider

import otel_events as ev
from tests.bridges.logging_records import listen, own
from tests.bridges.logging_state import logging_state  # noqa: F401


def test_a_log_call_becomes_a_plain_log_record(events):
    """No event name; the formatted message is the body, the logger's name the scope, the level the severity."""
    listen().error("Bootstrap failed for %s after %d tries", "c-7", 3)

    event = events.only("")
    assert (event.name, event.message, event.severity) == (
        "",
        "Bootstrap failed for c-7 after 3 tries",
        ev.Severity.ERROR,
    )
    assert event.scope == "app"
    assert own(event) == {}


def test_extra_becomes_attributes(events):
    """Each key of `extra` is an attribute, with its value as `emit` would take it."""
    listen().error("x", extra={"port": 18091, "tags": ["a", "b"], "when": None, "nested": {"a": 1.5}})

    assert own(events.only("")) == {"port": 18091, "tags": ["a", "b"], "nested": {"a": 1.5}}


def test_extra_names_the_event(events):
    """`extra={"event": ...}` makes it an event of that name, canonical, with the message as its body."""
    log = listen(logging.INFO)
    log.info("Took %s", "paper.pdf", extra={"event": "evidence.added", "source": "paper.pdf"})
    log.info("x", extra={"event": "task_started", "task_id": "t-1"})
    log.info("x", extra={"otel.event.name": "order.placed"})

    assert [(event.name, event.message, event.severity.name) for event in events] == [
        ("evidence.added", "Took paper.pdf", "INFO"),
        ("task.started", "x", "INFO"),
        ("order.placed", "x", "INFO"),
    ]
    assert own(events[0]) == {"source": "paper.pdf"}


def test_a_member_of_an_enum_and_a_typed_event_name_the_event(events):
    """As in `emit`; a typed event brings its attributes."""

    @ev.define("order.placed")
    class OrderPlaced:
        total: float

    class Names(enum.Enum):
        ADDED = "evidence.added"

    log = listen()
    log.error("x", extra={"event": Names.ADDED})
    log.error("x", extra={"event": OrderPlaced(total=9.5)})

    assert [(event.name, own(event)) for event in events] == [("evidence.added", {}), ("order.placed", {"total": 9.5})]


@pytest.mark.parametrize("given", ["two words", "Ünï", "", 7, {"type": "click"}, None])
def test_an_extra_called_event_that_is_no_name_is_an_attribute(events, given):
    """Programs that had a key `event` before do not get odd event names."""
    listen().error("x", extra={"event": given})

    assert own(events.only("")) == ({} if given is None else {"event": given})


def test_levels_are_severities(events):
    """As OpenTelemetry's own handler maps them; a level of the program's own keeps its name."""
    logging.addLevelName(25, "NOTICE")
    log = listen(1)
    for level, message in zip(
        (5, 10, 20, 25, 30, 35, 40, 50, 60), "abcdefghi", strict=True
    ):  # equal errors are summarised
        log.log(level, message)

    assert [event.severity.name for event in events] == [
        "TRACE", "DEBUG", "INFO", "INFO4", "WARN", "WARN4", "ERROR", "FATAL", "FATAL4",
    ]  # fmt: skip


def test_where_in_the_code_it_was_is_on_it(events):
    """The conventions' `code.*`: function, file and line of the log call."""
    listen().error("x")

    attributes = events.only("").attributes
    assert attributes["code.function.name"] == "test_where_in_the_code_it_was_is_on_it"
    assert attributes["code.file.path"] == __file__
    assert attributes["code.line.number"] > 0


def test_what_is_bound_and_the_span_are_on_it(events):
    """As on events: scopes, process-wide attributes, trace and span id; a key of `extra` wins."""
    ev.bind(deployment="blue")
    log = listen()
    with ev.context(persona="thesis", cycle=3), ev.task("draft", task_id="t-1"):
        log.error("x", extra={"cycle": 4})

    event, started = events.one("", task_id="t-1"), events.one("task.started")
    assert own(event) == {"cycle": 4, "deployment": "blue", "persona": "thesis", "task_id": "t-1"}
    assert (event.trace_id, event.span_id) == (started.trace_id, started.span_id)
    assert event.trace_id


def test_a_named_record_is_copied_to_the_span_and_a_plain_one_is_not(events):
    """The rule of the event to span event bridge: events only."""
    log = listen()
    with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
        log.error("plain")
        log.error("x", extra={"event": "evidence.added"})

        assert [copied.name for copied in span.events] == ["evidence.added"]


def test_a_named_record_may_close_a_task(events):
    """A program that says by itself that a task is done says it once."""
    log = listen(logging.INFO)
    with ev.task("draft", task_id="t-1"):
        log.info("done", extra={"event": "task.completed"})

    assert events.names == ["task.started", "task.completed"]


def test_constant_attributes_of_the_handler_are_on_each_record(events):
    """Below what the call says itself."""
    log = listen(attributes={"script_name": "s", "a": 1})
    log.error("x", extra={"a": 2})

    assert own(events.only("")) == {"script_name": "s", "a": 2}


def test_the_timestamp_is_that_of_the_record(events):
    """Not of when a handler got to it."""
    listen()
    logging.getLogger("app").handle(logging.makeLogRecord({"name": "app", "levelno": 40, "created": 1_700_000_000.5}))

    assert events.only("").timestamp == 1_700_000_000_500_000_000


def test_stack_info_is_an_attribute(events):
    """The conventions' `code.stacktrace`."""
    listen().error("x", stack_info=True)

    stack = events.only("").attributes["code.stacktrace"]
    assert stack.endswith('listen().error("x", stack_info=True)')
    assert len(stack.split("\n")) <= 60
