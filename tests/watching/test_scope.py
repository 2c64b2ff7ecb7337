"""Which files are watched: chosen directories, globs, ignore files, and never what this program writes itself."""

from __future__ import annotations

import json

import pytest

import otel_events as ev
from otel_events.errors import ConfigurationError
from otel_events.watching.scope import Scope
from tests.program import run_program
from tests.watching.conftest import write


@pytest.fixture
def covered(root):
    """Return the files that are watched, of those that are there."""

    def list_files(**options):
        scope = Scope(str(root), **options)
        return sorted(path[len(str(root)) + 1 :].replace("\\", "/") for path in scope.walk(str(root), []))

    return list_files


def lay(root, *names):
    for name in names:
        write(root / name, name)


def test_globs_choose_files(root, covered):
    """As git understands them; `!` takes one back."""
    lay(root, "a.md", "b.txt", "drafts/c.md", "docs/drafts/d.md", "docs/e.md", "docs/e.md~")

    assert covered(include=["*.md"]) == ["a.md", "docs/drafts/d.md", "docs/e.md", "drafts/c.md"]
    assert covered(include=["docs/**"]) == ["docs/drafts/d.md", "docs/e.md"]
    assert covered(include=["*.md"], exclude=["drafts/", "!/drafts/"]) == ["a.md", "docs/e.md", "drafts/c.md"]
    assert "docs/e.md~" in covered(exclude=["!*~"])


def test_what_version_control_and_editors_keep_is_not_watched(root, covered):
    """Without a word by anybody."""
    lay(root, "a.py", ".git/index", "sub/.git/config", "__pycache__/a.pyc", ".a.py.swp", "a.py~", "#a.py#", "~$a.docx")

    assert covered() == ["a.py"]


def test_ignore_files_are_obeyed_where_they_stand(root, covered):
    """Each for its directory and what is in it, the nearest before all; ours beside git's."""
    lay(root, "a.log", "keep.log", "build/x.o", "sub/a.log", "sub/private.md", "sub/deep/a.tmp", "sub/deep/b.tmp")
    write(root / ".gitignore", "*.log\n!keep.log\n/build/\n")
    write(root / "sub" / ".gitignore", "!a.log\n*.tmp\n")
    write(root / "sub" / ".otel-eventsignore", "private.md\n")
    write(root / "sub" / "deep" / ".gitignore", "!b.tmp\n")

    names = [name for name in covered() if not name.endswith("ignore")]
    assert names == ["keep.log", "sub/a.log", "sub/deep/b.tmp"]
    assert "build/x.o" in covered(ignore_files=False)


def test_ignore_files_above_count_up_to_the_top_of_the_repository(tmp_path):
    """But not for a directory that somebody asks for although it is ignored."""
    repository = tmp_path / "repository"
    lay(repository, ".git/HEAD", "src/a.py", "src/a.log", "out/b.log")
    write(repository / ".gitignore", "*.log\nout/\n")
    write(tmp_path / ".gitignore", "*.py\n")

    def names(name):
        scope = Scope(str(repository / name))
        return [path.rpartition("/")[2] for path in scope.walk(str(repository / name), [])]

    assert names("src") == ["a.py"]
    assert names("out") == ["b.log"]


@pytest.mark.parametrize("options", [{}, {"polling": True, "poll_interval": 0.05}])
def test_an_ignore_file_that_changes_is_obeyed_from_then_on(options, root, told, watching):
    """Whether it is watched itself or not; what it lets in or leaves out has not changed by that."""
    lay(root, "a.log", "b.txt", "c.md")
    write(root / ".gitignore", "*.log\n")
    watching(include=["*.log", "*.txt", "*.md"], **options)

    write(root / ".gitignore", "*.txt\n")
    write(root / "c.md", "at the same time")
    told.until(("file.modified", "c.md"))
    write(root / "b.txt", "ignored by now")
    write(root / "a.log", "watched by now")

    assert told.until(("file.modified", "a.log")) == [("file.modified", "c.md"), ("file.modified", "a.log")]


def test_one_file_may_be_watched(root, told, watching):
    """And nothing beside it."""
    lay(root, "a.txt", "b.txt", "sub/a.txt")
    watching(root / "a.txt")

    for name in ("b.txt", "sub/a.txt", "new.txt", "a.txt"):
        write(root / name, "changed")

    assert told.until(("file.modified", "a.txt")) == [("file.modified", "a.txt")]


def test_a_directory_within_another_is_told_once(root, told, watching):
    """However often it is named."""
    lay(root, "sub/a.txt")
    watching(root, root / "sub", root / "sub" / "a.txt", str(root))

    write(root / "sub" / "a.txt", "changed")

    assert told.until(("file.modified", "sub/a.txt")) == [("file.modified", "sub/a.txt")]


def test_a_wrong_glob_is_told(root):
    """When the watcher is made."""
    with pytest.raises(ConfigurationError, match="!"):
        ev.watch(root, include=["!"])


OWN = """
import os, sys, time
import otel_events as ev
from pathlib import Path

root = Path("root").absolute()
root.mkdir()
output = sys.stdout = open(root / "output.txt", "w", buffering=1)
os.dup2(sys.stdout.fileno(), 1)
ev.configure(ledger=str(root / "ledger.jsonl"), spool_dir=str(root / "spool"))
with ev.watch(root, debounce=0.05, on_event=lambda change, event: print(event.name)):
    (root / "a.txt").write_text("x")
    time.sleep(1.5)
ev.shutdown()
sys.stdout = sys.__stdout__
output.close()
"""


@pytest.mark.slow
def test_what_this_program_writes_is_not_told(tmp_path):
    """The ledger, the spool, and the file that its output goes into: each event would be the next change."""
    ran = run_program(OWN, tmp_path)

    assert ran.code == 0, ran.err

    lines = (tmp_path / "root" / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    names = [json.loads(line)["event"] for line in lines]
    assert [name for name in names if name.startswith("file.")] == ["file.created"]
    assert (tmp_path / "root" / "output.txt").read_text(encoding="utf-8") == "file.created\n"
