"""How much of a value is kept."""

import types

from otel_events.values import DEFAULT_BOUNDS, Bounds, cut_text, estimate, freeze
from tests.odd_values import count_nodes


def test_cycles_end_in_a_mark():
    """A list inside itself, a map through an object: told once, followed never."""
    items = [1]
    items.append(items)
    namespace = types.SimpleNamespace()
    namespace.me = {"again": namespace}

    assert freeze([items, namespace]) == [[1, "<cycle>"], {"me": {"again": "<cycle>"}}]


def test_the_same_object_twice_is_no_cycle():
    """Only what contains itself is one."""
    shared = [1]

    assert freeze([shared, shared]) == [[1], [1]]


def test_depth_ends_in_a_mark():
    """Eight containers inside each other are kept, a ten-thousandth is not even looked at."""
    deep = "bottom"
    for _ in range(10_000):
        deep = [deep]
    cuts = []

    assert freeze(deep, on_cut=cuts.append) == [[[[[[[["<too deep>"]]]]]]]]
    assert cuts == ["depth"]


def test_many_items_end_in_a_mark_that_says_how_many_more():
    """A long list or map shows its beginning and what is missing."""
    bounds = Bounds(items=3)
    cuts = []

    frozen = freeze(
        {"l": list(range(10)), "d": dict.fromkeys("abcde"), "s": set("a")}, bounds=bounds, on_cut=cuts.append
    )

    assert frozen == {"l": [0, 1, "… 8 more"], "d": {"a": None, "b": None, "…": "3 more"}, "s": ["a"]}
    assert cuts == ["items", "items"]


def test_items_of_all_containers_together_are_bounded():
    """What multiplies itself by sharing ends too."""
    value = ["x"] * 10
    for _ in range(7):
        value = [value] * 10

    frozen = freeze(value)

    assert count_nodes(frozen) <= DEFAULT_BOUNDS.nodes


def test_text_and_data_inside_containers_are_bounded_together():
    """Megabytes do not hold up the caller; the cut shows."""
    cuts = []

    frozen = freeze(["é" * 3_000, bytearray(b"x" * 9_000), "e" * 5_000], bounds=Bounds(size=8_000), on_cut=cuts.append)

    assert frozen == ["é" * 3_000, b"x" * 4_997 + "…".encode(), "…"]
    assert cuts == ["text", "text"]


def test_what_an_unknown_object_says_is_cut():
    """str() of an object may be a novel."""

    class Novel:
        def __str__(self):
            return "x" * 10_000

    assert freeze(Novel()) == "x" * 4_095 + "…"


def test_a_cut_text_has_the_length_asked_for():
    """The mark counts."""
    assert [cut_text("abcdef", n) for n in (6, 5, 2, 1, 0)] == ["abcdef", "abcd…", "a…", "…", ""]


def test_an_estimate_grows_with_the_value():
    """A queue bounded by bytes can rely on it: no large value looks small."""
    assert estimate("x" * 10_000) > 10_000
    assert estimate(b"x" * 10_000) > 10_000
    assert estimate([0.5] * 1_000) > 8_000
    assert estimate({str(n): ["é" * 100] for n in range(100)}) > 10_000
