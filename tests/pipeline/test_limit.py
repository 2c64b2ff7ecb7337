"""How large an event may be, and what shows when it was larger."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_events.accounting import Accounts, Tally
from otel_events.event import Event
from otel_events.pipeline.limit import Limit, LimitSettings, limit_attributes
from tests.effort import examples

KIB = 1024


def limited(event, **settings):
    """Return the event after the stage, and what the stage counted."""
    accounts = Accounts()
    (after,) = Limit(LimitSettings(**settings), accounts)([event])
    return after, accounts.cut.counts()


def make(attributes=None, bound=None, body=None):
    return Event("thing.happened", 1, 1, attributes=attributes or {}, bound=bound or {}, body=body)


def test_an_ordinary_event_passes_untouched():
    """What is within the limits is not even copied."""
    attributes, bound = {"a": 1, "b": ["x", {"y": b"z"}]}, {"task_id": "t-1"}

    event, cut = limited(make(attributes, bound, body="Thing happened"))

    assert (event.attributes is attributes, event.bound is bound, event.dropped_attributes, cut) == (True, True, 0, {})


def test_a_long_value_arrives_cut_and_marked():
    """A value over the limit is shortened to it, ends in a mark, and is counted; nested ones too."""
    attributes = {"text": "x" * 50, "ok": "y" * 10, "deep": ["z" * 50, {"k": "w" * 50}], "data": b"d" * 50, "n": 10**15}

    event, cut = limited(make(attributes, {"persona": "p" * 50}), attribute_value_length_limit=10)

    assert event.all_attributes() == {
        "text": "xxxxxxxxx…",
        "ok": "yyyyyyyyyy",
        "deep": ["zzzzzzzzz…", {"k": "wwwwwwwww…"}],
        "data": b"d" * 7 + "…".encode(),
        "n": 10**15,
        "persona": "ppppppppp…",
    }
    assert cut == {"value_length": 4}


def test_attributes_beyond_the_count_are_dropped_and_counted():
    """The event's own come first, the bound ones have what is left, correlation stays."""
    own = {f"own{n}": n for n in range(3)}
    bound = {"build": 1, "zone": 2, "task_id": "t-1", "persona": "thesis"}

    event, cut = limited(make(own, bound), attribute_count_limit=6)

    assert event.attributes == own
    assert event.bound == {"build": 1, "task_id": "t-1", "persona": "thesis"}
    assert (event.dropped_attributes, cut) == (1, {"attributes": 1})


def test_correlation_attributes_stay_even_beyond_the_count():
    """An event that cannot be found again would be worth nothing."""
    own = {"a": 1, "task_id": "t-2", "b": 2}
    bound = {"session_id": "s", "cycle": 1, "zone": 2}

    event, cut = limited(make(own, bound), attribute_count_limit=1)

    assert event.all_attributes() == {"task_id": "t-2", "session_id": "s", "cycle": 1}
    assert (event.dropped_attributes, cut) == (3, {"attributes": 3})


def test_no_limit_means_none():
    """None switches a limit off."""
    attributes = {f"k{n}": "x" * KIB for n in range(500)}

    event, cut = limited(
        make(attributes, body="y" * 500 * KIB), attribute_count_limit=None, max_event_bytes=None, max_body_length=None
    )

    assert (len(event.attributes), len(event.body), cut) == (500, 500 * KIB, {})


def test_the_body_has_its_own_length():
    """A message is a display string: 64 Ki characters are kept."""
    event, cut = limited(make(body="é" * 100 * KIB))

    assert (len(event.body), event.body[-2:], cut) == (64 * KIB, "é…", {"body": 1})


def test_a_body_that_is_no_string_is_bounded_by_bytes():
    """Bridges bring bodies of any kind."""
    event, cut = limited(make(body={"a": "x" * 1_000, "b": 1}), max_body_length=200)

    assert event.body["b"] == 1
    assert 100 < len(event.body["a"]) < 200
    assert event.body["a"].endswith("x…")
    assert cut == {"body": 1}


def test_of_an_event_too_large_the_largest_values_are_cut_first():
    """A small fact is not lost to a large neighbour."""
    attributes = {"page": "p" * 900 * KIB, "summary": "s" * 50 * KIB, "score": 0.5, "raw": b"r" * 900 * KIB}

    event, cut = limited(make(attributes, {"task_id": "t-1"}, body="Page read"))

    assert {key: event.attributes[key] for key in ("summary", "score")} == {"summary": "s" * 50 * KIB, "score": 0.5}
    assert event.attributes["page"].endswith("p…")
    assert event.attributes["raw"].endswith("r…".encode())
    assert abs(len(event.attributes["page"]) - len(event.attributes["raw"])) <= 2
    assert record_size(event) <= 256 * KIB
    assert (event.body, event.dropped_attributes, cut) == ("Page read", 0, {"event_bytes": 2})


def test_inside_containers_the_same_holds():
    """The large leaves are cut, the shape stays; where items go, the rest says how many."""
    attributes = {"doc": {"title": "T", "pages": ["x" * 9_000, "short"], "ids": list(range(1_000))}}

    event, _ = limited(make(attributes), max_event_bytes=9 * KIB)

    doc = event.attributes["doc"]
    assert (doc["title"], doc["pages"][1], doc["pages"][0][-2:]) == ("T", "short", "x…")
    assert doc["ids"][:3] == [0, 1, 2]
    assert doc["ids"][-1] == f"… {1_000 - len(doc['ids']) + 1} more"


