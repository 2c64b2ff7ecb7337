"""What the documents and the help of the commands show is what works."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from otel_events.cli import exit_codes
from otel_events.cli.app import COMMANDS
from tests.acceptor import HttpAcceptor

ROOT = Path(__file__).resolve().parents[2]
NEEDED = {"jq", "zcat"}


def load_blocks():
    spec = importlib.util.spec_from_file_location("cli_docs_blocks", ROOT / "tests" / "docs" / "blocks.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


blocks = load_blocks()
TEXTS = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("cli.md", "filter.md")}
SHOWN = [
    (command, output)
    for text in TEXTS.values()
    for block in blocks.find_blocks(text)
    if block.language in {"sh", "console"}
    for command, output in blocks.commands(block)
]
EXAMPLES = [
    (line.strip().partition("    #")[0].strip(), "")
    for name in COMMANDS
    for line in (import_module(COMMANDS[name][0]).command.epilog or "").splitlines()
    if "otel-events" in line
]
# These need servers: tests/sinks/test_documents.py runs them.
RELAYS = ("relay --from redis", "relay --from nats", "relay --from stdin", "resonance_ledger")
# Where a developer's own server may listen, which is not to get what the examples send.
SHOWN_RECEIVER = "http://localhost:4318"
# These end when somebody ends them, write to the user's own files, or need what only their user has.
OTHERS = (
    "otel-events serve",
    "otel-events tui",
    "heartbeat courier",
    "--follow --emit",
    "tail -f",
    ">> ~",
    "> ~",
    "train.py",
    "| otel-events tail -f",
    "&& ",
    *RELAYS,
)


@pytest.fixture
def folder(tmp_path, story, ledger_bytes, event):
    """A folder in which everything that examples name is there."""
    (tmp_path / "logs").mkdir()
    for name in ("events.jsonl", "logs/events.jsonl", "traces.jsonl"):
        shutil.copy(story, tmp_path / name)
    import gzip

    (tmp_path / "old.jsonl.gz").write_bytes(gzip.compress(story.read_bytes()))
    (tmp_path / "facts.json").write_text('{"disk": {"free": 1}}')
    (tmp_path / "rules.txt").write_text("expect heartbeat orchestrator within 90s\n")
    (tmp_path / "watch.yaml").write_text("rules: [{path: 'logs/{name}.jsonl', event: log.written}]")
    script = tmp_path / "backup.sh"
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    for name in ("src/agent.py", "lib/ledger_emitter.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("from ledger_emitter import emit_event\nemit_event('eval')\n")
    for name in ("old.jsonl", "new.jsonl"):
        (tmp_path / name).write_text('{"event": "eval", "ts": 1771095683}\n')
    tools = tmp_path / "bin"
    tools.mkdir()
    command = tools / "otel-events"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m otel_events "$@"\n')
    command.chmod(0o755)
    return tmp_path


@pytest.fixture
def receiver():
    """Stand in for the receiver that examples name; return its base URL."""
    with HttpAcceptor() as acceptor:
        yield acceptor.url().removesuffix("/v1/logs")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the examples are for a POSIX shell")
@pytest.mark.parametrize(("command", "output"), [*SHOWN, *EXAMPLES], ids=lambda value: value[:70] or "-")
def test_every_command_that_is_shown_works(command, output, folder, environment, receiver):
    """On a small ledger: no mistake of usage, no traceback, and the output that is shown."""
    is_watch = "otel-events watch" in command and "--dry-run" not in command
    if is_watch or any(other in command for other in OTHERS):
        pytest.skip("needs a person")
    missing = [tool for tool in NEEDED if tool in command.split() and shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{missing} is not installed")
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])

    command = command.replace(SHOWN_RECEIVER, receiver)
    output = output.replace(SHOWN_RECEIVER, receiver)
    run = subprocess.run(
        command, shell=True, cwd=folder, env=environment(PATH=path), capture_output=True, text=True, check=False
    )

    assert "Traceback" not in run.stderr
    if output:
        assert output in run.stderr + run.stdout
    else:
        assert run.returncode in {exit_codes.OK, exit_codes.NO}, run.stderr


def test_the_exit_codes_are_those_of_the_document():
    """Every code has its row."""
    codes = {value for name, value in vars(exit_codes).items() if name.isupper()}

    rows = [line.split("|")[1] for line in TEXTS["cli.md"].splitlines() if line.startswith("| ")]
    told = {int(word.strip(" ,")) for row in rows for word in row.split(",") if word.strip(" ,").isdigit()}
    assert codes <= told


def test_every_command_has_its_section():
    """In the order of importance or any other."""
    assert all(f"\n## {name}\n" in TEXTS["cli.md"] for name in COMMANDS)
