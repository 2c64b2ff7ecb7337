"""The catalogue with users' own definitions in it."""

import threading

import pytest

from otel_events import catalog as catalogs
from otel_events.catalog import AttributeDefinition, Catalog, EventDefinition
from otel_events.errors import DefinitionError

ORDER = EventDefinition("order.placed", brief="An order came in.", aliases=("OrderPlaced",), origin="shop.yaml")


@pytest.fixture(autouse=True)
def _untouched_process_catalog():
    before = catalogs.current()
    yield
    catalogs.set_current(before)


def problems_of(*definitions, catalog=None):
    with pytest.raises(DefinitionError) as caught:
        (catalog or Catalog()).extended(definitions)
    return list(caught.value.problems)


def test_an_unknown_name_is_no_error():
    """Names that nobody defined are fine: not found, unchanged, without aliases."""
    catalog = Catalog()

    assert (catalog.find("no.such"), catalog.canonical("No.Such"), catalog.aliases_of("no.such")) == (
        None,
        "No.Such",
        (),
    )


def test_users_definitions_are_found_by_name_and_alias():
    """A user's event is found as the built-in ones are, and the catalogue it was added to is as before."""
    before = Catalog()

    after = before.extended([ORDER])

    assert after.find("order.placed") is after.find("OrderPlaced") is ORDER
    assert after.canonical("OrderPlaced") == "order.placed"
    assert before.find("order.placed") is None
    assert after.definitions() == (*before.definitions(), ORDER)
    assert after.own_definitions() == (ORDER,)


def test_a_definition_of_a_built_in_name_replaces_it_whole():
    """Nothing of the built-in definition is left but its old spellings, and the catalogue tells what was replaced."""
    own = EventDefinition("evidence.added", attributes={"url": AttributeDefinition("url", "string")})

    catalog = Catalog().extended([own])

    assert catalog.find("evidence.added") is own
    assert catalog.find("evidence_added") is own
    assert catalog.replaced == ("evidence.added",)
    assert catalog.aliases_of("evidence.added") == ("evidence_added",)
    assert len(catalog.definitions()) == len(Catalog().definitions())


def test_attributes_of_users_are_known_and_do_not_change_the_built_in_ones():
    """A key of the user's own is known by its definition; `cycle` stays an int for everybody else."""
    attributes = {key: AttributeDefinition(key, "string") for key in ("shelf", "cycle")}

    catalog = Catalog().extended([EventDefinition("book.shelved", attributes=attributes)])

    assert (catalog.attribute("shelf").type, catalog.attribute("cycle").type, catalog.attribute("x")) == (
        "string",
        "int",
        None,
    )


def test_all_problems_are_told_at_once():
    """One error lists every wrong name, type and clash, so that nobody mends them one run at a time."""
    problems = problems_of(
        EventDefinition("OrderPlaced", stability="sturdy"),
        EventDefinition("order.paid", aliases=("task_started", "two words"), severity="loud"),
        EventDefinition("sense"),
        EventDefinition(
            "order.sent", attributes={"Weight": AttributeDefinition("Weight", "float", requirement_level="x")}
        ),
    )

    assert problems == [
        "event name 'OrderPlaced' must look like 'order.placed'",
        "event 'OrderPlaced': stability 'sturdy' must be one of development, alpha, beta, release_candidate, stable",
        "event 'order.paid': alias 'two words' must be a string of 1 to 255 characters without white space",
        "event 'order.paid': severity 'loud' must be an otel_events.Severity or None",
        "event 'order.sent': attribute 'Weight' must look like 'weight'",
        (
            "event 'order.sent': attribute 'Weight' has the unknown type 'float';"
            " known are string, int, double, boolean, any, each also with [] behind it"
        ),
        (
            "event 'order.sent': attribute 'Weight' has the unknown requirement level 'x';"
            " known are required, recommended, opt_in"
        ),
        "event 'order.paid': alias 'task_started' already means 'task.started'",
        "event name 'sense' is an alias of 'sense.project'; choose another, or define 'sense.project'",
    ]


def test_two_definitions_of_one_name_are_refused_by_their_origins():
    """Where two parts of a program define one event, the error names both."""
    first = EventDefinition("order.placed", brief="One.", origin="shop:Order")
    second = EventDefinition("order.placed", brief="Two.", origin="till:Order")

    assert problems_of(first, second) == ["event 'order.placed' is defined twice: by shop:Order and by till:Order"]
    assert problems_of(second, catalog=Catalog().extended([first])) == [
        "event 'order.placed' is defined twice: by shop:Order and by till:Order"
    ]


def test_a_definition_that_comes_again_from_the_same_place_replaces_itself():
    """Loading a module or reading a registry again is no conflict, and what it left out is gone."""
    again = EventDefinition("order.placed", brief="Better said.", origin="shop.yaml")

    catalog = Catalog().extended([ORDER]).extended([again])

    assert catalog.find("order.placed") is again
    assert catalog.find("OrderPlaced") is None


def test_a_program_that_imports_itself_defines_nothing_twice():
    """`python -m shop` and `import shop` in one process give the same definition from two modules: no conflict."""
    as_program = EventDefinition("order.placed", brief="An order came in.", origin="__main__:Order")
    as_module = EventDefinition("order.placed", brief="An order came in.", origin="shop:Order")

    assert Catalog().extended([as_program]).extended([as_module]).find("order.placed") is as_module


def test_an_alias_that_two_events_claim_is_refused():
    """A spelling means one event: the second claim is told, whether it is an alias or a name."""
    other = EventDefinition("order.received", aliases=("OrderPlaced", "order.placed"))

    assert problems_of(ORDER, other) == [
        "event 'order.received': alias 'OrderPlaced' already means 'order.placed'",
        "event 'order.received': alias 'order.placed' already means 'order.placed'",
    ]


def test_the_process_catalogue_changes_as_a_whole_or_not_at_all():
    """A refused definition leaves what was there; a good one is seen at once."""
    catalogs.extend_current([ORDER])
    before = catalogs.current()
    with pytest.raises(DefinitionError):
        catalogs.extend_current([EventDefinition("good.one"), EventDefinition("Bad One")])

    assert catalogs.current() is before
    assert before.find("order.placed") is ORDER


def test_definitions_made_by_many_threads_are_all_there():
    """No definition gets lost between two threads that define at the same time."""

    def define_some(number):
        for index in range(20):
            catalogs.extend_current([EventDefinition(f"thread{number}.event{index}")])

    threads = [threading.Thread(target=define_some, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    names = {definition.name for definition in catalogs.current().own_definitions()}
    assert names >= {f"thread{number}.event{index}" for number in range(8) for index in range(20)}
