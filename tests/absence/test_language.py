"""The language of the rules: what is understood, and how well mistakes are told."""

import pytest

from otel_events.absence.language import RuleError, parse_rules, read_rules
from tests.program import ROOT

FILE = """\
# The daemon
expect heartbeat orchestrator within 90s
heartbeat "disk watcher" within 1h 30m      # a name with a space

task.started  ends within 10m where persona=thesis*, "#1"
expect cycle.start every 5m by service
"""


def test_a_file_has_a_rule_a_line(tmp_path):
    """Comments and empty lines aside; `expect` may be said or left out."""
    path = tmp_path / "rules.txt"
    path.write_text(FILE)

    assert [
        (rule.text, rule.pattern, rule.seconds, rule.is_ending, rule.by, rule.only) for rule in read_rules(path)
    ] == [
        ("heartbeat orchestrator within 90s", "heartbeat", 90, False, "component", "orchestrator"),
        ('heartbeat "disk watcher" within 1h 30m', "heartbeat", 5400, False, "component", "disk watcher"),
        ('task.started ends within 10m where persona=thesis*, "#1"', "task.started", 600, True, "", ""),
        ("cycle.start every 5m by service", "cycle.start", 300, False, "service", ""),
    ]


@pytest.mark.parametrize("document", ["docs/heartbeats.md", "examples/expect.txt"])
def test_the_rules_that_are_shown_are_rules(tmp_path, document):
    """Those of the document, and of the example."""
    text = (ROOT / document).read_text(encoding="utf-8")
    path = tmp_path / "rules.txt"
    path.write_text(
        text[text.index("# ") :] if document.endswith(".txt") else text.split("```\n# rules.txt\n")[1].split("```")[0]
    )

    assert len(read_rules(path)) == {"docs/heartbeats.md": 5, "examples/expect.txt": 2}[document]


def test_every_mistake_is_told_with_its_line_and_its_cure(tmp_path):
    """All at once."""
    path = tmp_path / "rules.txt"
    path.write_text("heartbeat a within 9\n# fine\ntask.started within 4m\ntask.completed ends within 4m where a > 3\n")

    with pytest.raises(RuleError) as raised:
        read_rules(path)
    assert raised.value.problems == (
        f"{path}, line 1: 'within' is followed by a time, such as 90s, 5m or 1h30m, not '9'",
        (
            f"{path}, line 3: say 'task.started ends within ...' of what must end, or 'task.started every ...' of what must"
            " come again"
        ),
        f"{path}, line 4: behind 'where': write it without spaces: a>3",
        (
            f"{path}, line 4: 'task.completed' begins nothing: 'ends within' is for what does, such as task.started or"
            " cycle.start"
        ),
    )


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("hartbeat a within 9s", "did you mean 'heartbeat'?"),
        ("heartbeat within 9s", "say whose"),
        ("task.started ends in 9s", "write how long it may take"),
        ("cycle.start every soon", "not 'soon'"),
        ("cycle.start every 0s", "more than nothing"),
        ("cycle.start every 900d", "no more than a year"),
        ("cycle.start every 5m by", "followed by one attribute"),
        ("cycle.start every 5m where", "followed by a filter"),
        ("a/b every 5m", "is no name of an event"),
        ("every 5m", "a rule is"),
        ("", "a rule is"),
    ],
)
def test_what_is_no_rule_is_answered_with_what_would_be_one(text, cure):
    """A slip of the finger, a word that is missing, a time that is none."""
    with pytest.raises(RuleError, match=cure.replace("?", r"\?")):
        parse_rules([text])


def test_a_rule_stands_once(tmp_path):
    """Twice it would alert twice."""
    path = tmp_path / "rules.txt"
    path.write_text("expect cycle.start every 5m\ncycle.start  every 5m\n")

    with pytest.raises(RuleError, match=r"line 2: the same as .*line 1; leave one out"):
        read_rules(path)


@pytest.mark.parametrize(("text", "what"), [(None, "No such file"), ("# nothing\n", "has none")])
def test_a_file_without_rules_is_a_mistake(tmp_path, text, what):
    """One that is not there as well."""
    path = tmp_path / "rules.txt"
    if text is not None:
        path.write_text(text)

    with pytest.raises(RuleError, match=what):
        read_rules(path)


def test_old_spellings_mean_the_same_event():
    """As in filters."""
    (rule,) = parse_rules(["task_started ends within 5m"])

    assert rule.family == "task"
