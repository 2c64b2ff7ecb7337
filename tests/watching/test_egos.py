"""The profile `egos`: tasks, exchanges with models, and documents that name each other, by the contract of system C."""

from __future__ import annotations

from pathlib import Path

import pytest

import otel_events as ev
from otel_events.watching import Change
from otel_events.watching.content import Content
from otel_events.watching.egos import classify_exchange, classify_references, classify_task, egos_classifiers
from tests.watching.conftest import write

ROOT = Path("/srv/EGOS")


def change(relative, text="", kind="modified"):
    return Change(kind, ROOT / relative, ROOT, content=Content(None, text))


def told(event):
    return None if event is None else {key: value for key, value in event.attributes.items() if key != "file_path"}


@pytest.mark.parametrize(
    ("relative", "text", "expected"),
    [
        (
            "sparc/tasks/a1.json",
            '{"id": "t-1", "type": "refactor", "status": "completed", "result": {"files": 3}}',
            {"id": "t-1", "type": "refactor", "status": "completed", "result": {"files": 3}},
        ),
        (
            "sparc/task_analyze_code.md",
            "---\nstatus: running\nresult: half\n---\n",
            {"id": "task_analyze_code", "type": "analyze", "status": "running", "result": "half"},
        ),
        ("tasks/done/write-docs.md", "", {"id": "write-docs", "type": "document", "status": "done"}),
        ("tasks/tests/t.md", "", {"id": "t", "type": "test", "status": "modified"}),
        ("sparc/other.txt", "", {"id": "other", "type": "process", "status": "modified"}),
        (
            "anywhere/x.json",
            '{"id": 7, "type": "test", "status": "failed"}',
            {"id": "7", "type": "test", "status": "failed"},
        ),
        ("src/multitasking.py", "", None),
        ("anywhere/x.json", '{"id": 7, "type": "other", "status": "failed"}', None),
    ],
)
def test_a_task_file_is_a_task(relative, text, expected):
    """Its fields count, then its name, then the directories that it is in."""
    assert told(classify_task(change(relative, text))) == expected


def test_a_deleted_task_is_told_by_its_path():
    """Its content is gone."""
    assert told(classify_task(change("tasks/t-1.json", kind="deleted"))) == {
        "id": "t-1",
        "type": "process",
        "status": "deleted",
    }


HAIKU = {"prompt": "Write a haiku", "response": "An old pond"}


@pytest.mark.parametrize(
    ("relative", "text", "expected"),
    [
        (
            "logs/a.json",
            '{"model": "llama-3", "prompt": "Write a haiku", "response": "An old pond"}',
            {"model": "llama-3", **HAIKU},
        ),
        (
            "chat.json",
            (
                '{"model": "gpt-4o", "messages": [{"role": "user", "content": "Write a haiku"},'
                ' {"role": "assistant", "content": "An old pond"}]}'
            ),
            {"model": "gpt-4o", **HAIKU},
        ),
        (
            "llm/claude-3-opus_2024-05-01.md",
            "# Log\n\n## Prompt\n\nWrite a haiku\n\n## Response\n\nAn old pond\n\n## Notes\n\nnone\n",
            {"model": "claude-3-opus", **HAIKU},
        ),
        (
            "a.md",
            "---\nmodel: phi-3\nprompt: Write a haiku\n---\n**Assistant:** An old pond",
            {"model": "phi-3", **HAIKU},
        ),
        ("a.txt", "model: mistral-7b\nUser: Write a haiku\nAssistant: An old pond\n", {"model": "mistral-7b", **HAIKU}),
        ("chat_gpt.txt", "Model: gpt-4o\nUser: Write a haiku\nAssistant: An old pond\n", {"model": "gpt-4o", **HAIKU}),
        ("a.txt", "Human: Write a haiku\nAssistant: An old pond\n", {"model": "unknown", **HAIKU}),
        (
            "a.txt",
            "asked gemini-1.5-pro\nQuestion: Write a haiku\nAnswer: An old pond",
            {"model": "gemini-1.5-pro", **HAIKU},
        ),
        ("settings.yaml", "input: a.txt\n", None),
        ("code.py", "user = 'me'\nprompt(user)\n", None),
        ("readme.md", "# Input\n\nnothing\n", None),
    ],
)
def test_an_exchange_is_found_in_all_the_forms_that_people_keep(relative, text, expected):
    """JSON, messages, front matter, headings, names; the model by what is stated, the file's name, or the text."""
    assert told(classify_exchange(change(relative, text))) == expected


def test_prompts_and_responses_are_cut_or_left_out():
    """2,000 characters each; without content only how long they are."""
    text = f"User: {'q' * 3_000}\nAssistant: {'a' * 50}"

    told_all = told(classify_exchange(change("a.txt", text)))
    assert (len(told_all["prompt"]), told_all["prompt"][-1]) == (2_000, "…")
    assert told(classify_exchange(change("a.txt", text), with_content=False)) == {
        "model": "unknown",
        "prompt_length": 3_000,
        "response_length": 50,
    }


