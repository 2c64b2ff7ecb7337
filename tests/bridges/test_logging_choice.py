"""Which log records the handler takes, and where log calls may stand."""

import copy
import logging
import pickle
import signal
import threading

import pytest

import otel_events as ev
from otel_events.bridges import EventHandler
from otel_events.testing import capture_events
from tests.bridges.logging_records import listen, own
from tests.bridges.logging_state import logging_state  # noqa: F401
from tests.fresh import KeepingSink, fresh  # noqa: F401

# -- which records -----------------------------------------------------------------------------------------------------


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


# -- anywhere ----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX signals")
def test_a_signal_handler_may_log_in_the_middle_of_a_log_call(events):
    """The handler has no lock to wait for; and no record is lost or doubled."""
    log = listen(logging.WARNING)
    seen = []

    def interrupt(*_):
        seen.append(1)
        log.warning("signal")
        if len(seen) < 20:  # none after the last: it would come when nobody handles it any more, and end the process
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
