"""What becomes of a log call where an EventHandler listens."""

import copy
import enum
import logging
import pickle
import signal
import threading

import pytest
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, attach, detach, set_value
from opentelemetry.sdk.trace import TracerProvider

import otel_events as ev
from otel_events.bridges import EventHandler
from otel_events.pipeline.stack import cut_stack
from otel_events.testing import capture_events
from tests.bridges.logging_state import bare_root, logging_state  # noqa: F401
from tests.fresh import KeepingSink, fresh  # noqa: F401
from tests.hostile import HOSTILE

CODE = {"code.function.name", "code.file.path", "code.line.number"}


def listen(level=logging.ERROR, **arguments):
    """Put a handler on the root logger; return a logger that lets everything through."""
    bare_root().addHandler(EventHandler(level, **arguments))
    log = logging.getLogger("app")
    log.setLevel(1)
    return log


def own(event):
    """Return the attributes of *event* that do not say where in the code it is."""
    return {key: value for key, value in event.attributes.items() if key not in CODE}


# -- what a record becomes -------------------------------------------------------------------------------------------


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


# -- exceptions ------------------------------------------------------------------------------------------------------


def fail(depth, message):
    if depth:
        fail(depth - 1, message) if depth % 2 else fail_too(depth - 1, message)
    raise ValueError(message)


def fail_too(depth, message):
    fail(depth, message)


def test_an_exception_is_on_the_record(events):
    """By the conventions: type, message, stack; the message of the log call stays the body."""
    log = listen()
    try:
        fail(0, "no such citizen")
    except ValueError:
        log.exception("Bootstrap failed for %s", "c-7")

    event = events.only("")
    assert event.message == "Bootstrap failed for c-7"
    assert (event.attributes["exception.type"], event.attributes["exception.message"]) == (
        "ValueError",
        "no such citizen",
    )
    assert event.attributes["exception.stacktrace"].startswith("Traceback (most recent call last):\n")
    assert event.attributes["exception.stacktrace"].endswith("ValueError: no such citizen")


def test_a_deep_stack_is_cut_visibly(events):
    """60 lines; what is left is where it was raised."""
    log = listen()
    try:
        fail(50, "deep")
    except ValueError:
        log.exception("x")

    lines = events.only("").attributes["exception.stacktrace"].split("\n")
    assert (len(lines), lines[0], lines[-1]) == (60, "...<truncated>", "ValueError: deep")


def test_a_long_message_of_an_exception_leaves_the_frames(events):
    """A validator's hundred lines stand in `exception.message`; of the stack they take a part."""
    log = listen()
    message = "\n".join(f"problem {number}" for number in range(100))
    try:
        fail(0, message)
    except ValueError:
        log.exception("x")

    attributes = events.only("").attributes
    assert attributes["exception.message"] == message
    assert "in fail\n" in attributes["exception.stacktrace"]


def test_a_large_stack_is_cut_visibly(events):
    """16 KiB at most, however few its lines are; of a line that is too long the beginning stays, and the frames do."""
    log = listen()
    try:
        fail(0, "no room for " + "x" * 20_000)
    except ValueError:
        log.exception("x")

    stack = events.only("").attributes["exception.stacktrace"]
    assert stack.startswith("Traceback (most recent call last):\n")
    assert stack.endswith("\nValueError: no room for ...<truncated>")


@pytest.mark.parametrize("length", range(16_320, 16_420))
def test_a_cut_leaves_no_half_of_a_secret(length):
    """Wherever a stack is cut, a token is there as a whole or not at all."""
    token = "ghp_" + "a1B2" * 9
    text = f"Traceback: {token} was refused\n" + ("  a line\n" * 2_000)[-length:] + "ValueError: x"

    stack = cut_stack(text)

    assert len(stack) <= 16 * 1024
    assert token in stack or "B2a1" not in stack


def test_exc_info_without_an_exception_is_no_exception(events):
    """`exc_info=True` outside of an except block."""
    listen().error("x", exc_info=True)

    assert own(events.only("")) == {}


# -- bad calls -------------------------------------------------------------------------------------------------------