def test_of_too_many_attributes_the_later_ones_are_dropped():
    """With no limit of their count the size still holds."""
    attributes = {f"key{n:05}": n for n in range(10_000)} | {"task_id": "t-9"}

    event, cut = limited(make(attributes), attribute_count_limit=None, max_event_bytes=4 * KIB)

    assert list(event.attributes)[:2] == ["key00000", "key00001"]
    assert event.attributes["task_id"] == "t-9"
    assert len(event.attributes) + event.dropped_attributes == 10_001
    assert cut == {"attributes": event.dropped_attributes}
    assert record_size(event) <= 4 * KIB


def test_shared_bound_attributes_are_replaced_not_changed():
    """Other holders of the mapping see it as it was; events that share it go on sharing."""
    bound = {"task_id": "t-1", "context": "c" * 900 * KIB}
    events = [make({"n": n}, bound) for n in range(3)]
    accounts = Accounts()

    after = Limit(LimitSettings(), accounts)(events)

    assert len(bound["context"]) == 900 * KIB
    assert len({id(event.bound) for event in after}) == 1
    assert 100 * KIB < len(after[0].bound["context"]) < 128 * KIB
    assert after[0].bound["task_id"] == "t-1"
    assert accounts.cut.counts() == {"event_bytes": 1}


def test_whatever_is_bound_an_event_keeps_room_for_its_own():
    """Bound attributes take half of an event at most."""
    event, _ = limited(make({"own": "o" * 100 * KIB}, {"b": "b" * 900 * KIB}))

    assert event.attributes["own"] == "o" * 100 * KIB


@pytest.mark.parametrize("size", [0, 1, 100, 1_500])
def test_an_absurdly_small_event_size_loses_attributes_but_not_the_event(size):
    """Correlation survives any setting."""
    event, _ = limited(make({"a": "x" * 500, "l": [1] * 500}, {"task_id": "t"}, body="b" * 500), max_event_bytes=size)

    assert event.bound.keys() == {"task_id"}
    assert len(event.all_attributes()) + event.dropped_attributes == 3


def test_attributes_of_spans_have_the_same_limits():
    """The limits serve whatever has attributes, and change nothing that they are given."""
    attributes = {"a": "x" * 50, "b": 1, "task_id": "t"}
    cut = Tally()

    limits = LimitSettings(attribute_count_limit=2, attribute_value_length_limit=5)

    assert limit_attributes(attributes, limits, cut) == ({"a": "xxxx…", "task_id": "t"}, 1)
    assert limit_attributes(attributes, LimitSettings()) == (attributes, 0)
    assert limit_attributes(attributes, LimitSettings(max_event_bytes=60))[0]["task_id"] == "t"
    assert attributes == {"a": "x" * 50, "b": 1, "task_id": "t"}
    assert cut.counts() == {"value_length": 1}


def to_any(value):
    """The official OTLP classes are the judge of what a value takes on the wire."""
    if value is None:
        return AnyValue()
    if type(value) is list:
        return AnyValue(array_value=ArrayValue(values=map(to_any, value)))
    if type(value) is dict:
        return AnyValue(kvlist_value=KeyValueList(values=to_pairs(value)))
    field = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value", bytes: "bytes_value"}
    return AnyValue(**{field[type(value)]: value})


def to_pairs(mapping):
    return [KeyValue(key=key, value=to_any(value)) for key, value in mapping.items()]


def record_size(event):
    record = LogRecord(body=to_any(event.body), attributes=to_pairs(event.all_attributes()), event_name=event.name)
    return record.ByteSize()


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=400)
    | st.binary(max_size=400)
    | st.integers(0, 20_000).map(lambda n: "é" * n),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text("kéy", max_size=20), inner, max_size=20),
    max_leaves=30,
)
attribute_maps = st.dictionaries(st.sampled_from([f"key{n}" for n in range(50)]) | st.just("task_id"), values)


@settings(deadline=None, max_examples=examples(80))
@given(attribute_maps, attribute_maps, values, st.integers(2, 32))
def test_no_event_is_larger_on_the_wire_than_its_limit(attributes, bound, body, kibibytes):
    """Measured with the official OTLP classes; correlation stays, and what went is counted."""
    event = make(attributes, bound, body)
    count, correlated = len(attributes) + len(bound), {"task_id"} & (attributes.keys() | bound.keys())

    after, cut = limited(event, max_event_bytes=kibibytes * KIB, attribute_count_limit=None)

    assert record_size(after) <= kibibytes * KIB
    assert len(after.attributes) + len(after.bound) + after.dropped_attributes == count
    assert cut.get("attributes", 0) == after.dropped_attributes
    assert correlated <= after.all_attributes().keys()


@settings(deadline=None, max_examples=examples(100))
@given(attribute_maps, st.integers(1, 30), st.integers(0, 10))
def test_what_was_limited_once_is_within_the_limits(attributes, length, count):
    """A second pass finds nothing to do."""
    limits = LimitSettings(attribute_count_limit=count, attribute_value_length_limit=length, max_event_bytes=4 * KIB)
    once, _ = limit_attributes(attributes, limits)

    twice, dropped = limit_attributes(once, limits)

    assert (repr(twice), dropped) == (repr(once), 0)
