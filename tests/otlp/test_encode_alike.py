"""Events with the same attribute keys, which are encoded together: their bytes are those that each has alone."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_events.event import UID_ATTRIBUTE, Event
from otel_events.otel_logs import record_of
from otel_events.otlp.encode import EncodeError, LogEncoder
from tests.otlp.test_encode_logs import BROKEN, ordinary, parse, request, scalars, thorough, values

look_alike = st.sampled_from([0, 1, True, False, 0.0, -0.0, 1.0, "1", b"1", None, math.inf, 128, -1])
of_one_kind = st.sampled_from(
    [st.text(max_size=9), st.floats(), st.integers(-(2**63), 2**63 - 1), st.booleans(), look_alike, scalars, values]
)


@st.composite
def alike(draw):
    """Draw events with the same keys, for each of which the values are of one kind, or of many."""
    keys = draw(st.lists(st.text(max_size=3).map("own.{}".format), max_size=4, unique=True))
    kinds = [draw(of_one_kind) for _ in keys]
    bounds = [{}, draw(st.dictionaries(st.text(max_size=3).map("bound.{}".format), scalars, max_size=2))]
    bodies = [None, "said", draw(values)]
    return [
        ordinary(
            uid=f"u-{number}",
            attributes={key: draw(kind) for key, kind in zip(keys, kinds, strict=True)},
            bound=draw(st.sampled_from(bounds)),
            body=draw(st.sampled_from(bodies)),
            severity=draw(st.sampled_from([0, 9, 17])),
            trace_flags=draw(st.sampled_from([0, 1])),
        )
        for number in range(draw(st.integers(4, 6)))
    ]


@thorough
@given(batch=alike())
def test_events_with_the_same_keys_are_encoded_as_the_official_classes_do(batch):
    """Whatever values stand under one key, one after the other, and whatever an encoder has learnt of them before."""
    encoder = LogEncoder({"service.name": "test"})
    expected = request({"service.name": "test"}, "", batch).SerializeToString(deterministic=True)

    assert [encoder.encode(batch), encoder.encode(batch)] == [expected] * 2


def record_protos(encoded):
    return [
        record for group in parse(encoded).resource_logs for scope in group.scope_logs for record in scope.log_records
    ]


def records(encoded):
    return [record.SerializeToString(deterministic=True) for record in record_protos(encoded)]


COMPANY = {
    "keys in another order": {"attributes": {"quality": 1.0, "source": "a", "step": 1, "accepted": True}},
    "other keys": {"attributes": {"a": 1}},
    "no keys": {"attributes": {}},
    "a session": {"attributes": {"session_id": "s-1"}},
    "a session of OpenTelemetry's": {"attributes": {"session_id": "s-1", "session.id": "s-2"}},
    "a bound session": {"bound": {"session_id": "s-1"}},
    "a session beside a bound one": {"attributes": {"session.id": "s-2"}, "bound": {"session_id": "s-1"}},
    "a uid of its own": {"attributes": {UID_ATTRIBUTE: "theirs", "a": 1}},
    "a bound uid": {"bound": {UID_ATTRIBUTE: "theirs"}},
    "no uid": {"uid": ""},
    "no time": {"timestamp": 0},
    "nobody saw it": {"observed_timestamp": 0},
    "another trace": {"trace_id": 7, "span_id": 8, "trace_flags": 0},
    "a severity": {"severity": 17, "severity_text": "critical"},
    "another name": {"name": "other"},
    "a message in parts": {"body": {"a": ["b"]}},
    "no message": {"body": None},
    "a count": {"dropped_attributes": 3},
}


@pytest.mark.parametrize("changes", COMPANY.values(), ids=COMPANY.keys())
def test_an_event_has_the_same_record_in_company_as_alone(changes):
    """Five events of a kind amid five others, taking turns."""
    batch = [ordinary(**{"uid": f"u-{n}", **(changes if n % 2 else {})}) for n in range(10)]

    together = records(LogEncoder({}).encode(batch))

    assert together == [record for event in batch for record in records(LogEncoder({}).encode([event]))]


@pytest.mark.parametrize(("own", "bound"), [("session.id", "session_id"), ("session_id", "session.id")])
@pytest.mark.parametrize("count", [1, 8])
def test_a_session_of_its_own_and_a_bound_one_stand_once(own, bound, count):
    """What goes out as `session.id` beside a `session_id` takes no place that is taken."""
    batch = [ordinary(uid=f"u-{n}", attributes={own: "s-1"}, bound={bound: "s-2"}) for n in range(count)]

    expected = {own: "s-1", bound: "s-2", UID_ATTRIBUTE: "u-0"}
    said = [(one.key, one.value.string_value) for one in record_protos(LogEncoder({}).encode(batch))[0].attributes]
    assert said == list(expected.items())
    assert {key: record_of(batch[0]).attributes[key] for key in expected} == expected


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_event_among_many_is_left_out_alone(changes):
    """An event that OTLP cannot carry is told of once; the many around it that have the same keys arrive."""
    told = []
    keys = {"broken": 1} if "attributes" in changes else ordinary().attributes
    good = [ordinary(uid=f"u-{n}", attributes=dict.fromkeys(keys, n)) for n in range(8)]

    encoded = LogEncoder({}, on_unencodable=told.append).encode([*good[:4], ordinary(**changes), *good[4:]])

    assert encoded == request({}, "", good).SerializeToString(deterministic=True)
    assert [type(problem) for problem in told] == [EncodeError]


class Unhashable(str):
    """A key that a hook has put there, after it was hashed for the last time without harm."""

    is_hashed = False
    __slots__ = ()

    def __hash__(self):
        if Unhashable.is_hashed:
            raise TypeError("no hash")
        return super().__hash__()


def test_a_key_that_cannot_be_hashed_costs_no_event_that_lacks_it(monkeypatch):
    """Its own event is left out; those around it arrive."""
    good = [ordinary(uid=f"u-{n}") for n in range(5)]
    bad = ordinary(attributes={Unhashable("key"): 1})
    monkeypatch.setattr(Unhashable, "is_hashed", True)

    encoded = LogEncoder({}).encode([*good, bad])

    assert encoded == request({}, "", good).SerializeToString(deterministic=True)


def test_values_of_one_event_do_not_show_on_another():
    """What is remembered by length and key holds no value: thousands of lengths of the same keys are written right."""
    encoder = LogEncoder({})
    batch = [Event("a.b", n + 1, n + 1, uid=str(n), attributes={"text": "x" * n, "n": 1 << n % 63}) for n in range(600)]

    assert [encoder.encode(batch) for _ in "ab"] == [request({}, "", batch).SerializeToString(deterministic=True)] * 2


def test_numbers_of_every_length_are_written_right():
    """Where a number takes a byte more than the one before it, and at the ends of what OTLP can carry."""
    edges = {sign * (1 << bits) + by for bits in range(64) for by in (-1, 0, 1) for sign in (1, -1)}
    numbers = sorted(number for number in edges if -(2**63) <= number < 2**63)
    batch = [Event("a.b", n + 1, n + 1, uid=str(n), attributes={"n": number}) for n, number in enumerate(numbers)]

    encoded = LogEncoder({}).encode(batch)

    assert encoded == request({}, "", batch).SerializeToString(deterministic=True)