def test_a_call_with_wrong_arguments_arrives_marked(events):
    """Unformatted, with what was wrong and with its arguments."""
    listen().error("%d of %d", "three")

    event = events.only("")
    assert event.message == "%d of %d"
    assert own(event)["otel_events.log.format_error"].startswith("TypeError: ")
    assert own(event)["otel_events.log.arguments"] == ["three"]
    assert ev.stats().problems["log_not_formatted"] == 1


class Unprintable:
    def __str__(self):
        raise RuntimeError("no")

    __repr__ = __str__


def test_a_message_or_argument_that_cannot_be_printed_arrives_marked(events):
    """Whatever the program's own `__str__` raises."""
    log = listen()
    log.error(Unprintable())
    log.error("%s", Unprintable())

    assert [event.message for event in events] == ["<unprintable Unprintable>", "%s"]
    assert {own(event)["otel_events.log.format_error"] for event in events} == {"RuntimeError: no"}


def test_a_message_may_be_any_object(events):
    """As logging has it: its `str()` is the message."""
    log = listen()
    log.error({"a": 1})
    log.error(ValueError("bad"))

    assert [event.message for event in events] == ["{'a': 1}", "bad"]


class Talkative:
    def __str__(self):
        logging.getLogger("app").error("formatting %s", self)
        return "talkative"


def test_an_argument_that_logs_while_it_is_formatted_arrives(events):
    """Without end in itself: what is logged meanwhile is not formatted."""
    listen().error("x %s", Talkative())

    assert [event.message for event in events] == ["formatting %s", "x talkative"]
    assert "otel_events.log.format_error" in events[0].attributes


def test_odd_records_arrive(events):
    """As unpickled or hand-made ones are: fields missing, or of another kind."""
    listen()
    handler = logging.getLogger().handlers[0]
    for odd in (
        {},
        {"name": 7, "msg": "x", 5: "five", "": "empty"},
        {"created": "yesterday", "levelno": None, "levelname": None},
        {"exc_info": "no", "stack_info": 3, "threadName": None, "args": [1]},
    ):
        handler.handle(logging.makeLogRecord(odd))

    assert len(events) == 4
    assert ev.stats().dropped == {}


@pytest.mark.parametrize("index", range(len(HOSTILE)))
def test_a_hostile_thing_passes_through_every_part_of_a_call(events, index):
    """Wherever it stands, the record goes out, and its other attributes with it."""
    thing, log = HOSTILE[index], listen(logging.WARNING)  # equal errors are summarised, equal warnings are not
    log.warning(thing, extra={"good": 1})
    log.warning("%s", [thing], extra={"good": 1})
    log.warning("x", extra={"thing": thing, "good": 1})
    log.warning("x", extra={"event": thing, "good": 1})
    EventHandler(attributes={"thing": thing}).handle(logging.makeLogRecord({"msg": "x", "good": 1}))

    assert len([event for event in events if event.attributes.get("good") == 1 or len(event.attributes) == 128]) == 5
    assert ev.stats().dropped == {}


def test_nothing_is_formatted_that_is_not_taken(events):
    """Neither below the level, nor of loggers that are left alone, nor where instrumentation is suppressed."""
    log = listen(exclude="app.left_alone")
    log.warning("%s", Unprintable())
    logging.getLogger("app.left_alone.too").error("%s", Unprintable())
    token = attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
    log.error("%s", Unprintable())
    detach(token)

    assert len(events) == 0
    assert ev.stats().problems == {}


# -- which records ---------------------------------------------------------------------------------------------------


def test_errors_are_taken_by_default(events):
    """ERROR and above."""
    log = listen()
    log.warning("x")
    log.critical("y")

    assert events.only("").message == "y"


def test_loggers_are_chosen_by_name(events):
    """With those below them; what is excluded is excluded."""
    listen(logging.WARNING, include=["app", "lib"], exclude="app.noise")
    for name in ("app", "app.x", "apple", "lib.y", "other", "app.noise", "app.noise.z"):
        logging.getLogger(name).warning("x")

    assert [event.scope for event in events] == ["app", "app.x", "lib.y"]


def test_filters_of_logging_work(events):
    """Those of the handler, as functions too."""
    log = listen()
    logging.getLogger().handlers[0].addFilter(lambda record: "secret" not in record.msg)
    log.error("a secret")
    log.error("a fact")

    assert events.only("").message == "a fact"


