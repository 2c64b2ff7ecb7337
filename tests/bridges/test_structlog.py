"""What becomes of structlog's entries where our processors are in the chain."""

import io
import json
import logging
import sys

import pytest
import structlog
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, attach, detach, set_value

import otel_events as ev
from otel_events.bridges import EventHandler, EventRenderer, EventTee, add_bound_attributes
from tests.bridges.logging_state import bare_root, logging_state  # noqa: F401
from tests.hostile import HOSTILE


@pytest.fixture(autouse=True)
def structlog_state():
    """structlog as in a program that has just begun, and put back afterwards."""
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    yield
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def chain(*processors):
    """Configure structlog with *processors*; return a logger and what it prints."""
    printed = io.StringIO()
    structlog.configure(processors=list(processors), logger_factory=structlog.PrintLoggerFactory(printed))
    return structlog.get_logger(), printed


# -- the processors --------------------------------------------------------------------------------------------------


def test_a_chain_may_end_as_an_event(events):
    """An entry whose text is a dotted name, or known to the catalogue, is an event of that name; nothing is printed."""
    log, printed = chain(EventRenderer())
    log.info("evidence.added", source="paper.pdf", quality=0.82)
    log.info("task_started", task_id="t-1")
    log.info("seed.was_watered", litres=2)

    assert [(event.name, event.attributes) for event in events] == [
        ("evidence.added", {"source": "paper.pdf", "quality": 0.82}),
        ("task.started", {"task_id": "t-1"}),
        ("seed.was_watered", {"litres": 2}),
    ]
    assert events[0].message == "Evidence added"
    assert printed.getvalue() == ""


def test_other_entries_are_plain_log_records(events):
    """Their text is the body; the level is the severity."""
    log, _ = chain(EventRenderer())
    log.warning("the proxy does not respond", port=18091)
    log.error("user_logged_in")

    assert [(event.name, event.message, event.severity.name, event.attributes) for event in events] == [
        ("", "the proxy does not respond", "WARN", {"port": 18091}),
        ("", "user_logged_in", "ERROR", {}),
    ]


def test_event_name_names_the_event(events):
    """So that an entry can have a name and a text."""
    log, _ = chain(EventRenderer())
    log.info("Took a paper", event_name="evidence.added", source="paper.pdf")

    event = events.only("evidence.added")
    assert (event.message, event.attributes) == ("Took a paper", {"source": "paper.pdf"})


def test_an_entry_may_go_on_to_the_console(events):
    """Unchanged."""
    log, printed = chain(structlog.processors.add_log_level, EventTee(), structlog.processors.JSONRenderer())
    log.info("evidence.added", source="paper.pdf")

    assert events.only("evidence.added").attributes == {"source": "paper.pdf"}
    assert json.loads(printed.getvalue()) == {"event": "evidence.added", "level": "info", "source": "paper.pdf"}


def test_what_is_below_the_level_is_not_captured(events):
    """It goes on, or ends, as everything does."""
    log, printed = chain(EventTee("error"), structlog.processors.JSONRenderer())
    log.warning("x")
    log.error("y")

    assert events.only("").message == "y"
    assert len(printed.getvalue().splitlines()) == 2


def test_an_unknown_level_is_refused():
    """Where the chain is made."""
    with pytest.raises(ValueError, match="loud"):
        EventTee("loud")


@pytest.mark.parametrize("merging", [[structlog.contextvars.merge_contextvars], []])
def test_contextvars_become_attributes(events, merging):
    """Whether the chain merges them or not."""
    log, _ = chain(*merging, EventRenderer())
    with structlog.contextvars.bound_contextvars(request_id="r-1", a=1):
        log.info("x", a=2)

    assert events.only("").attributes == {"request_id": "r-1", "a": 2}


def test_what_a_processor_took_away_stays_away(events):
    """A chain that merges contextvars and then hides one hides it from events too."""

    def hide(_logger, _name, entry):
        entry.pop("pin", None)
        return entry

    log, _ = chain(structlog.contextvars.merge_contextvars, hide, EventRenderer())
    structlog.contextvars.bind_contextvars(pin=1234)
    log.info("x")

    assert events.only("").attributes == {}


def test_what_is_bound_is_on_it(events):
    """Bound by structlog or by us, with trace and span id."""
    log, _ = chain(EventRenderer())
    with ev.task("draft", task_id="t-1", persona="thesis"):
        log.bind(a=1).info("x")

    event, started = events.one("", a=1), events.one("task.started")
    assert event.attributes == {"a": 1, "task_id": "t-1", "persona": "thesis"}
    assert (event.trace_id, event.span_id) == (started.trace_id, started.span_id)


