"""Typed events: what `define` makes of a class, and what the catalogue learns from it."""

import copy
import dataclasses
import decimal
import importlib
import pickle
import sys
import threading
from typing import Annotated, ClassVar, Optional

import pytest

from otel_events import catalog as catalogs
from otel_events.definition import define, event_attributes
from otel_events.errors import DefinitionError
from otel_events.event import Severity


@pytest.fixture(autouse=True)
def _untouched_process_catalog():
    before = catalogs.current()
    yield
    catalogs.set_current(before)


def problems_of(decorate):
    with pytest.raises(DefinitionError) as caught:
        decorate()
    return list(caught.value.problems)


def test_a_class_becomes_a_typed_event_that_the_catalogue_knows():
    """The class takes its fields as keywords, cannot be changed, and its definition is found at once."""

    @define("order.placed", brief="An order came in.", message="Order placed", severity="warning", category="shop")
    class OrderPlaced:
        order_id: str
        weight: Annotated[float, "In kilograms."] = 1.0
        note: Optional[str] = None  # noqa: UP045  # as users write it

    order = OrderPlaced(order_id="o-1", weight=2.5)
    definition = catalogs.current().find("order.placed")

    assert event_attributes(order) == {"order_id": "o-1", "weight": 2.5}
    assert definition is OrderPlaced.__otel_event__
    assert (definition.brief, definition.message, definition.severity, definition.category) == (
        "An order came in.",
        "Order placed",
        Severity.WARN,
        "shop",
    )
    assert [(one.key, one.type, one.brief, one.requirement_level) for one in definition.attributes.values()] == [
        ("order_id", "string", "", "required"),
        ("weight", "double", "In kilograms.", "recommended"),
        ("note", "string", "", "recommended"),
    ]
    with pytest.raises(dataclasses.FrozenInstanceError):
        order.weight = 3.0
    assert not hasattr(order, "__dict__")


def test_fields_with_defaults_may_come_first():
    """Keywords have no order, so neither have fields with and without a default."""

    @define("order.sent")
    class OrderSent:
        carrier: str = "post"
        order_id: str
        tags: list = dataclasses.field(default_factory=list)

    assert event_attributes(OrderSent(order_id="o-1")) == {"carrier": "post", "order_id": "o-1", "tags": []}


def test_a_trailing_underscore_is_dropped():
    """Attributes that are Python's own words are written with an underscore behind them."""

    @define("thing.moved")
    class ThingMoved:
        from_: str
        class_: str

    assert event_attributes(ThingMoved(from_="a", class_="b")) == {"from": "a", "class": "b"}


def test_a_none_is_not_sent():
    """A field that was left None says nothing, so it takes no bound attribute away."""

    @define("thing.seen")
    class ThingSeen:
        persona: str | None = None

    assert event_attributes(ThingSeen()) == {}


def test_a_dataclass_stays_what_it_is():
    """A class that is a dataclass already keeps its own ways: order, mutability, methods."""

    @define("order.paid")
    @dataclasses.dataclass
    class OrderPaid:
        amount: decimal.Decimal
        currency: str = "EUR"

        def doubled(self):
            return self.amount * 2

    order = OrderPaid(decimal.Decimal("1.5"))
    order.currency = "CHF"

    assert order.doubled() == 3
    assert event_attributes(order) == {"amount": decimal.Decimal("1.5"), "currency": "CHF"}
    assert OrderPaid.__otel_event__.brief == ""


def test_an_event_without_fields_is_an_event():
    """Some things just happen; the docstring's first line is the brief."""

    @define("day.dawned")
    class DayDawned:
        """A new day began.

        Not in winter.
        """

    assert event_attributes(DayDawned()) == {}
    assert DayDawned.__otel_event__.brief == "A new day began."


def test_fields_are_inherited_and_class_variables_are_none():
    """A typed event may build on another; what belongs to the class is no attribute."""

    @define("vehicle.left")
    class VehicleLeft:
        wheels: int

    @define("car.left")
    class CarLeft(VehicleLeft):
        kind: ClassVar[str] = "car"
        plate: str

    assert event_attributes(CarLeft(wheels=4, plate="B-1")) == {"wheels": 4, "plate": "B-1"}
    assert VehicleLeft.__otel_event__.name == "vehicle.left"


def test_instances_are_equal_hashable_copied_and_shown_like_dataclasses():
    """Typed events are values."""

    @define("point.reached")
    class PointReached:
        x: int

    one = PointReached(x=1)

    assert one == PointReached(x=1)
    assert len({one, PointReached(x=1)}) == 1
    assert copy.deepcopy(one) == one
    assert repr(one).endswith("PointReached(x=1)")


@define("pickled.event")
class PickledEvent:
    x: int


