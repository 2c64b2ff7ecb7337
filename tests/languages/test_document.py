"""docs/languages.md: its programs run and say what they show."""

from __future__ import annotations

import shutil

import pytest

from tests.docs import blocks
from tests.languages import powershell_rules as rules
from tests.languages.speaking import LANGUAGES, ROOT, events_of, run

BLOCKS = blocks.find_blocks((ROOT / "docs" / "languages.md").read_text(encoding="utf-8"))


def program(language):
    """Return the first block of *language* in the document."""
    return next(block.text for block in BLOCKS if block.language == language)


@pytest.mark.slow
def test_the_script_says_what_it_shows(server, tmp_path):
    """Sourced from the folder to which it was copied, without an error."""
    shutil.copy(LANGUAGES / "shell" / "otel-events.sh", tmp_path)
    (tmp_path / "program.sh").write_text(program("shell"))

    done = run(
        ["dash", "-eu", "program.sh"], tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME="doc-shell"
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert [
        (event["event"], event["severity"], event.get("cycle")) for event in events_of(server, "doc-shell", count=7)
    ] == [
        ("evidence.added", "INFO", None),
        ("alert.triggered", "WARN", None),
        ("task.started", "INFO", 42),
        ("evidence.rejected", "INFO", 42),
        ("task.completed", "INFO", 42),
        ("task.started", "INFO", 42),
        ("task.completed", "INFO", 42),
    ]


@pytest.mark.slow
def test_the_module_says_what_it_shows(server, tmp_path):
    """In Node, from the folder to which it was copied."""
    shutil.copytree(LANGUAGES / "javascript", tmp_path, dirs_exist_ok=True)
    (tmp_path / "program.js").write_text(program("javascript"))

    done = run(["node", "program.js"], tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp)

    assert (done.returncode, done.stdout, done.stderr) == (0, "2\n", "")
    assert [(event["event"], event.get("task_id")) for event in events_of(server, "shop", count=5)] == [
        ("evidence.added", None),
        ("alert.triggered", None),
        ("task.started", "t-1"),
        ("evidence.rejected", "t-1"),
        ("task.completed", "t-1"),
    ]


@pytest.mark.parametrize(
    "text", [block.text for block in BLOCKS if block.language == "powershell"], ids=lambda text: text[:30]
)
def test_the_powershell_parses(text):
    """By the grammar of 5.1; nobody has run it."""
    assert not rules.parse(text).has_error


@pytest.mark.slow
def test_the_example_is_one_trace(server, tmp_path):
    """examples/languages.sh and the program in Node that it begins: one trace, the one task inside of the other."""
    example = str(ROOT / "examples" / "languages.sh")
    done = run(["sh", example], tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME="example-shell")

    assert (done.returncode, done.stderr) == (0, "")
    begun = next(event for event in events_of(server, "example-shell", count=4) if event["event"] == "task.started")
    (read, *_) = events_of(server, "languages-example-node", count=3)
    assert (read["event"], read["trace_id"], read["parent_task_id"]) == (
        "task.started",
        begun["trace_id"],
        begun["task_id"],
    )
