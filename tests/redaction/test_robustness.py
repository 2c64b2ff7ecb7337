"""What may be thrown at the redactor: anything, of any length, from anybody."""

import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_events.accounting import Tally
from otel_events.notices import Notices
from otel_events.redaction import RedactionSettings, Redactor
from tests.effort import examples

REDACTOR = Redactor()
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
FRAGMENTS = st.sampled_from(
    [
        *(
            "password",
            "=",
            ": ",
            "'",
            '"',
            "\\",
            "://",
            "@",
            "eyJ",
            ".",
            "ghp_",
            "4111 ",
            "<",
            ">",
            "\n",
            "a1",
            "é",
            "\0",
        ),
        *(
            "token",
            "Authorization",
            "Bearer ",
            "cookie",
            "--",
            "key",
            "value",
            "name",
            "[",
            "(",
            ")",
            "{",
            "%",
            "$",
            ";",
        ),
    ]
)
PUMPS = [
    *("a", "-", "=", ":", "@", "'", '"', "\\", "<", "password=", "password: '", "://a:", "eyJa.", "key=a%", "key-"),
    *("-----BEGIN PRIVATE KEY-----", "ghp_aaaaaaaaaaaaaaaaaaaaaaa", "4111 ", "4111-1111-", "DE89 ", "Bearer ", "$2b$"),
    *("cookie: a=b ", "Authorization: ", "api ", "name: 'key', value: ", "<password>", "--password ", "curl -u ", "A"),
    *("1234567890:", "aws " + "A" * 40, "heroku ", "auth=('a',", "password=a&", "password=a;b", "Private-Lines: 1\n"),
    *(
        "password\t",
        "password|",
        "password:\n ",
        "name: password\n",
        "name=password\r\n\r\n",
        "ENV PASSWORD ",
        "-Dpassword",
    ),
    *(
        "secret aaaaaaaaaaaaaaa",
        "secret provided:",
        "<key>password</key><string>",
        "mot de ",
        "a_",
        "pk_",
        "live_aaaa",
        "de12 ",
    ),
]


@given(VALUES)
@settings(max_examples=examples(300), deadline=None)
def test_no_value_makes_it_raise_or_change_what_it_was_given(value):
    """What comes back has the same shape where nothing was found."""
    before = repr(value)

    clean = REDACTOR.attributes({"data": value})

    assert repr(value) == before
    assert list(clean) == ["data"]


@given(st.lists(FRAGMENTS, max_size=30).map("".join), st.lists(FRAGMENTS, max_size=30).map("".join))
@settings(max_examples=examples(500), deadline=None)
def test_nothing_around_a_token_hides_it(before, after):
    """Open quotation marks, half pairs, other secrets: a word that is a token goes."""
    token = "ghp_" + "a1B2" * 9

    assert token not in REDACTOR.text(f"{before} {token} {after}")


@pytest.mark.slow
@pytest.mark.parametrize("pump", PUMPS)
def test_no_text_takes_more_than_its_length_is_worth(pump):
    """CPU time, with a hundred times the time it took when this was written: a square would take far longer."""
    text = (pump * 65_536)[:65_536]
    before = time.process_time()

    REDACTOR.text(text)

    assert time.process_time() - before < 10


def test_what_is_beyond_the_cap_is_withheld_visibly():
    """A secret that begins within the cap and ends beyond it is not cut in two."""
    redacted = Tally()
    redactor = Redactor(RedactionSettings(max_scanned=2_000), redacted)
    token = "ghp_" + "a1B2" * 9

    clean = redactor.text("x " * 990 + token + " y" * 5_000)

    assert "ghp_" not in clean
    assert clean.endswith(" characters>")
    assert "<REDACTED:unscanned " in clean
    assert len(clean) < 2_100
    assert redacted.counts()["unscanned"] == 1


def test_a_private_key_across_the_cap_leaves_nothing():
    """Its beginning is within what is scanned."""
    redactor = Redactor(RedactionSettings(max_scanned=2_000))

    clean = redactor.text("x " * 600 + "-----BEGIN PRIVATE KEY-----\n" + "QUJD" * 2_000)

    assert "QUJD" not in clean


def test_a_value_that_cannot_be_looked_through_is_withheld_alone(caplog):
    """It fails closed, by value, and is told without quoting it."""
    deep = "hunter2"
    for _ in range(5 * sys.getrecursionlimit()):  # others may have raised that
        deep = [deep]
    redacted = Tally()

    clean = Redactor(redacted=redacted, notices=Notices()).attributes({"deep": deep, "step": 3, "note": "fine"})

    assert clean == {"deep": "<REDACTED:failed>", "step": 3, "note": "fine"}
    assert redacted.counts() == {"failed": 1}
    assert "hunter2" not in caplog.text
    assert "withheld" in caplog.text


def test_a_private_key_without_its_beginning_goes_as_well():
    """A stack keeps its end: the first lines of a key may have been cut away."""
    text = "...<truncated>\nMIIEowIBAAKCAQEA7bq\nW9vHc2Jm8Y+f/3==\n-----END RSA PRIVATE KEY-----\nValueError: bad key"

    clean = REDACTOR.text(text)

    assert clean.endswith("<REDACTED:private_key>\nValueError: bad key")
    assert "MIIEow" not in clean
    assert "W9vHc2" not in clean


@pytest.mark.parametrize("length", [65_535, 65_536, 65_537, 70_000])
def test_of_a_text_that_was_cut_no_half_token_is_left(length):
    """Capture cuts messages where the redactor stops looking: the end is withheld, for a secret may begin in it."""
    token = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
    text = ("x " * length)[: length - 12] + token[:12]

    clean = REDACTOR.text(text)

    assert length < 65_536 or token[:12] not in clean