@pytest.mark.parametrize(
    ("text", "references"),
    [
        (
            "@references:\n  - subsystems/ETHIK/rules.md\n  - [MQP](mdc:docs/MQP.md)\n\n- ./plan.md\ntext\n- no.md",
            ["subsystems/ETHIK/rules.md", "docs/MQP.md", "subsystems/KOIOS/plan.md"],
        ),
        ("<!-- @references: docs/a.md, docs/b.md -->", ["docs/a.md", "docs/b.md"]),
        (
            "# @references(level=1):\n# - docs/a.md - what it is\n# - Core References:\n#   - `docs/b.md`",
            ["docs/a.md", "docs/b.md"],
        ),
        (
            "see [it](file:///srv/EGOS/docs/my%20plan.md#part) and file:///C:/EGOS/docs/b.md",
            ["docs/my plan.md", "C:/EGOS/docs/b.md"],
        ),
        ("@references:\n- subsystems/KOIOS/a.md\n- https://example.com/x.md", None),
        ("no references here", None),
    ],
)
def test_references_are_found_in_blocks_and_links(text, references):
    """Each once; in comments of HTML and of programs too; not to itself, and not to the web."""
    found = told(classify_references(change("subsystems/KOIOS/a.md", text)))

    assert (found and found["references"]) == references


def test_a_reference_to_another_subsystem_has_propagated():
    """The pattern is what is named there."""
    foreign = "@references:\n- subsystems/KOIOS/b.md\n- subsystems/ETHIK/shared_rules.md"

    assert told(classify_references(change("subsystems/KOIOS/a.md", foreign))) == {
        "subsystem": "KOIOS",
        "pattern": "shared_rules",
        "status": "propagated",
        "references": ["subsystems/KOIOS/b.md", "subsystems/ETHIK/shared_rules.md"],
    }
    local = told(classify_references(change("docs/a.md", "@references: docs/b.md")))
    assert (local["subsystem"], local["pattern"], local["status"]) == ("docs", "b", "local")


def test_every_event_names_its_file():
    """As its own system writes paths."""
    text = "User: a\nAssistant: b\n@references:\n- docs/x.md"
    events = [classify(change("tasks/a.md", text)) for classify in egos_classifiers()]

    assert [event.name for event in events] == ["sparc.task", "llm.interaction", "pattern.propagated"]
    assert {event.attributes["file_path"] for event in events} == {str(ROOT / "tasks" / "a.md")}


def test_a_file_that_was_moved_says_nothing_new():
    """But a task that was moved may stand otherwise."""
    moved = change("tasks/done/a.md", "User: a\nAssistant: b\n@references:\n- docs/x.md", "moved")

    assert [event and event.name for event in (classify(moved) for classify in egos_classifiers())] == [
        "sparc.task",
        None,
        None,
    ]


def test_files_that_want_to_be_trouble_are_none():
    """Fields that grow without end when they are spelled out, and lines without an end."""
    levels = "\n".join(f"{name}: &{name} [{', '.join(['*' + chr(ord(name) - 1)] * 9)}]" for name in "bcdefghi")
    bomb = f"---\na: &a [x, x, x]\n{levels}\nid: *i\nstatus: *i\n---\n"

    assert told(classify_task(change("tasks/a.md", bomb))) == {"id": "a", "type": "process", "status": "modified"}
    assert classify_references(change("a.md", "@references:\n- " + "[" * 60_000)) is None
    assert classify_exchange(change("a.md", "prompt" + " " * 60_000 + "user:" * 1_000)) is None


def test_the_profile_keeps_to_the_catalogue(root):
    """In strict mode nothing of it departs."""
    from otel_events.testing import capture_events

    with capture_events(strict=True) as events, ev.watch(root, profile="egos"):
        write(root / "tasks" / "a.json", '{"id": "1", "result": {"a": [1]}}')
        write(root / "b.md", "User: a\nAssistant: b\n@references:\n- docs/x.md")
        write(root / "c.md", "nothing")

    assert sorted(events.names) == ["file.created", "llm.interaction", "pattern.propagated", "sparc.task"]


def test_content_is_left_out_by_the_setting(root, events):
    """OTEL_EVENTS_WATCH_CONTENT=false, unless the call says otherwise."""
    ev.configure(watch_content=False)
    with ev.watch(root, profile="egos"):
        write(root / "b.md", "User: a\nAssistant: b")
    with ev.watch(root, profile="egos", content=True):
        write(root / "c.md", "User: a\nAssistant: b")

    assert ["prompt" in event.attributes for event in events.named("llm.interaction")] == [False, True]