def test_what_we_bound_is_printed(events):
    """And the ids of the span; what the entry says itself wins, and on the event nothing stands twice."""
    log, printed = chain(add_bound_attributes, EventTee(), structlog.processors.JSONRenderer())
    with ev.task("draft", task_id="t-1"), ev.context(persona="thesis", cycle=3):
        log.info("x", cycle=4)

    event, line = events.one("", cycle=4), json.loads(printed.getvalue())
    assert line == {
        "event": "x", "task_id": "t-1", "persona": "thesis", "cycle": 4,
        "trace_id": event.trace_id, "span_id": event.span_id,
    }  # fmt: skip
    assert event.attributes == {"task_id": "t-1", "persona": "thesis", "cycle": 4}


@pytest.mark.parametrize(
    "before",
    [
        [],
        [structlog.processors.format_exc_info],
        [structlog.processors.dict_tracebacks],
        [structlog.dev.set_exc_info],
    ],
)
def test_an_exception_is_on_it(events, before):
    """By the conventions, whatever processors have made of it by then."""
    log, _ = chain(*before, EventRenderer())
    try:
        raise ValueError("no such citizen")
    except ValueError:
        log.exception("Bootstrap failed")

    event = events.only("")
    assert (event.message, event.severity.name) == ("Bootstrap failed", "ERROR")
    assert event.attributes["exception.type"] == "ValueError"
    assert event.attributes["exception.message"] == "no such citizen"


def test_an_exception_that_is_handed_over_is_on_it(events):
    """`exc_info` may be an exception, as in structlog."""
    log, _ = chain(EventRenderer())
    log.error("x", exc_info=KeyError("k"))
    log.error("y", exc_info=False)

    assert events[0].attributes == {"exception.type": "KeyError", "exception.message": "'k'"}
    assert events[1].attributes == {}


def test_what_other_processors_add_gets_the_names_of_the_conventions(events):
    """Level, logger, time and call site have their own places in a record."""
    parameters = structlog.processors.CallsiteParameter
    log, _ = chain(
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.CallsiteParameterAdder([parameters.PATHNAME, parameters.FUNC_NAME, parameters.LINENO]),
        EventRenderer(),
    )
    log.info("x", stack_info=True)

    attributes = events.only("").attributes
    assert sorted(attributes) == ["code.file.path", "code.function.name", "code.line.number", "code.stacktrace"]
    assert attributes["code.file.path"] == __file__


def test_keys_of_the_program_s_own_stay_what_they_are(events):
    """A level that is no level, a timestamp that is not now."""
    log, _ = chain(EventRenderer())
    log.info("x", level=3, timestamp="2001-01-01T00:00:00Z", logger=7, exception="none", stack=["a"], lineno=None)

    assert events.only("").attributes == {
        "level": 3, "timestamp": "2001-01-01T00:00:00Z", "logger": 7, "exception": "none", "stack": ["a"],
    }  # fmt: skip


def test_a_logger_s_name_is_the_scope(events):
    """As with logging."""
    log, _ = chain(EventRenderer())
    log.info("x", logger="app.x")
    log.info("x")
    log.info("x", logger="otel_events")

    assert [event.scope for event in events] == ["app.x", "structlog"]


class Boom:
    def __str__(self):
        raise RuntimeError("boom")

    __repr__ = __str__


@pytest.mark.parametrize("text", [None, 7, Boom(), ["x"], {"a": 1}, ("x", "y")])
def test_anything_may_be_logged(events, text):
    """Nothing raises, and it arrives."""
    log, _ = chain(EventRenderer())
    log.info(text, thing=Boom(), **{"": 1, "ü": 2})

    assert events.only("").attributes["ü"] == 2


@pytest.mark.parametrize("index", range(len(HOSTILE)))
def test_a_hostile_thing_passes_through_every_part_of_an_entry(events, index):
    """Wherever it stands, the entry goes out, and its other attributes with it."""
    thing = HOSTILE[index]
    log, _ = chain(EventRenderer())
    log.info(thing, good=1)
    log.info("x", thing=thing, good=1)
    log.info("x", event_name=thing, timestamp=thing, level=thing, good=1)
    log.info("x", exc_info=thing, stack=thing, exception=thing, lineno=thing, good=1)

    assert len([event for event in events if event.attributes.get("good") == 1 or len(event.attributes) == 128]) == 4
    assert ev.stats().dropped == {}


