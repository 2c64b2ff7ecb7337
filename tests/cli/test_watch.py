"""`watch`: what happens to files is shown and emitted, until somebody ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.conftest import clean_environment
from tests.program import ledger_events

PATIENCE = 60.0
RULES = """
rules:
  - name: agent task
    path: agents/{agent}/tasks/{task_id}.json
    event: agent.task_noted
    content: '"token": "(?P<token>[^"]+)"'
"""


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "root"
    (path / "agents" / "bob" / "tasks").mkdir(parents=True)
    (path / "agents" / "bob" / "tasks" / "t-1.json").write_text('{"token": "sk-live-1234567890abcdef1234"}')
    (path / "note.md").write_text("User: Write a haiku\nAssistant: An old pond")
    (path / "a.log").write_text("x")
    (path / ".gitignore").write_text("*.log\n")
    (tmp_path / "rules.yaml").write_text(RULES)
    return path


@pytest.fixture
def running(tmp_path):
    """Start the command, and end it with the test."""
    started = []

    def start(*arguments, **variables):
        process = subprocess.Popen(
            [sys.executable, "-m", "otel_events", "watch", *map(str, arguments)],
            env=clean_environment(tmp_path, **variables),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def end(process, number=signal.SIGINT):
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def until(path, name):
    """Wait until the ledger at *path* has an event of that name."""
    deadline = time.monotonic() + PATIENCE
    while name not in [event["event"] for event in ledger_events(path)]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_dry_run_shows_path_rule_and_event(root, invoke):
    """And ends; nothing is emitted, and no secret is shown."""
    answer = invoke("watch", root, "--rules", "rules.yaml", "--profile", "egos", "--dry-run")

    assert (answer.code, answer.err) == (0, "3 files, 2 by a rule\n")
    lines = answer.out.splitlines()
    assert lines[0] == ".gitignore -> no rule -> file.modified  file.size=6"
    assert lines[1].startswith("agents/bob/tasks/t-1.json -> agent task -> agent.task_noted  agent=bob  task_id=t-1")
    assert "token=<REDACTED" in lines[1]
    assert lines[2] == "agents/bob/tasks/t-1.json -> egos.tasks -> sparc.task  id=t-1  type=process  status=modified"
    assert lines[3].startswith("note.md -> egos.exchanges -> llm.interaction  model=unknown  prompt=Write a haiku")
    assert "1234567890" not in answer.out
    assert not (root.parent / "ledger.jsonl").exists()


def test_a_dry_run_as_json(root, invoke, rows):
    """One object for each event that would be; null where there would be none."""
    answer = invoke(
        "watch", root, "--rules", "rules.yaml", "--only-classified", "--dry-run", "--json", "--include", "*.md"
    )

    assert rows(answer.out) == [{"change": "modified", "path": str(root / "note.md"), "event": None}]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothing"], 3, "nothing does not exist"),
        (["root", "--profile", "egon"], 2, "there is no profile 'egon'; there is egos"),
        (["root", "--debounce", "0"], 2, "debounce must be more than 0"),
        ([], 2, "Missing argument"),
    ],
)
def test_what_is_wrong_is_said(arguments, code, said, root, invoke):
    """With the exit code of its kind."""
    answer = invoke("watch", *arguments)

    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err


def test_a_wrong_rule_file_is_told_as_a_whole(root, invoke, tmp_path):
    """Every mistake, with its line."""
    (tmp_path / "wrong.yaml").write_text("rules:\n  - {event: Bad}\n  - {path: a, evnt: b.c}\n")

    answer = invoke("watch", root, "--rules", "wrong.yaml")

    assert answer.code == 2
    assert answer.err.count("wrong.yaml:2: ") == 2
    assert answer.err.count("wrong.yaml:3: ") == 2


@pytest.mark.slow
def test_it_shows_and_emits_until_ctrl_c(root, running, tmp_path):
    """What was changed until then, too; with an account at the end."""
    ledger = tmp_path / "ledger.jsonl"
    process = running(root, "--initial", "1", "--rules", "rules.yaml")
    until(ledger, "file.modified")
    (root / "new.txt").write_text("x")
    until(ledger, "file.created")
    (root / "agents" / "bob" / "tasks" / "t-2.json").write_text('{"token": "ghp_abcdefghijklmnopqrstuvwxyz0123456789"}')
    code, out, err = end(process)

    assert (code, err) == (130, "2 changes, 3 events\n")
    assert [line.split("  ")[1:3] for line in out.splitlines()] == [
        ["file.modified", "root/.gitignore"],
        ["file.created", "root/new.txt"],
        ["agent.task_noted", "root/agents/bob/tasks/t-2.json"],
    ]
    noted = ledger_events(ledger)[-1]
    assert noted["event"] == "agent.task_noted"
    assert noted["task_id"] == "t-2"
    assert noted["attributes"]["token"].startswith("<REDACTED")
    assert "abcdefghijklmnop" not in out + ledger.read_text()
    assert "\x1b" not in out


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill of POSIX")
def test_kill_ends_it_as_ctrl_c_does_and_the_trace_of_a_caller_is_its_events(root, running, tmp_path):
    """What runs it as part of a task finds its events there."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    process = running(root, "--json", TRACEPARENT=f"00-{trace}-00f067aa0ba902b7-01", BAGGAGE="task_id=t-9")
    (root / "one.txt").touch()  # in one step: what is just being written when the first look comes is changed after it
    seen = process.stdout.readline() if _changes_until_seen(root, process) else ""
    code, _, err = end(process, signal.SIGTERM)

    assert (code, err) == (130, "")
    told = json.loads(seen)
    assert (told["change"], told["event"], told.get("rule")) == ("created", "file.created", None)
    emitted = ledger_events(tmp_path / "ledger.jsonl")[0]
    assert (emitted["trace_id"], emitted["task_id"]) == (trace, "t-9")


def _changes_until_seen(root, process):
    """Make files until the command, which takes a moment to begin, has told of one."""
    import select

    deadline = time.monotonic() + PATIENCE
    number = 0
    while time.monotonic() < deadline:
        number += 1
        (root / f"more-{number}.txt").touch()
        if select.select([process.stdout], [], [], 0.5)[0]:
            return True
    return False


@pytest.mark.slow
def test_a_reader_that_leaves_ends_it(root, running, tmp_path):
    """`otel-events watch | head -1` does not go on for ever."""
    process = running(root)
    assert _changes_until_seen(root, process)
    process.stdout.close()
    deadline = time.monotonic() + PATIENCE
    number = 0
    while process.poll() is None and time.monotonic() < deadline:
        number += 1
        (root / f"again-{number}.txt").write_text("x")
        time.sleep(0.2)

    assert process.poll() == 141
    assert "Traceback" not in process.stderr.read()
    process.stdout = None
