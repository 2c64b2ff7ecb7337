"""How an event's departures from its definition are told."""

import enum

import numpy as np
import pytest

from otel_events.catalog import AttributeDefinition, EventDefinition, check


class Color(str, enum.Enum):
    RED = "red"


def defined(**types):
    return EventDefinition("a.b", attributes={key: AttributeDefinition(key, word) for key, word in types.items()})


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("string", "x"),
        ("string", Color.RED),
        ("int", 3),
        ("double", 0.5),
        ("double", 3),
        ("double", np.float64(0.5)),
        ("boolean", True),
        ("string[]", ["a", "b"]),
        ("string[]", ()),
        ("double[]", [1, 2.5]),
        ("any", {"a": [1, {"b": None}]}),
        ("any[]", ["a", 1]),
        ("template[string]", {"x": 1}),
        ("string", None),
        ("int[]", None),
    ],
)
def test_values_of_the_right_type_are_no_departure(word, value):
    """Whole numbers do for double, subclasses for their class, and None counts as absent."""
    assert check(defined(a=word), {"a": value}) == []


@pytest.mark.parametrize(
    ("word", "value", "found"),
    [
        ("string", 1, "int"),
        ("int", "1", "string"),
        ("int", True, "boolean"),
        ("int", 1.0, "double"),
        ("double", False, "boolean"),
        ("double", "0.5", "string"),
        ("boolean", 1, "int"),
        ("string[]", "abc", "string"),
        ("string[]", ["a", 1], "any[]"),
        ("int[]", [True], "boolean[]"),
        ("string", {"a": 1}, "map"),
        ("string", ["a"], "string[]"),
        ("string", b"a", "bytes"),
    ],
)
def test_a_wrong_type_is_told_in_the_catalogues_words(word, value, found):
    """The sentence names the attribute, the type it has, and the type it should have."""
    assert check(defined(a=word), {"a": value}) == [f"attribute 'a' has type '{found}', and should have '{word}'"]


def test_all_departures_of_an_event_are_told():
    """Wrong types and missing attributes come together; attributes nobody defined are fine."""
    definition = EventDefinition(
        "a.b",
        attributes={
            "a": AttributeDefinition("a", "int"),
            "b": AttributeDefinition("b", "string", requirement_level="required"),
            "c": AttributeDefinition("c", "string", requirement_level="required"),
            "d": AttributeDefinition("d", "string", requirement_level="opt_in"),
        },
    )

    assert check(definition, {"a": "x", "c": None, "more": object()}) == [
        "attribute 'a' has type 'string', and should have 'int'",
        "attribute 'b' is required and missing",
        "attribute 'c' is required and missing",
    ]
