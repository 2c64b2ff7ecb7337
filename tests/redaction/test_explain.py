"""Which rule would fire."""

from pathlib import Path

from otel_events.redaction import RedactionSettings, explain
from otel_events.redaction.vendor_tokens import VENDOR_RULES


def test_each_finding_says_where_and_why():
    """Kind, place and rule in words, of everything in a text."""
    text = "password=hunter2 for https://u:p@h"

    found = explain(text)

    assert [(one.kind, text[one.start : one.end]) for one in found] == [
        ("password", "hunter2"),
        ("url_credentials", "u"),
        ("url_credentials", "p"),
    ]
    assert found[0].rule == "a value that the text assigns to a sensitive key"


def test_a_key_is_a_reason_for_the_whole_value():
    """By its words."""
    (found,) = explain("anything", "api_key")

    assert (found.start, found.end, found.kind) == (0, 8, "key")
    assert "api_key" in found.rule


def test_nothing_is_said_of_what_stays():
    """With the settings that hold."""
    assert explain("tokens_used=12", "note") == ()
    assert explain("x", "token", settings=RedactionSettings(innocent_keys=("token",))) == ()


def test_own_patterns_are_named():
    """As such."""
    (found,) = explain("emp-1234", settings=RedactionSettings(patterns=((r"emp-\d{4}", "#"),)))

    assert found.kind == "pattern"


def test_every_kind_is_in_the_documents():
    """What is claimed is what is done."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "redaction.md").read_text(encoding="utf-8")

    assert [rule.name for rule in VENDOR_RULES if f"`{rule.name}`" not in page] == []
