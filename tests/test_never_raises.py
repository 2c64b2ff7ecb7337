"""No event, name or value makes the program fail that tells of it."""

import contextlib
import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider

import otel_events as ev
from otel_events.testing import capture_events
from tests import hostile as hostile_things
from tests.effort import examples
from tests.fresh import fresh  # noqa: F401
from tests.hostile import HOSTILE, Boom
from tests.program import ledger_events, run_program


@dataclasses.dataclass(frozen=True)
class Hidden:
    """A hostile thing by its number: hypothesis would ask it for a hash and a repr."""

    number: int


def reveal(value):
    """Return *value* with the hostile things themselves in it."""
    if type(value) is Hidden:
        return HOSTILE[value.number]
    return {key: reveal(item) for key, item in value.items()} if type(value) is dict else value


hostile = st.integers(0, len(HOSTILE) - 1).map(Hidden)
anything = st.one_of(
    hostile,
    st.recursive(
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.datetimes(), st.uuids()
        ),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner) | st.sets(st.integers())
        ),
        max_leaves=5,
    ),
    st.dictionaries(st.text(), hostile, max_size=3),
)
keywords = st.dictionaries(
    st.sampled_from(
        ["a", "b_", "_", "persona", "task_id", "cycle", "message", "session_id", "class_", "ünïcode", "self"]
    ),
    anything,
    max_size=3,
)
relaxed = settings(
    deadline=None, max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


# -- everywhere -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", range(len(HOSTILE)))
def test_a_hostile_thing_passes_through_every_parameter_of_emit(index):
    """Wherever it stands, the event goes out, and its other attributes with it."""
    thing = HOSTILE[index]
    tracer = TracerProvider().get_tracer("t")
    with capture_events() as events, tracer.start_as_current_span("s") as span:
        ev.emit(thing, good=1)
        ev.emit("x.y", thing, good=1)
        ev.emit("x.y", severity=thing, good=1)
        ev.emit("x.y", timestamp=thing, good=1)
        ev.emit("x.y", exception=thing, good=1)
        ev.emit("x.y", attributes=thing, good=1)
        ev.emit("x.y", thing=thing, good=1)
        ev.emit("x.y", {"thing": thing}, good=1)
        with ev.context(thing=thing):
            ev.emit("x.y", good=1)
        ev.get_emitter(thing, thing, schema_url=thing).emit("x.y", good=1)
        ev.emit("task.completed", thing, task_id=thing, good=1)

        assert (
            len([event for event in events if event.attributes.get("good") == 1 or len(event.attributes) == 128]) == 11
        )
        assert ev.stats().dropped == {}
        assert len([dict(event.attributes) for event in span.events]) == (10 if events[0].name == "" else 11)


@pytest.mark.parametrize("index", range(len(HOSTILE)))
def test_a_hostile_thing_passes_through_every_scope(index):
    """Tasks, phases, cycles and sessions open and close, and the work inside them is done."""
    thing = HOSTILE[index]
    work = []
    with capture_events() as events:
        with ev.cycle(thing, thing=thing), ev.session(thing, thing=thing), ev.phase(thing, thing=thing):
            with ev.task("x", task_id=thing, thing=thing, parent_task_id=thing, persona=thing) as task:
                task.set(thing=thing, duration=thing)
                task.fail(thing, error_type=thing)
                work.append(ev.bound_attributes())
        ev.bind(thing=thing)
        headers = ev.inject({})
        with ev.extract(thing), ev.extract({"baggage": thing, "traceparent": thing}), ev.extract(headers):
            ev.inject(thing)
        carried = ev.carry(lambda: work.append(1))
        carried()
        ev.bind(thing=None)

        assert len(work) == 2
        assert events.names[:2] == ["cycle.start", "session.start"]
        assert events.names[-4] == "task.failed"
        assert events.names[-1:] == ["cycle.end"]
        assert ev.stats().dropped == {}
        assert {"task_failed_to_open", "task_failed_to_close"}.isdisjoint(ev.stats().problems)


@pytest.mark.parametrize("index", range(len(HOSTILE)))
def test_a_task_of_whatever_name(index):
    """A name that is none is told as its text; what cannot be decorated is refused at once, with words."""
    with capture_events() as events, contextlib.suppress(ev.DefinitionError):
        made = ev.task(HOSTILE[index])
        if isinstance(made, ev.Task):
            with made:
                pass
            assert events.names == ["task.started", "task.completed"]


@pytest.mark.parametrize(
    "error", ["hostile", Boom("\udcff"), RecursionError(), MemoryError(), UnicodeDecodeError("a", b"", 0, 1, "x")]
)
def test_whatever_is_raised_travels_on(error):
    """The very same object, though nothing about it can be told."""
    if error == "hostile":
        error = hostile_things.HostileError("x")
    with capture_events() as events:
        caught = None
        try:
            with ev.task("x"):
                raise error
        except Exception as raised:
            caught = raised

        assert caught is error
        assert events.names == ["task.started", "task.failed"]


@relaxed
@given(
    event=anything,
    second=anything,
    severity=anything,
    timestamp=anything,
    exception=anything,
    more=anything,
    fields=keywords,
)
def test_nothing_makes_emit_raise(event, second, severity, timestamp, exception, more, fields):
    """All parameters at once; the event goes out whatever they are."""
    event, second, severity, timestamp = reveal(event), reveal(second), reveal(severity), reveal(timestamp)
    exception, more, fields = reveal(exception), reveal(more), reveal(fields)
    with capture_events() as events:
        ev.emit(event, second, severity=severity, timestamp=timestamp, exception=exception, attributes=more, **fields)

        assert len(events) == 1


@relaxed
@given(name=anything, number=anything, fields=keywords, results=keywords, reason=anything)
def test_nothing_makes_a_scope_raise(name, number, fields, results, reason):
    """Opening, setting, failing, closing, carrying."""
    name, number, fields, results, reason = map(reveal, (name, number, fields, results, reason))
    name = "x" if callable(name) or issubclass(type(name), (classmethod, staticmethod)) else name
    with capture_events() as events:
        with ev.task(name, **fields) as task, ev.context(**fields), ev.cycle(number, **fields):
            task.set(**results)
            ev.emit("x.inside")
            ev.extract(ev.inject({}))
            task.fail(reason)

        assert len(events) == 5


@pytest.mark.slow
def test_hostile_values_do_not_disturb_the_end_of_a_program(tmp_path):
    """Whatever still waits at exit, and whatever is emitted while the interpreter goes down."""
    ran = run_program(
        """
        class Hostile:
            __class__ = property(lambda self: 1 / 0)
            def __str__(self): raise RuntimeError
            __repr__ = __hash__ = __eq__ = __bool__ = __str__
        class Last:
            def __del__(self): ev.emit("x.last", thing=Hostile())
        import atexit, logging
        kept = Last()
        logging.getLogger("otel_events").setLevel(logging.CRITICAL)
        ev.configure(ledger="events.jsonl")
        atexit.register(lambda: ev.emit("x.exit", thing=Hostile()))
        with ev.task("x", thing=Hostile()) as task:
            task.set(thing=Hostile())
            for _ in range(100):
                ev.emit(Hostile(), Hostile(), severity=Hostile(), timestamp=Hostile(), exception=Hostile(), a=Hostile())
        """,
        tmp_path,
    )

    assert (ran.code, ran.err) == (0, "")


_HUGE = 100 << 20


@pytest.mark.room
@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("durability", ["async", "journal"])
@pytest.mark.parametrize("giant", ["x" * _HUGE, b"\xff" * _HUGE, ["x" * 1000] * 100_000], ids=["text", "data", "list"])
def test_a_giant_takes_no_room_from_others(tmp_path, giant, durability):
    """Events of a hundred megabytes arrive cut, and all that is emitted beside them arrives too."""
    ledger = tmp_path / "l.jsonl"
    ev.configure(ledger=str(ledger), durability=durability, flush_interval=1.0)
    for _ in range(3):
        ev.emit("seed.planted", value=giant)
        ev.emit("seed.planted", giant if isinstance(giant, str) else "short")
        ev.emit("seed.grown")
    assert ev.flush(20)

    names = [event["event"] for event in ledger_events(ledger)]
    assert (names.count("seed.planted"), names.count("seed.grown")) == (6, 3)
    assert ledger.stat().st_size < 4 << 20
