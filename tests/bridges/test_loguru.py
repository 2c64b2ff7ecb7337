"""What becomes of a loguru call where our sink listens."""

import pytest

import otel_events as ev
from otel_events.bridges import loguru_sink

loguru = pytest.importorskip("loguru")


@pytest.fixture
def log():
    """loguru with our sink alone."""
    loguru.logger.remove()
    loguru.logger.add(loguru_sink, level="INFO", format="{message}")
    yield loguru.logger
    loguru.logger.remove()


def test_a_call_becomes_a_plain_log_record(events, log):
    """Message, severity, module and place in the code."""
    log.debug("nothing of this")
    log.warning("port {} does not respond", 18091)  # noqa: PLE1205  # loguru's way to format

    event = events.only("", severity="warn")
    assert (event.message, event.scope) == ("port 18091 does not respond", __name__)
    assert event.attributes["code.file.path"] == __file__
    assert event.attributes["code.function.name"] == "test_a_call_becomes_a_plain_log_record"


def test_what_is_bound_becomes_attributes_and_may_name_the_event(events, log):
    """By loguru and by us."""
    with ev.context(persona="thesis"):
        log.bind(event="evidence.added", source="paper.pdf").success("Took it")

    event = events.only("evidence.added", source="paper.pdf", persona="thesis")
    assert (event.message, event.severity.name) == ("Took it", "INFO4")


def test_an_exception_is_on_it(events, log):
    """By the conventions."""
    try:
        raise ValueError("no such citizen")
    except ValueError:
        log.exception("Bootstrap failed")

    event = events.only("", severity="error")
    assert event.message == "Bootstrap failed"
    assert event.attributes["exception.type"] == "ValueError"