def test_what_this_package_logs_is_left_alone(events):
    """Else a warning about delivery would be one more thing to deliver."""
    listen()
    logging.getLogger("otel_events").error("x")
    logging.getLogger("otel_events.sinks").error("x")
    thread = threading.Thread(target=logging.getLogger("app").error, args=("x",), name="otel_events.pipeline")
    thread.start()
    thread.join()

    assert len(events) == 0


@pytest.mark.usefixtures("fresh")
def test_a_sink_that_logs_makes_no_record_of_it():
    """Neither its own logger nor anybody's, on threads of ours: one event in, one event out."""

    class TalkativeSink(KeepingSink):
        def write(self, events):
            logging.getLogger("app").error("%d events", len(events))
            super().write(events)

    sink = TalkativeSink()
    ev.configure(sink=sink)
    listen().error("once")
    ev.flush(5)
    ev.flush(5)

    assert [event.body for event in sink.events if not event.name.startswith("otel_events.")] == ["once"]


@pytest.mark.parametrize("wrong", [7, [7], None])
def test_names_of_loggers_are_strings(wrong):
    """At set-up, not at the first record."""
    with pytest.raises(TypeError):
        EventHandler(include=wrong)


def test_a_wrong_level_is_refused():
    """By logging itself."""
    with pytest.raises(ValueError, match="LOUD"):
        EventHandler("LOUD")


# -- anywhere --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX signals")
def test_a_signal_handler_may_log_in_the_middle_of_a_log_call(events):
    """The handler has no lock to wait for; and no record is lost or doubled."""
    log = listen(logging.WARNING)
    seen = []

    def interrupt(*_):
        seen.append(1)
        log.warning("signal")
        signal.setitimer(signal.ITIMER_REAL, 0.0005)  # the next one, so that on a slow machine they do not pile up

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.0005)
    try:
        calls = 0
        while len(seen) < 20:
            log.warning("call")
            calls += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    messages = [event.message for event in events]
    assert (messages.count("signal"), messages.count("call")) == (len(seen), calls)


def test_a_record_knows_its_context_and_still_is_an_ordinary_record():
    """Copied, it keeps it; pickled, it is Python's own; nobody who writes out its fields sees more than before."""
    EventHandler()
    with ev.context(persona="thesis"):
        record = logging.getLogRecordFactory()("app", 40, "f.py", 1, "x", (), None)

    assert copy.copy(record).otel_context is record.otel_context
    assert b"otel" not in pickle.dumps(record)
    assert pickle.loads(pickle.dumps(record)).getMessage() == "x"
    assert record.__dict__.keys() == logging.LogRecord("app", 40, "f.py", 1, "x", (), None).__dict__.keys()
    assert isinstance(record, logging.LogRecord)


def test_record_factories_of_the_program_work_before_and_after(events):
    """The way the logging documentation shows to add attributes to each record."""
    before = logging.getLogRecordFactory()

    def factory(*args, **kwargs):
        record = before(*args, **kwargs)
        record.custom_attribute = 0xDECAFBAD
        return record

    logging.setLogRecordFactory(factory)
    log = listen()
    around = logging.getLogRecordFactory()

    def later(*args, **kwargs):
        record = around(*args, **kwargs)
        record.other = 1
        return record

    logging.setLogRecordFactory(later)
    log.error("x")

    assert own(events.only("")) == {"custom_attribute": 0xDECAFBAD, "other": 1}


def test_a_record_class_of_the_program_stays(events):
    """A LogRecord of one's own, with its own way to format."""

    class Braces(logging.LogRecord):
        def getMessage(self):
            return str(self.msg).format(*self.args)

    logging.setLogRecordFactory(Braces)
    log = listen()
    with ev.context(persona="thesis"):
        log.error("{} and {}", 1, 2)  # noqa: PLE1205  # its own way to format

    assert (events.only("").message, events[0].attributes["persona"]) == ("1 and 2", "thesis")


def test_a_strict_test_sees_a_misspelt_name_and_no_fault_in_plain_records():
    """Strict mode is about events."""
    with capture_events(strict=True) as events:
        log = listen()
        log.error("plain")
        with pytest.raises(ev.StrictModeError, match=r"evidence\.aded"):
            log.error("x", extra={"event": "evidence.aded"})

        assert [event.message for event in events] == ["plain"]