def test_instances_travel_between_processes():
    """A typed event survives pickling, as multiprocessing needs it."""
    assert pickle.loads(pickle.dumps(PickledEvent(x=1))) == PickledEvent(x=1)


def test_all_mistakes_of_a_definition_are_told_at_once():
    """Keywords, names, fields and clashes come in one error that says what would be right."""

    def decorate():
        @define("OrderPlaced", brif="x", brief=7, severity="loud", lifecycle="yes", aliases=["a b", "task_started"])
        class Broken:
            itemCount: int
            from_: str
            tags: list = []  # noqa: RUF012

    problems = problems_of(decorate)

    assert problems[:4] == [
        "brief=7 must be a string",
        "severity='loud' must be a word such as 'warn' or 'error', or a number from 1 to 24",
        "lifecycle='yes' must be True or False",
        (
            "unknown keyword 'brif'; known are brief, message, category, severity, aliases,"
            " lifecycle, rolled_up_in_displays, copied_to_spans"
        ),
    ]
    assert "cannot be a frozen dataclass: mutable default" in problems[4]
    assert problems[5:] == [
        "event name 'OrderPlaced' must look like 'order.placed'",
        "event 'OrderPlaced': alias 'a b' must be a string of 1 to 255 characters without white space",
        "event 'OrderPlaced': alias 'task_started' already means 'task.started'",
    ]


def test_wrong_fields_are_told_by_name():
    """A field that cannot be an attribute is refused, with a name that can."""

    def decorate():
        @define("order.placed")
        class Broken:
            itemCount: int
            from_: str
            class_: int
            x: int
            x_: int

    assert problems_of(decorate) == [
        "two fields, 'x' and 'x_', would be the same attribute 'x'",
        "event 'order.placed': attribute 'itemCount' must look like 'item_count'",
    ]


@pytest.mark.parametrize("wrong", [test_wrong_fields_are_told_by_name, 7, "x"])
def test_only_classes_can_be_defined(wrong):
    """Anything but a class is refused."""
    (problem,) = problems_of(lambda: define("a.b")(wrong))

    assert problem.startswith("@define decorates a class, not ")


def test_a_decorator_without_a_name_is_refused_at_once():
    """`@define` without brackets would lose the class: it is told where it stands."""

    class Thing: ...

    (problem,) = problems_of(lambda: define(Thing))

    assert problem.endswith("must be a string such as 'order.placed'")


def test_a_refused_definition_leaves_no_trace():
    """After an error the catalogue is as it was."""
    before = catalogs.current()
    problems_of(lambda: define("order.placed", severity="loud")(type("Order", (), {})))

    assert catalogs.current() is before


def test_two_classes_of_one_name_are_refused_naming_both():
    """An event has one type: the second class is told which is the first."""

    @define("order.placed")
    class One: ...

    def decorate():
        @define("order.placed")
        class Other: ...

    (problem,) = problems_of(decorate)

    assert problem.startswith("event 'order.placed' is defined twice: by ")
    assert "One and by " in problem
    assert problem.endswith("Other")


def test_a_module_that_is_loaded_again_defines_its_events_anew(tmp_path, monkeypatch):
    """Reloading a module, as notebooks and servers in development do, replaces its definitions silently."""
    path = tmp_path / "reloaded_events.py"
    source = (
        "from otel_events.definition import define\n@define('order.placed', brief='{}')\nclass Order:\n    x: int\n"
    )
    path.write_text(source.format("First."))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = importlib.import_module("reloaded_events")
    try:
        path.write_text(source.format("Then."))
        importlib.reload(module)
    finally:
        del sys.modules["reloaded_events"]

    assert catalogs.current().find("order.placed").brief == "Then."


def test_a_built_in_name_may_be_defined_anew():
    """A typed class for a built-in event replaces its definition, and the old spelling leads to it."""

    @define("evidence.added", message="Evidence added")
    class EvidenceAdded:
        source: str
        quality: float

    assert catalogs.current().find("evidence_added") is EvidenceAdded.__otel_event__
    assert "evidence.added" in catalogs.current().replaced


def test_a_value_that_is_no_typed_event_is_told_so():
    """Asking a plain object for its attributes says what it lacks."""
    with pytest.raises(TypeError, match="int is no typed event: decorate it with @define"):
        event_attributes(3)


def test_events_defined_by_many_threads_are_all_known():
    """Modules that are imported by several threads at once lose no definition."""

    def define_some(number):
        for index in range(10):
            define(f"thread{number}.event{index}")(type(f"Event{number}x{index}", (), {}))

    threads = [threading.Thread(target=define_some, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    missing = [
        f"thread{n}.event{i}" for n in range(6) for i in range(10) if not catalogs.current().find(f"thread{n}.event{i}")
    ]
    assert missing == []
