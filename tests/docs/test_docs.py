"""The documents tell the truth: their programs run, print what they say, and their links lead somewhere."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


def load(name):
    """Import a module beside this one, which pytest's import mode does not put on the path."""
    spec = importlib.util.spec_from_file_location(f"tests_docs_{name}", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


blocks = load("blocks")

DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "changelog.d").glob("*.md")]
)
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS}
BLOCKS = {name: blocks.find_blocks(text) for name, text in TEXTS.items()}
CHAINS = [(name, row) for name in DOCUMENTS for row in blocks.chain(BLOCKS[name])]
COMMANDS = [
    (name, command)
    for name in DOCUMENTS
    for block in BLOCKS[name]
    if block.language in {"console", "sh"}
    for command, _ in blocks.commands(block)
]
LINE = json.dumps({"event": "evidence.added", "task_id": "t-1", "attributes": {"quality": 0.82}})
ASSIGNMENT = re.compile(r"\w+=\S*$")


def run_row(name, row, directory):
    """Run the blocks of a row as one program in *directory*; return what each printed."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    path = os.pathsep.join(filter(None, (str(ROOT), settings.get("PYTHONPATH", ""))))
    run = subprocess.run(
        [sys.executable, HERE / "run_blocks.py"],
        input=json.dumps([[name, block.line, block.text] for block, _ in row]),
        env={
            **settings,
            "PYTHONPATH": path,
            "PYTHONIOENCODING": "utf-8",
            "OTEL_EVENTS_LEDGER_PATH": str(directory / "ledger" / "events.jsonl"),
            "XDG_STATE_HOME": str(directory / "state"),
        },
        cwd=directory,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, f"{name}, from line {row[0][0].line}:\n{run.stderr}"
    return run.stdout.split("\x1e")[1:]


def normalize(output):
    """Return *output* without what differs from run to run: ids, times, durations."""
    output = re.sub(r"\b[0-9a-f]{16,32}(-[0-9a-f]+)?\b", "<id>", output)
    output = re.sub(r"\b\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", "<time>", output)
    output = re.sub(r"('duration': |\"duration\":)\d+\.\d+(e-\d+)?", r"\1<seconds>", output)
    return output.strip()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "row"), CHAINS, ids=[f"{name}:{row[0][0].line}" for name, row in CHAINS])
def test_every_python_block_runs_and_prints_what_it_says(name, row, tmp_path):
    """Blocks of Python run as they stand; where the document shows their output, that is it."""
    printed = run_row(name, row, tmp_path)

    for (block, expected), output in zip(row, printed, strict=True):
        if expected is not None:
            assert normalize(output) == normalize(expected), f"{name}, line {block.line}"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["README.md", "docs/getting-started.md"])
def test_the_answers_of_jq_are_those_shown(name, tmp_path):
    """The documents' own programs leave a ledger to which jq gives the answers in the documents."""
    if shutil.which("jq") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("jq is not installed")
    (row,) = (row for document, row in CHAINS if document == name and 'ledger="events.jsonl"' in row[0][0].text)
    run_row(name, row, tmp_path)

    asked = [pair for block in BLOCKS[name] for pair in blocks.commands(block) if pair[0].startswith("jq ")]
    assert asked
    for command, answer in asked:
        run = subprocess.run(shlex.split(command), cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
        assert (run.returncode, run.stdout.strip()) == (0, answer), f"{command}\n{run.stderr}"


@pytest.mark.parametrize(
    ("name", "command"), [pair for pair in COMMANDS if pair[1].startswith("jq ")], ids=lambda value: value[:60]
)
def test_every_question_to_jq_is_one(name, command):
    """jq understands every filter in the documents."""
    if shutil.which("jq") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("jq is not installed")
    words = [word for word in shlex.split(command) if not word.endswith(".jsonl")]

    run = subprocess.run(words, input=LINE, capture_output=True, encoding="utf-8", check=False)

    assert (run.returncode, run.stderr) == (0, ""), f"{name}: {command}"


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[f"{name}:{command[:50]}" for name, command in COMMANDS])
def test_every_command_names_what_exists(name, command):
    """make targets, modules and files that commands name are there."""
    words = [word for word in shlex.split(command, comments=True) if not ASSIGNMENT.match(word)] or [""]
    if words[0] == "make":
        assert words[1] in make_targets()
    elif words[0] == "python" and words[1] == "-m":
        assert importlib.util.find_spec(words[2]) is not None
    elif words[0] == "python" and "/" in words[1]:
        assert (ROOT / words[1]).is_file() or f"not run: file {words[1]} -->" in TEXTS[
            name
        ]  # one that the page itself shows
    elif words[:2] == ["docker", "compose"]:
        assert (ROOT / "docker-compose.yml").is_file()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_make_targets_in_the_text_exist(name):
    """What the text calls `make something` is a target."""
    assert set(re.findall(r"`make ([a-z-]+)", TEXTS[name])) <= make_targets()


def make_targets():
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name):
    """Relative links name files that exist, and headings in them that exist."""
    broken = [target for target in blocks.find_links(TEXTS[name]) if not leads_somewhere(name, target)]

    assert broken == []


def leads_somewhere(name, target):
    if re.match(r"[a-z]+:", target):
        return True  # another site: no test asks the network
    path, _, anchor = target.partition("#")
    document = (ROOT / name).parent / path if path else ROOT / name
    if not document.exists() or ROOT not in document.resolve().parents:
        return False
    return not anchor or anchor in blocks.find_anchors(document.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_names_a_registry(name):
    """Everybody's own mirror serves; a registry's host in a document would say otherwise."""
    hosts = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("proxy.golang", "org"))]

    assert [host for host in hosts if host in TEXTS[name]] == []


def test_every_document_is_on_the_map():
    """docs/index.md names each document beside it."""
    beside = {name.removeprefix("docs/") for name in DOCUMENTS if name.startswith("docs/")} - {"index.md"}

    assert beside <= set(blocks.find_links(TEXTS["docs/index.md"]))


@pytest.mark.parametrize("name", ["event_log.py", "ledger_emitter.py", "library.py", "processes.py", "threads.py"])
@pytest.mark.slow
def test_every_example_runs(name, tmp_path):
    """The small examples run and leave events in the ledger."""
    ledger = tmp_path / "events.jsonl"
    settings = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    path = os.pathsep.join(filter(None, (str(ROOT), settings.get("PYTHONPATH", ""))))
    run = subprocess.run(
        [sys.executable, ROOT / "examples" / name],
        env={**settings, "PYTHONPATH": path, "OTEL_EVENTS_LEDGER_PATH": str(ledger)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (run.returncode, run.stderr) == (0, "")
    assert '"event":' in ledger.read_text(encoding="utf-8")
