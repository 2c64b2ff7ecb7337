"""What an exception on a log record becomes."""

import pytest

from otel_events.pipeline.stack import cut_stack
from tests.bridges.logging_records import listen, own
from tests.bridges.logging_state import logging_state  # noqa: F401


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
