"""What becomes of one call of emit."""

import dataclasses
import enum
import os
import pathlib
import subprocess
import sys
import uuid
from datetime import datetime, timezone

import pytest
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, attach, detach, set_value

import otel_events as ev
from otel_events import runtime
from otel_events.testing import capture_events


class Sense(enum.Enum):
    PROJECT = "sense.project"
    SEED_GERMINATED = 7


# -- name, attributes, message ---------------------------------------------------------------------------------------


def test_an_event_carries_its_name_its_keywords_and_what_is_bound(events):
    """Own attributes come first, then the bound ones; the definition's message is the body."""
    with ev.context(persona="thesis"):
        ev.emit("evidence.added", source="paper.pdf", quality=0.82)

    event = events.only()
    assert (event.name, event.message, event.severity) == ("evidence.added", "Evidence added", ev.Severity.INFO)
    assert list(event.attributes.items()) == [("source", "paper.pdf"), ("quality", 0.82), ("persona", "thesis")]


def test_a_mapping_is_as_good_as_keywords(events):
    """The second argument and `attributes` may be mappings, and keywords win over both."""
    ev.emit("x.y", {"a": 1, "b": 1, "c": 1}, attributes={"b": 2, "c": 2}, c=3)

    assert events.only().attributes == {"a": 1, "b": 2, "c": 3}


def test_a_trailing_underscore_is_dropped_from_a_keyword_and_kept_in_a_mapping(events):
    """`from_` and `pass_` are `from` and `pass`; only one underscore goes, and a mapping's keys are meant as they are."""
    ev.emit("x.y", {"key_": 0}, from_=1, pass_=2, a__=3, _=4)

    assert events.only().attributes == {"key_": 0, "from": 1, "pass": 2, "a_": 3, "_": 4}


def test_none_takes_a_bound_attribute_away_for_this_event(events):
    """By keyword or by mapping, whether a scope or the process has bound it."""
    ev.bind(env_id=3)
    with ev.context(persona="thesis"):
        ev.emit("x.y", persona=None)
        ev.emit("x.y", {"env_id": None})
        ev.emit("x.y", {"a": 1}, a=None)

    assert [event.attributes for event in events] == [
        {"env_id": 3},
        {"persona": "thesis"},
        {"persona": "thesis", "env_id": 3},
    ]


def test_own_attributes_win_over_bound_ones(events):
    """What is nearer to the call is more to the point."""
    ev.bind(persona="nobody")
    with ev.context(persona="thesis", cycle=1):
        ev.emit("x.y", persona="antithesis")

    assert events.only().attributes == {"persona": "antithesis", "cycle": 1}


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        (("evidence.added",), {}, "Evidence added"),
        (("evidence.added", "Found one"), {}, "Found one"),
        (("evidence.added", "Found one"), {"message": "no"}, "Found one"),
        (("evidence.added",), {"message": "By keyword"}, "By keyword"),
        (("evidence.added", {"message": "By mapping"}), {}, "By mapping"),
        (("evidence.added",), {"message": 42}, "Evidence added"),
        (("x.y",), {}, None),
        (("x.y", 42), {}, "42"),
    ],
)
def test_the_body_is_the_calls_message_else_the_attribute_else_the_definitions(events, arguments, keywords, message):
    """In this order; an attribute `message` counts if it is a string, and stays an attribute."""
    ev.emit(*arguments, **keywords)

    assert events.only().message == message


def test_an_alias_means_the_canonical_event(events):
    """Old names go out under the name of today."""
    ev.emit("evidence_added", source="a")

    assert events.names == ["evidence.added"]


@pytest.mark.parametrize(
    ("member", "name"), [(Sense.PROJECT, "sense.project"), (Sense.SEED_GERMINATED, "seed.germinated")]
)
def test_an_enum_member_names_an_event(events, member, name):
    """By its value if that is a name, else by its own name, aliases included."""
    ev.emit(member, env_id=1)

    assert events.names == [name]


def test_a_typed_event_brings_its_attributes(events):
    """Keywords add to them; `from_` in the class is `from`; None is not sent."""

    @ev.define("parcel.sent", brief="A parcel left.", message="Parcel sent")
    class ParcelSent:
        from_: str
        weight: float
        note: str | None = None

    ev.emit(ParcelSent(from_="Basel", weight=1.5), env_id=3)

    event = events.only("parcel.sent", message="Parcel sent")
    assert event.attributes == {"from": "Basel", "weight": 1.5, "env_id": 3}


