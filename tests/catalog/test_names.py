"""The rule for names, and how it is taught."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_events.catalog.names import alias_problem, is_name, name_problem

WORD = st.from_regex(r"[a-z][a-z0-9]{0,8}(_[a-z0-9]{1,8}){0,2}", fullmatch=True)


@given(st.lists(WORD, min_size=1, max_size=5).map(".".join))
def test_words_joined_by_dots_are_names(name):
    """Lower-case words with underscores inside and dots between obey the rule."""
    assert is_name(name)
    assert name_problem("event name", name) is None


@given(st.one_of(st.text(max_size=300), st.integers(), st.none(), st.binary(), st.lists(st.text())))
def test_every_other_value_is_answered_with_a_name_that_obeys(value):
    """Whatever is given, the rule either accepts it or answers with one sentence that ends in a right example."""
    problem = name_problem("event name", value)

    if problem is None:
        assert is_name(value)
    else:
        assert "\n" not in problem
        assert "characters" in problem or is_name(problem.rsplit("'", 2)[1])


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("OrderPlaced", "order.placed"),
        ("orderPlaced", "order.placed"),
        ("order placed", "order.placed"),
        ("order-placed", "order.placed"),
        ("ORDER_PLACED", "order.placed"),
        ("Order.ItemAdded", "order.item_added"),
        ("order..placed", "order.placed"),
        (".order.placed.", "order.placed"),
        ("HTTPRequestSent", "http.request_sent"),
        ("", "order.placed"),
        ("§", "order.placed"),
    ],
)
def test_the_error_shows_what_the_name_should_look_like(wrong, right):
    """The nearest right name stands in the sentence, so that it can be copied."""
    assert name_problem("event name", wrong) == f"event name {wrong!r} must look like {right!r}"


def test_attributes_are_suggested_with_underscores():
    """Attributes of users are flat, so their suggestion keeps the words in one."""
    assert name_problem("attribute", "itemCount") == "attribute 'itemCount' must look like 'item_count'"


def test_a_name_that_breaks_while_it_is_shown_is_still_answered():
    """An object whose repr raises is refused like any other."""

    class Hostile:
        def __repr__(self):
            raise RuntimeError

    assert name_problem("event name", Hostile()) == "event name <Hostile> must be a string such as 'order.placed'"


@pytest.mark.parametrize("alias", ["task_started", "SEED_GERMINATED", "egos.sparc.tasks", "Auftrag/neu", "注文"])
def test_any_old_spelling_without_white_space_may_be_an_alias(alias):
    """Aliases are what other programs already write, so hardly any rule holds for them."""
    assert alias_problem(alias) is None


@pytest.mark.parametrize("alias", ["", "two words", "tab\t", "x" * 256, 7, None])
def test_an_alias_that_could_not_be_written_in_a_filter_is_refused(alias):
    """White space, nothing at all and what is no string cannot be an alias."""
    assert "without white space" in alias_problem(alias)
