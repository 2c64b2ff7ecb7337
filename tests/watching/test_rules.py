"""Rules in a file say which event a change means; what is wrong with them is told at once, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

import otel_events as ev
from otel_events.errors import ConfigurationError
from otel_events.watching import Change, FileEvent
from otel_events.watching.content import Content
from otel_events.watching.rule_file import load_rules
from tests.watching.conftest import write

ROOT = Path("/srv/work") if Path("/srv").is_absolute() else Path("C:/work")


def change(relative, text="", kind="modified"):
    return Change(kind, ROOT / relative, ROOT, content=Content(None, text))


@pytest.fixture
def rules(tmp_path):
    return lambda text: load_rules(write(tmp_path / "rules.yaml", text))


def test_a_rule_takes_attributes_from_path_content_and_fields(rules):
    """Named parts of the path, named groups of patterns, what the file states, and what the rule adds."""
    classify = rules(
        r"""
rules:
  - name: agent task
    path: agents/{agent}/tasks/{task_id}.json
    on: [created, modified]
    content: ['"status":\s*"(?P<status>\w+)"', "percent"]
    fields: {result: out.text}
    event: agent.task_noted
    message: Task noted
    severity: warning
    attributes: {team: blue, level: 3}
"""
    )
    text = '{"status": "done", "percent": 100, "out": {"text": "42 tests"}}'

    assert classify(change("agents/bob/tasks/t-1.json", text)) == FileEvent(
        "agent.task_noted",
        {
            "file.path": str(ROOT / "agents/bob/tasks/t-1.json"),
            "agent": "bob",
            "task_id": "t-1",
            "status": "done",
            "result": "42 tests",
            "team": "blue",
            "level": 3,
        },
        "Task noted",
        "warning",
        "agent task",
    )
    assert classify(change("agents/bob/tasks/t-1.json", '{"status": "done"}')) is None
    assert classify(change("agents/bob/more/tasks/t-1.json", text)) is None
    assert classify(change("agents/bob/tasks/t-1.json", text, "moved")) is None


def test_the_first_rule_that_fits_speaks(rules):
    """So the special stands before the general."""
    classify = rules(
        """
rules:
  - {path: [docs/**/*.md, README.md], event: doc.written}
  - {path: "*.md", event: note.written, fields: [title, tags]}
"""
    )

    assert [
        event and event.name for event in map(classify, map(change, ("docs/a/b.md", "README.md", "x/y.md", "a.py")))
    ] == [
        "doc.written",
        "doc.written",
        "note.written",
        None,
    ]
    noted = classify(change("a.md", "---\ntitle: One\ntags: [a, b]\nother: 3\n---\ntext"))
    assert noted.attributes == {"file.path": str(ROOT / "a.md"), "title": "One", "tags": ["a", "b"]}
    assert noted.rule == "rules.yaml:4"


def test_long_values_are_cut(rules):
    """An event is no copy of the file."""
    classify = rules("rules: [{path: '*', content: '(?s)(?P<text>.*)', event: file.said}]")

    text = classify(change("a.txt", "x" * 5_000)).attributes["text"]
    assert (len(text), text[-1]) == (2_000, "…")


def test_all_that_is_wrong_is_told_with_its_line(rules, tmp_path):
    """And what would be right."""
    with pytest.raises(ConfigurationError) as caught:
        rules(
            """\
rules:
  - name: first
    path: agents/{agent}/tasks/{1x}.json
    evnt: a.b
    on: [created, changed]
  - path: ["!x", "docs/", "{a}/{a}"]
    event: Bad Name
    content: "(unclosed"
    severity: loud
    attributes: [1]
    fields: 3
  - path: "*.md"
    on: deleted
    event: note.gone
    content: text
  - event: a.b
ruls: 3
"""
        )

    place = tmp_path / "rules.yaml"
    assert [problem.removeprefix(f"{place}:") for problem in caught.value.problems] == [
        "2: 'event' is missing",
        "3: path 'agents/{agent}/tasks/{1x}.json': {1x} is no name; write {agent} or {task_id}, each once",
        "4: unknown key 'evnt': did you mean 'event'?",
        "5: on 'changed': it is one or more of created, modified, moved, deleted",
        "6: path '!x' fits no file: leave the ! away",
        "6: path 'docs/' fits no file: write what files are called, such as docs/**",
        "6: path '{a}/{a}': a name stands there twice; write {agent} or {task_id}, each once",
        "7: event 'Bad Name' must look like 'bad.name'",
        "8: content '(unclosed' is no regular expression: missing ), unterminated subpattern at position 0",
        (
            "9: severity 'loud' is none; say trace, debug, info, warn, error, fatal, a word such as warning or critical, or a"
            " number from 1 to 24"
        ),
        "10: 'attributes' must be a mapping, not [1]",
        "11: 'fields' is a list of names, or attributes with names, not 3",
        "15: a deleted file has no content: remove 'content', or add to 'on'",
        "16: 'path' is missing: a glob such as docs/**/*.md",
        "17: unknown key 'ruls': did you mean 'rules'?",
    ]


@pytest.mark.parametrize("text", ["", "[]", "rules:", "rules: []", "rules: 3", "rules: [3]"])
def test_a_file_without_rules_is_told(text, rules):
    """With what a rule looks like, or what it holds instead."""
    with pytest.raises(ConfigurationError, match=r"rules\.yaml:1: "):
        rules(text)


def test_a_file_that_is_no_yaml_is_told_with_the_line(rules, tmp_path, root):
    """As is one that is not there."""
    with pytest.raises(ConfigurationError, match=r"rules\.yaml:2: "):
        rules("rules:\n  - {path: [}\n")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        ev.watch(root, rules=tmp_path / "nothing.yaml")


def test_rules_are_used_by_a_watcher(root, tmp_path, events):
    """Their file is one more classifier."""
    rules = write(tmp_path / "rules.yaml", "rules: [{path: 'logs/{day}/*', event: log.written}]")

    with ev.watch(root, rules=rules, only_classified=True):
        write(root / "logs" / "monday" / "a.log", "x")
        write(root / "other.txt", "x")

    assert events.only("log.written").attributes["day"] == "monday"


def test_the_rules_of_the_document_are_right(rules):
    """Those who copy them have rules that work."""
    document = (Path(__file__).resolve().parents[2] / "docs" / "watch.md").read_text(encoding="utf-8")
    classify = rules(document.partition("```yaml\n")[2].partition("```")[0])

    task = classify(change("agents/bob/tasks/t-1.json", '{"status": "done", "output": {"text": "x"}}'))
    assert (task.name, task.attributes["result"]) == ("agent.task_noted", "x")
    assert classify(change("a.md")).name == "note.written"
