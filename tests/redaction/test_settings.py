"""What users may add, switch off, and get wrong."""

import re

import pytest

from otel_events.accounting import Tally
from otel_events.errors import ConfigurationError
from otel_events.redaction import RedactionSettings, Redactor
from tests.effort import rest_slow


def test_patterns_with_replacements_are_applied():
    """As `re.sub` takes them; several in order; counted."""
    redacted = Tally()
    patterns = ((r"emp-\d{4}", "<EMP>"), (re.compile(r"(?P<user>\w{1,32})@corp", re.IGNORECASE), r"\g<user>@<CORP>"))

    clean = Redactor(RedactionSettings(patterns=patterns), redacted).attributes(
        {"a": "emp-1234 Ada@CORP", "n": ["emp-9999"]}
    )

    assert clean == {"a": "<EMP> Ada@<CORP>", "n": ["<EMP>"]}
    assert redacted.counts() == {"pattern": 3}


def test_what_is_allowed_stays():
    """As a whole value, or as what a rule found in a text."""
    redactor = Redactor(RedactionSettings(allow=(r"AKIAIOSFODNN7EXAMPLE", r"test-.{0,20}")))
    attributes = {"note": "with AKIAIOSFODNN7EXAMPLE", "password": "test-password"}

    assert redactor.attributes(attributes) == attributes
    assert redactor.text("AKIAIOSFODNN7EXAMPLF") == "<REDACTED:aws>"


def test_kinds_can_be_left_alone():
    """For programs in which long numbers are no cards."""
    redactor = Redactor(RedactionSettings(without=frozenset({"card"})))
    attributes = {"n": 4111111111111111, "note": "4111 1111 1111 1111"}

    assert redactor.attributes(attributes) == attributes


@pytest.mark.parametrize(
    "pattern",
    rest_slow(
        [
            r"(a+)+$",
            r"(a|a)*b",
            r"(\w+\s?)*:",
            r"(?:[a-z]+)*\d",
            r"^(([a-z])+.)+[A-Z]([a-z])+$",
            r"(x+x+)+y",
            r"\d*\d*\d*\d*x",
            r"(a?){40}a{40}",  # which fits nothing below forty characters
            r"(x|(a?){40}(a{40}))",
            r"(?i)(pass|p.ss)+w",  # four characters at a time
            r"[\s\S]*?secret[\s\S]*?secret[\s\S]*?x",  # which is slow where a word comes often
        ],
        quick=4,
    ),
)
def test_a_pattern_that_can_take_for_ever_is_refused(pattern):
    """At configure, with the text that shows it."""
    with pytest.raises(ConfigurationError, match="takes too long"):
        Redactor(RedactionSettings(patterns=((pattern, "x"),)))


@pytest.mark.parametrize(
    "pattern",
    [r"\b\w+@\w+\.\w{2,8}\b", r"emp-\d+", r"(?i)badge[ :=]+\S+", r"[A-Z]{2}\d{6}", r"ticket (\d+|none)", r"\s*x\s*y"],
)
def test_ordinary_patterns_are_taken(pattern):
    """A pattern that takes the square of a text's length is bounded by the length of the pieces it sees."""
    assert Redactor(RedactionSettings(patterns=((pattern, "#"),))).text("nothing here") == "nothing here"


def test_all_that_is_wrong_is_told_at_once():
    """One error, one sentence a problem."""
    settings = RedactionSettings(
        marker="{name}",
        keys=("--",),
        patterns=(("(", "x"), ("a", r"\9"), ("a*", "")),
        allow=("[",),
        max_scanned=1,
        without=frozenset({"github", "nonsense"}),
    )

    with pytest.raises(ConfigurationError) as error:
        Redactor(settings)

    assert len(error.value.problems) == 8