def test_where_instrumentation_is_suppressed_nothing_is_captured(events):
    """The entry goes on."""
    log, printed = chain(EventTee(), structlog.processors.JSONRenderer())
    token = attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
    log.info("x")
    detach(token)

    assert len(events) == 0
    assert printed.getvalue() != ""


# -- structlog over logging ------------------------------------------------------------------------------------------


def test_entries_on_their_way_to_a_processor_formatter_are_understood(events):
    """Where structlog goes through logging, an EventHandler beside the console takes entries, not their text."""
    printed = io.StringIO()
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    console = logging.StreamHandler(printed)
    console.setFormatter(structlog.stdlib.ProcessorFormatter(processor=structlog.processors.JSONRenderer()))
    bare_root().addHandler(console)
    logging.getLogger().addHandler(EventHandler(logging.INFO))
    logging.getLogger().setLevel(logging.INFO)
    log = structlog.get_logger("app.x")
    log.info("evidence.added", source="paper.pdf")
    try:
        raise ValueError("bad")
    except ValueError:
        log.exception("it failed", a=1)

    assert [(event.name, event.message, event.scope) for event in events] == [
        ("evidence.added", "Evidence added", "app.x"),
        ("", "it failed", "app.x"),
    ]
    assert events[0].attributes["source"] == "paper.pdf"
    assert (events[1].attributes["a"], events[1].attributes["exception.type"]) == (1, "ValueError")
    assert len(printed.getvalue().splitlines()) >= 2


def test_entries_rendered_to_keywords_of_logging_are_understood(events):
    """`render_to_log_kwargs`: the entry's keys arrive as `extra`."""
    structlog.configure(
        processors=[structlog.stdlib.render_to_log_kwargs],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    bare_root().addHandler(EventHandler(logging.ERROR))
    structlog.get_logger("app.x").error("it failed", a=1)

    event = events.only("")
    assert (event.message, event.scope, event.attributes["a"]) == ("it failed", "app.x", 1)


# -- the ready set-up ------------------------------------------------------------------------------------------------


def test_setup_prints_json_where_nobody_looks(events):
    """One line an entry, with what is bound, and the same as an event."""
    printed = io.StringIO()
    log = ev.setup_structlog(stream=printed)
    with ev.context(persona="thesis"), structlog.contextvars.bound_contextvars(request_id="r-1"):
        log.info("evidence.added", source="paper.pdf")
        log.debug("nothing of this")

    line = json.loads(printed.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "evidence.added", "level": "info", "source": "paper.pdf", "persona": "thesis", "request_id": "r-1",
    }  # fmt: skip
    assert events.only("evidence.added").attributes == {
        "source": "paper.pdf", "persona": "thesis", "request_id": "r-1",
    }  # fmt: skip


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_setup_prints_prettily_on_a_terminal(events):
    """For people, with tracebacks as Python prints them."""
    printed = Terminal()
    log = ev.setup_structlog(stream=printed)
    try:
        raise ValueError("bad")
    except ValueError:
        log.exception("it failed")

    assert "it failed" in printed.getvalue()
    assert "Traceback (most recent call last):" in printed.getvalue()
    assert not printed.getvalue().startswith("{")
    assert events.only("").attributes["exception.type"] == "ValueError"


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_setup_prints_no_local_variables(events, stream):
    """There are secrets in them."""
    printed = stream()
    log = ev.setup_structlog(stream=printed)
    password = "hunter2"
    try:
        raise ValueError(len(password))
    except ValueError:
        log.exception("it failed")

    assert "hunter2" not in printed.getvalue().replace('password = "hunter2"', "")


def test_setup_takes_levels_apart(events):
    """What is printed, and what goes the way of events."""
    printed = io.StringIO()
    log = ev.setup_structlog(level="DEBUG", events_level="error", stream=printed, json=True)
    log.debug("x")
    log.error("y")

    assert len(printed.getvalue().splitlines()) == 2
    assert events.only("").message == "y"


def test_setup_tells_everything_that_is_wrong():
    """At once, and changes nothing."""
    with pytest.raises(ev.ConfigurationError, match=r"(?s)'loud'.*1\.5"):
        ev.setup_structlog(level="loud", events_level=1.5)

    assert not structlog.is_configured()


def test_capture_logs_of_structlog_goes_on_working(events):
    """Tests of programs that look at entries themselves."""
    log = ev.setup_structlog(stream=sys.stdout)
    with structlog.testing.capture_logs() as entries:
        log.info("x", a=1)

    assert entries == [{"a": 1, "event": "x", "log_level": "info"}]
