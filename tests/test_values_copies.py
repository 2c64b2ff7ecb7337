"""A frozen value is detached, and one that every encoder takes."""

import collections
import math
import types

import numpy as np
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_events.values import DEFAULT_BOUNDS, Bounds, estimate, freeze
from tests.effort import examples
from tests.odd_values import (
    HOSTILE,
    INT_MAX,
    INT_MIN,
    Color,
    Level,
    Liar,
    Plain,
    Point,
    Source,
    Told,
    Word,
    count_nodes,
    keys,
    texts,
)


def test_the_copy_is_detached():
    """What the program changes afterwards does not change the event."""
    source = {
        "l": [1, [2]],
        "d": {"x": {"y": 1}},
        "a": np.array([1]),
        "b": bytearray(b"x"),
        "s": Source("a", 1.0, ["t"]),
    }
    frozen = freeze(source)
    before = repr(frozen)

    source["l"][1].append(3)
    source["l"].append(4)
    source["d"]["x"]["y"] = 2
    source["a"][0] = 9
    source["b"][0] = 0
    source["s"].tags.append("u")

    assert repr(frozen) == before


def test_the_source_is_left_as_it_was():
    """Nothing is changed in the program's own objects."""
    inner = types.SimpleNamespace(data={"k": (1, 2)})
    source = {"a": [Color.RED, {1}], 2: inner, "big": list(range(5_000))}

    freeze(source)

    assert source == {"a": [Color.RED, {1}], 2: inner, "big": list(range(5_000))}
    assert inner.data == {"k": (1, 2)}


def is_value(value):
    if type(value) is list:
        return all(map(is_value, value))
    if type(value) is dict:
        return all(type(key) is str and is_value(key) for key in value) and all(map(is_value, value.values()))
    if type(value) is str:
        return value.encode() is not None
    if type(value) is int:
        return INT_MIN <= value <= INT_MAX
    return type(value) in (float, bool, bytes, type(None))


scalars = (
    st.none() | st.booleans() | st.integers() | st.integers(min_value=2**2000) | st.floats() | texts | st.binary()
    | st.datetimes() | st.dates() | st.times() | st.timedeltas() | st.uuids() | st.decimals() | st.fractions()
    | st.complex_numbers() | st.sampled_from([*Color, *Level, *Word, Plain, len, math, ..., Told(), Plain()])
    | st.builds(bytearray, st.binary()) | st.builds(np.float32, st.floats(width=32))
    | st.builds(lambda name: HOSTILE[name](), st.sampled_from(sorted(HOSTILE.keys() - {"BadMeta"})))  # which hypothesis cannot stand
)  # fmt: skip


def containers(inner):
    return (
        st.lists(inner, max_size=8)
        | st.dictionaries(keys, inner, max_size=8)
        | st.lists(inner, max_size=3).map(tuple)
        | st.lists(inner, max_size=3).map(collections.deque)
        | st.frozensets(keys, max_size=3)
        | st.builds(Point, inner, inner)
        | st.builds(Source, inner, inner)
        | st.builds(lambda item: types.SimpleNamespace(it=item), inner)
        | st.builds(ValueError, inner)
        | st.lists(inner, max_size=4).map(Liar)
    )


anything = st.recursive(scalars, containers, max_leaves=30)


small_bounds = st.builds(
    Bounds,
    depth=st.integers(1, 4),
    items=st.integers(1, 5),
    nodes=st.integers(1, 20),
    text=st.integers(1, 20),
    size=st.integers(1, 50),
)


@settings(deadline=None, max_examples=examples(300))
@given(anything, st.just(DEFAULT_BOUNDS) | small_bounds)
def test_freeze_makes_of_anything_a_value_that_every_encoder_takes(value, bounds):
    """Whatever is thrown at it: OTLP's types only, 64-bit integers, encodable text, within the bounds."""
    frozen = freeze(value, bounds=bounds)

    assert is_value(frozen)
    assert count_nodes(frozen) <= bounds.nodes
    assert estimate(frozen) > 0
    orjson.dumps(frozen, default=bytes.hex)


@settings(deadline=None, max_examples=examples(300))
@given(anything, st.just(DEFAULT_BOUNDS) | small_bounds)
def test_freezing_a_frozen_value_changes_nothing(value, bounds):
    """What was cut once is within the bounds, its mark included."""
    frozen = freeze(value, bounds=bounds)

    assert repr(freeze(frozen, bounds=bounds)) == repr(frozen)
