"""What the annotations of a typed event tell the catalogue."""

import dataclasses
import datetime as dt
import enum
import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NewType, Union

import pytest

from otel_events import catalog as catalogs
from otel_events.definition import define


class Channel(enum.Enum):
    WEB = "web"
    SHOP = "shop"


class Level(enum.IntEnum):
    LOW = 1


class Bits(enum.Flag):
    ONE = 1


class Mixed(enum.Enum):
    TEXT = "text"
    PAIR = (1, 2)


Sku = NewType("Sku", str)


@dataclasses.dataclass(frozen=True)
class Address:
    city: str


@pytest.fixture(autouse=True)
def _untouched_process_catalog():
    before = catalogs.current()
    yield
    catalogs.set_current(before)


def type_of(annotation):
    """Return what the catalogue says of an attribute with this annotation."""
    before = catalogs.current()
    made = define("probe.made")(type("Probe", (), {"__annotations__": {"a": annotation}, "__module__": __name__}))
    catalogs.set_current(before)
    return made.__otel_event__.attributes["a"]


@pytest.mark.parametrize(
    ("annotation", "word"),
    [
        (str, "string"),
        (int, "int"),
        (float, "double"),
        (bool, "boolean"),
        (int | float, "double"),
        (Union[int, None], "int"),  # noqa: UP007  # as users write it
        ("int | None", "int"),
        (str | int, "any"),
        (Any, "any"),
        (object, "any"),
        (list[str], "string[]"),
        (list[str | None], "string[]"),
        (tuple[int, ...], "int[]"),
        (tuple[int, str], "any"),
        (set[float], "double[]"),
        (Sequence[bool], "boolean[]"),
        (list, "any"),
        (list[dict], "any"),
        (dict[str, int], "any"),
        (Mapping[str, str], "any"),
        (bytes, "any"),
        (dt.datetime, "string"),
        (dt.timedelta, "double"),
        (uuid.UUID, "string"),
        (Address, "any"),
        (Channel, "string"),
        (Level, "int"),
        (Bits, "int"),
        (Mixed, "any"),
        (Literal["a", "b"], "string"),
        (Literal[1, 2], "int"),
        (Literal[True], "boolean"),
        (Literal["a", 1], "any"),
        (Sku, "string"),
        (Annotated[list[Sku], "Some."], "string[]"),
        ("OnlyForCheckers", "any"),
        ("list[OnlyForCheckers]", "any"),
    ],
    ids=str,
)
def test_annotations_become_the_catalogues_types(annotation, word):
    """Each annotation has the type that its values have on the wire; what nobody can know is `any`."""
    assert type_of(annotation).type == word


def test_closed_lists_of_values_are_known_to_the_catalogue():
    """The members of an Enum or a Literal are the attribute's well-known values; a None among them is optional."""
    assert type_of(Channel).members == ("web", "shop")
    assert type_of(Literal["a", "b", None]).members == ("a", "b")  # noqa: PYI061  # as users write it
    assert type_of(Literal["a"] | None).requirement_level == "recommended"
    assert type_of(Literal["a"] | Sku).members == ()


def test_one_unknown_annotation_does_not_spoil_the_others():
    """A name that only type checkers import leaves its own field `any`, and no other."""

    @define("half.known")
    class HalfKnown:
        known: "int"
        unknown: "OnlyForCheckers"  # noqa: F821

    assert [one.type for one in HalfKnown.__otel_event__.attributes.values()] == ["int", "any"]


def test_names_around_the_class_are_understood():
    """An Enum that is made in the same function as the event is known to it, even as a string."""

    class Local(enum.Enum):
        A = "a"

    @define("local.event")
    class LocalEvent:
        a: "Local"

    assert LocalEvent.__otel_event__.attributes["a"].members == ("a",)
