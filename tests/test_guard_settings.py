"""What `configure` says of guards that cannot be used."""

import pytest

import otel_events as ev
from tests.fresh import KeepingSink, fresh  # noqa: F401

pytestmark = pytest.mark.usefixtures("fresh")


def problems(**keywords):
    with pytest.raises(ev.ConfigurationError) as refused:
        ev.configure(sink=KeepingSink(), **keywords)
    return list(refused.value.problems)


def test_all_that_is_wrong_is_told_at_once():
    """Of every guard, and whatever else is wrong: what cannot be read does not hide what cannot be used."""
    told = problems(
        filter="severity>>warn",
        redact_patterns=[("(", "x"), (r"(a+)+$", "y")],
        redact_max_scanned=3,
        deduplicate=[("x.*", 3)],
        deduplicate_window=-1,
        rate_limits={"epoch.*": -1},
        max_event_bytes=-1,
    )

    begins = [problem.split(" ", 1)[0].rstrip(":") for problem in told]
    assert sorted(begins) == [
        "deduplicate",
        "deduplicate_window",
        "filter",
        "max_event_bytes",
        "rate",
        "redact_max_scanned",
        "redaction",
        "redaction",
    ]


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"rate_limits": {"a.*": float("nan")}}, "per_second of 'a.*' must be a number above 0, not nan"),
        ({"rate_limits": {"a.*": "2"}}, "per_second of 'a.*' must be a number above 0, not '2'"),
        ({"rate_limits": {"": 2}}, "pattern '' must be a text"),
        ({"deduplicate": [("x.*", [3])]}, "the attributes of 'x.*' must be names such as 'path', not 3"),
        ({"deduplicate": [7]}, "the pattern 7 must be a text"),
        ({"redact_without": ["nonsense"]}, "redaction kind 'nonsense' is none"),
        ({"redact_marker": "{name}"}, "marker '{name}' must be a text with no braces"),
        ({"filter": {"drop": ["noise.*"]}}, "filter must be a filter such as"),
        ({"before_emit": ["hook"]}, "before_emit must be a callable"),
    ],
)
def test_what_is_refused_is_named(keywords, words):
    """The setting, what it must be, and what it was."""
    (told,) = problems(**keywords)

    assert words in told


def test_what_is_refused_changes_nothing():
    """The set-up that held before goes on."""
    sink = KeepingSink()
    ev.configure(sink=sink, filter="-noise.*")
    problems(rate_limits={"a.*": -1})

    ev.emit("noise.made")
    ev.emit("seed.planted")
    assert ev.flush()

    assert sink.names == ["seed.planted"]


def test_one_attribute_is_as_good_as_a_list_of_one():
    """`("file.modified", "path")` means the attribute `path`, and not its letters."""
    sink = KeepingSink()
    ev.configure(sink=sink, deduplicate=[("file.modified", "path")])

    for path in ("a", "b", "a"):
        ev.emit("file.modified", path=path)
    assert ev.flush()

    assert [event.attributes["path"] for event in sink.events] == ["a", "b", "a"]
    assert ev.stats().summarised == {}  # of one that was held back nothing is summarised