def test_what_changes_after_the_call_does_not_show(events):
    """Lists, dicts and objects are taken as they were at the call."""

    @dataclasses.dataclass
    class Draft:
        words: int

    items, nested, draft = [1], {"a": {"b": 1}}, Draft(words=1)
    ev.emit("x.y", {"inner": nested}, items=items, draft=draft)
    items.append(2)
    nested["a"]["b"] = 2
    draft.words = 2

    assert events.only().attributes == {"inner": {"a": {"b": 1}}, "items": [1], "draft": {"words": 1}}


def test_values_of_every_kind_arrive_as_what_otlp_can_carry(events):
    """Numbers stay numbers; what has no counterpart becomes its text."""
    key = uuid.UUID(int=5)
    ev.emit("x.y", a=True, b=2**70, c=key, d=b"raw", e=Sense.PROJECT, f=pathlib.PurePosixPath("/a"), g=(1, "b"))

    assert events.only().attributes == {
        **{"a": True, "b": str(2**70), "c": str(key), "d": b"raw"},
        **{"e": "sense.project", "f": "/a", "g": [1, "b"]},
    }


# -- severity, time, exception ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "severity"),
    [
        *((word, ev.Severity.WARN) for word in ("warning", "warn", "WARN", "Warning", 13, "13", ev.Severity.WARN)),
        ("critical", ev.Severity.FATAL),
        ("fatal", ev.Severity.FATAL),
        ("error2", ev.Severity.ERROR2),
        (None, ev.Severity.INFO),
        ("shrill", ev.Severity.INFO),
        (99, ev.Severity.INFO),
        (True, ev.Severity.INFO),
        ([], ev.Severity.INFO),
    ],
)
def test_severity_is_told_by_number_name_or_logging_word(events, given, severity):
    """What is no severity counts as unsaid."""
    ev.emit("x.y", severity=given)

    assert events.only().severity is severity


def test_the_definitions_severity_holds_where_the_call_says_none(events):
    """A failed task is an error without a word."""
    ev.emit("task.failed")
    ev.emit("task.failed", severity="warn")

    assert [event.severity for event in events] == [ev.Severity.ERROR, ev.Severity.WARN]


@pytest.mark.parametrize(
    "given",
    [
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
        1767323045.0,
        1767323045_000_000_000,
        "2026-01-02T03:04:05Z",
        "2026-01-02T04:04:05+01:00",
    ],
)
def test_a_timestamp_is_a_datetime_seconds_nanoseconds_or_iso_text(events, given):
    """All of them mean the same instant."""
    ev.emit("x.y", timestamp=given)

    assert events.only().timestamp == 1767323045_000_000_000


@pytest.mark.parametrize("given", ["tomorrow", True])
def test_what_is_no_timestamp_counts_as_unsaid(events, given):
    """The event happened now, and the mistake is counted."""
    ev.emit("x.y", timestamp=given)

    assert abs(events.only().timestamp - datetime.now(timezone.utc).timestamp() * 1e9) < 60e9
    assert ev.stats().problems == {"bad_timestamp": 1}


@pytest.mark.parametrize("how", ["object", "true", "tuple"])
def test_an_exception_is_told_with_type_message_and_stack(events, how):
    """Given itself, as True inside `except`, or as `sys.exc_info()` gives it; with what it came from."""
    try:
        try:
            int("seven")
        except ValueError as cause:
            raise KeyError("lost") from cause
    except KeyError as error:
        given = {"object": error, "true": True, "tuple": sys.exc_info()}[how]
        ev.emit("x.y", exception=given)

    attributes = events.only().attributes
    assert (attributes["exception.type"], attributes["exception.message"]) == ("KeyError", "'lost'")
    lines = attributes["exception.stacktrace"].splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "ValueError: invalid literal for int() with base 10: 'seven'" in lines
    assert "The above exception was the direct cause of the following exception:" in lines
    assert lines[-2:] == ['    raise KeyError("lost") from cause', "KeyError: 'lost'"]


def test_a_deep_stack_keeps_its_innermost_part(events):
    """A recursion error does not fill the record, and where it was raised is still told."""

    def sink(depth):
        return sink(depth + 1) if depth < 300 else 1 / 0

    try:
        sink(0)
    except ZeroDivisionError:
        ev.emit("x.y", exception=True)

    stack = events.only().attributes["exception.stacktrace"]
    assert len(stack) <= 16 * 1024
    assert stack.endswith("ZeroDivisionError: division by zero")


