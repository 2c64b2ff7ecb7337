"""What an event tells of an exception beside its own type, message and frames: notes, and the members of groups."""

import sys

import pytest

import otel_events as ev

needs_groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="Python has no exception groups")


def raised(error):
    """Return *error* as something that was raised."""
    try:
        raise error
    except BaseException as caught:
        return caught


def stack_of(events):
    return events.only().attributes["exception.stacktrace"]


@needs_groups
def test_notes_stand_under_the_exception(events):
    """What `add_note` has put on an exception is in its stack trace, where Python prints it; not in its message."""
    error = raised(ValueError("no source"))
    error.add_note("while reading paper.pdf")
    error.add_note("the second of two")
    ev.emit("x.y", exception=error)

    assert stack_of(events).endswith("\nValueError: no source\nwhile reading paper.pdf\nthe second of two")
    assert events.only().attributes["exception.message"] == "no source"


@needs_groups
def test_a_group_tells_of_each_exception_in_it(events):
    """What failed in a TaskGroup is told behind the group, each with the places that it went through."""
    group = ExceptionGroup("two failed", [raised(ValueError("one")), KeyError("never raised")])  # noqa: F821
    ev.emit("x.y", exception=raised(group))

    attributes = events.only().attributes
    assert attributes["exception.type"] == "ExceptionGroup"
    assert attributes["exception.message"] == "two failed (2 sub-exceptions)"
    lines = attributes["exception.stacktrace"].splitlines()
    assert [line for line in lines if line and not line.startswith("  ")] == [
        "Traceback (most recent call last):",
        "ExceptionGroup: two failed (2 sub-exceptions)",
        "Exception 1 of the group:",
        "Traceback (most recent call last):",
        "ValueError: one",
        "Exception 2 of the group:",
        "KeyError: 'never raised'",
    ]
    assert sum("in raised" in line for line in lines) == 2


@needs_groups
def test_groups_within_groups_are_told_within_bounds(events):
    """A group of thousands, or of groups, neither fills the record nor keeps the caller."""
    many = ExceptionGroup("many", [ValueError(number) for number in range(5000)])  # noqa: F821
    nested = many
    for _ in range(50):
        nested = ExceptionGroup("nested", [nested, many])  # noqa: F821
    ev.emit("x.y", exception=nested)

    assert len(stack_of(events)) <= 16 * 1024
    assert "Exception 1.1.2 of the group:" in stack_of(events)
    assert stack_of(events).count("Error: ") < 32


@needs_groups
def test_secrets_in_notes_and_members_are_taken_out(events):
    """They pass the same search as the message does, over several lines too."""
    token = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
    member = ValueError(f"refused with {token}\npassword:\n    hunter2-and-more")
    member.add_note(f"header was Authorization: Bearer {token}")
    ev.emit("x.y", exception=ExceptionGroup("failed", [member]))  # noqa: F821

    assert "ValueError: refused with" in stack_of(events)
    assert token not in stack_of(events)
    assert "hunter2" not in stack_of(events)


@needs_groups
def test_what_is_no_note_is_left_out(events):
    """`__notes__` is the program's to set, to anything."""
    for notes in (None, "text", [1, object()], {"a": 1}):
        error = ValueError("kept")
        error.__notes__ = notes
        ev.emit("x.y", exception=error)

    assert [event.attributes["exception.message"] for event in events] == ["kept"] * 4
