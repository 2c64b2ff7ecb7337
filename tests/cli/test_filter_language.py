"""What a filter may say, and where a mistake is pointed at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_events.filter_language import Clause, Condition, FilterError, parse_filter


def clauses(text):
    return parse_filter(text).clauses


def mistakes(text):
    with pytest.raises(FilterError) as error:
        parse_filter(text)
    return [(each.column, each.problem) for each in error.value.mistakes]


def test_pattern_conditions_and_texts_make_a_clause():
    """The example of the documents."""
    assert clauses('task.* persona=thesis quality>0.8 severity>=warn "timed out"') == (
        Clause(
            "task.*",
            (
                Condition("persona", "=", "thesis"),
                Condition("quality", ">", "0.8"),
                Condition("severity", ">=", "warn"),
            ),
            texts=("timed out",),
        ),
    )


def test_commas_and_spaces_in_quotation_marks_belong_to_the_text():
    """Either kind of mark."""
    assert clauses("\"a, b\" 'c d', -x.y persona='e, f'") == (
        Clause(texts=("a, b", "c d")),
        Clause("x.y", (Condition("persona", "=", "e, f"),), excludes=True),
    )


@pytest.mark.parametrize(
    ("text", "column", "word"),
    [
        ("task.* and more", 8, "a comma means or, a space means and"),
        ("persona = thesis", 9, "write it without spaces: persona=thesis"),
        ("task.* quality >0.8", 16, "write it without spaces: quality>0.8"),
        ("a.b, severity>=loud", 16, "'loud' is no severity"),
        ("a.b quality>high", 13, "'>' compares numbers"),
        ("a.b, -", 6, "'-' must say what it excludes"),
        ('a.b "open', 5, "has no second one"),
        ("a.b persona='x", 13, "has no second one"),
        ("a.b (c)", 5, "neither a name pattern"),
    ],
)
def test_a_mistake_is_pointed_at(text, column, word):
    """By its column, counted from 1."""
    (found,) = mistakes(text)[:1]

    assert (found[0], word in found[1]) == (column, True), found


def test_a_condition_with_spaces_is_one_mistake():
    """Its parts are not told once more, each by itself."""
    assert mistakes("persona = thesis") == [(9, "write it without spaces: persona=thesis")]


def test_all_mistakes_are_told_at_once():
    """In the order of the text."""
    assert [column for column, _ in mistakes("a.b c.d, severity>=x quality>y, -")] == [5, 20, 30, 33]


@given(st.text(alphabet="ab.*=<>!-,\"' 1[]", max_size=30))
def test_any_text_is_a_filter_or_a_mistake_within_it(text):
    """Nothing else is ever raised."""
    try:
        parse_filter(text)
    except FilterError as error:
        assert all(1 <= each.column <= len(text) + 1 for each in error.mistakes)  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("50ms", 0.05), ("2s", 2.0), ("1h30m", 5400.0), ("250µs", 0.00025), ("1.5m", 90.0), ("0.8", 0.8), ("1e3", 1000.0)],
)
def test_a_number_may_be_a_time_with_its_unit(text, seconds):
    """Durations are kept in seconds."""
    (clause,) = clauses(f"task.* duration>{text}")

    assert float(clause.conditions[0].value) == pytest.approx(seconds)


def test_what_is_neither_number_nor_time_is_told_what_would_be():
    """With its column."""
    ((column, problem),) = mistakes("duration>50lightyears")

    assert column == 10
    assert "'50ms'" in problem