def test_an_event_keeps_nothing_of_the_exceptions_frames_alive():
    """The locals of a failed function are free once the program lets go of them."""
    import gc
    import weakref

    class Tensor:
        pass

    def fail():
        tensor = Tensor()
        watched.append(weakref.ref(tensor))
        raise ValueError

    watched = []
    with capture_events():
        try:
            fail()
        except ValueError as error:
            ev.emit("x.y", exception=error)
        gc.collect()

        assert watched[0]() is None


def test_without_an_exception_in_hand_true_is_nothing(events):
    """`exception=True` outside `except` is no mistake; what is no exception is one, and counted."""
    ev.emit("x.y", exception=True)
    ev.emit("x.y", exception="boom")

    assert [event.attributes for event in events] == [{}, {}]
    assert ev.stats().problems == {"bad_exception": 1}


# -- who emits, how much, where not ----------------------------------------------------------------------------------


def test_a_librarys_emitter_puts_its_scope_on_its_events(events):
    """And on no other event."""
    ev.get_emitter("my.library", "1.2").emit("x.y")
    ev.emit("x.y")

    assert [event.scope for event in events] == ["my.library", "otel_events"]


def test_nothing_is_emitted_where_instrumentation_is_suppressed(events):
    """What the telemetry itself does is not told as telemetry; it is counted."""
    token = attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
    ev.emit("x.y")
    detach(token)
    ev.emit("x.z")

    assert events.names == ["x.z"]
    assert ev.stats().dropped == {"suppressed": 1}


def test_a_large_value_takes_the_room_of_many_events():
    """The queue is bounded in bytes: three texts of 300 KB leave no room for a fourth in a megabyte, but for a small one."""
    capture = runtime.Capture(max_bytes=1024 * 1024)
    before, runtime.capture = runtime.capture, capture
    capture.started = True
    try:
        for large in ({"text": "x" * 300_000}, {"data": b"x" * 300_000}, {"items": ["x" * 300_000]}):
            ev.emit("x.y", large)
        ev.emit("x.y", "m" * 300_000)
        ev.emit("x.y")
    finally:
        runtime.capture = before

    assert capture.accounts.dropped.counts() == {"queue_full": 1}
    assert len(capture.items) == 4


def test_strict_mode_raises_on_unknown_names_and_wrong_types():
    """For tests: what production counts, they see at the call, and so do tasks."""
    with capture_events(strict=True) as events:
        with pytest.raises(ev.StrictModeError, match=r"event 'evidence\.addded' is not in the catalogue"):
            ev.emit("evidence.addded")
        with pytest.raises(ev.StrictModeError, match="'quality' has type 'string', and should have 'double'"):
            ev.emit("evidence.added", quality="high")
        with pytest.raises(ev.StrictModeError, match="'quality'"), ev.task("draft") as task:
            task.set(quality="high")
        ev.emit("evidence.added", quality=1)
        assert ev.bound_attributes() == {}

    assert events.names == ["task.started", "evidence.added"]


def test_without_strict_mode_departures_are_counted(events):
    """The event goes on as it is."""
    ev.emit("no.such.event")
    ev.emit("evidence.added", quality="high")

    assert events.names == ["no.such.event", "evidence.added"]
    assert ev.stats().unknown_names == {"no.such.event": 1}
    assert ev.stats().problems == {"departs_from_definition": 1}


def test_what_is_required_may_be_bound(events):
    """An attribute that a scope brings is not missing."""

    @ev.define("page.turned")
    class PageTurned:
        book: str

    with ev.context(book="Faust"):
        ev.emit("page.turned")

    assert events.only().attributes == {"book": "Faust"}
    assert ev.stats().problems == {}


@pytest.mark.parametrize("name", ["", None])
def test_an_event_without_a_name_is_counted_and_told(events, caplog, name):
    """It goes on with what text it has, and the program hears of it."""
    ev.emit(name)
    ev.flush()

    assert ev.stats().problems == {"bad_name": 1}
    assert "whose name is empty or no text" in caplog.text


@pytest.mark.slow
def test_a_warning_on_a_bare_terminal_says_whose_it_is(tmp_path):
    """Without a log handler Python prints the message alone; it names the accepted words."""
    told = subprocess.run(
        [sys.executable, "-c", "import otel_events as ev; ev.emit('x.y', severity='loud')"],
        env={**os.environ, "OTEL_EVENTS_LEDGER_PATH": str(tmp_path / "ledger.jsonl")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stderr

    assert told.startswith(
        "otel_events: event 'x.y': 'loud' is no severity; say trace, debug, info, warn, error, fatal"
    )
