"""Log calls that are wrong, odd or hostile arrive all the same, marked."""

import logging

import pytest
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, attach, detach, set_value

import otel_events as ev
from otel_events.bridges import EventHandler
from tests.bridges.logging_records import listen, own
from tests.bridges.logging_state import logging_state  # noqa: F401
from tests.hostile import HOSTILE


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
