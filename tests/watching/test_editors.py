"""However an editor saves a file, that is one change of it."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.watching.conftest import write

VIM = shutil.which("vim")


def in_place(path, text):
    """Truncate and write: VS Code, nano, notepad."""
    with path.open("w", encoding="utf-8") as file:
        file.flush()
        file.write(text)


def atomic(path, text):
    """Write beside it and rename over it: what careful programs do."""
    beside = path.with_name(f".{path.name}.tmp1234")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def atomic_with_backup(path, text):
    """Make a backup by a second link, then rename over it: gedit, GLib."""
    beside = path.with_name(".goutputstream-ABC123")
    beside.write_text(text, encoding="utf-8")
    path.with_name(path.name + "~").unlink(missing_ok=True)
    os.link(path, path.with_name(path.name + "~"))
    beside.replace(path)


def rename_away(path, text):
    """Rename it to a backup, write it anew, delete the backup: vim, Emacs."""
    backup = path.with_name(path.name + "~")
    path.with_name("4913").touch()
    path.with_name("4913").unlink()
    path.rename(backup)
    path.write_text(text, encoding="utf-8")
    backup.unlink()


def safe_write(path, text):
    """Write beside it, rename the old away, the new into its place, delete the old: JetBrains."""
    new, old = path.with_name(path.name + "___jb_tmp___"), path.with_name(path.name + "___jb_old___")
    new.write_text(text, encoding="utf-8")
    path.rename(old)
    new.rename(path)
    old.unlink()


def office(path, text):
    """With an owner file, a temporary name, and the old one deleted at the end: word processors."""
    owner = path.with_name("~$" + path.name)
    owner.write_text("me", encoding="utf-8")
    new, old = path.with_name("~WRD0001.tmp"), path.with_name("~WRL0002.tmp")
    new.write_text(text, encoding="utf-8")
    path.rename(old)
    new.rename(path)
    old.unlink()
    owner.unlink()


def delete_and_write(path, text):
    """Delete it and write it anew: sync clients, build tools."""
    path.unlink()
    path.write_text(text, encoding="utf-8")


DANCES = [in_place, atomic, atomic_with_backup, rename_away, safe_write, office, delete_and_write]


@pytest.mark.parametrize("dance", DANCES)
def test_saving_is_one_change(dance, root, told, watching):
    """And saving three times in a moment is one, too."""
    path = write(root / "plan.md", "one")
    watcher = watching(debounce=60)

    for text in ("two", "three", "four"):
        dance(path, text)
    watcher.stop()

    assert told.rows == [("file.modified", "plan.md")]
    assert told.changes[0].content.text == "four"


@pytest.mark.slow
@pytest.mark.parametrize("dance", DANCES)
def test_saving_is_told_while_it_watches(dance, root, told, watching):
    """By what the system tells, once the editor has come to rest."""
    path = write(root / "plan.md", "one")
    watching(debounce=1.0)

    for text in ("two", "three", "four"):
        dance(path, text)

    assert told.until(("file.modified", "plan.md")) == [("file.modified", "plan.md")]


@pytest.mark.parametrize("dance", [in_place, atomic, rename_away, safe_write, office])
def test_a_new_file_is_one_that_was_created(dance, root, told, watching):
    """Under its name, not under that which it had on the way."""
    watcher = watching(debounce=60)

    path = write(root / "plan.md", "")
    dance(path, "text")
    watcher.stop()

    assert told.rows == [("file.created", "plan.md")]


@pytest.mark.slow
@pytest.mark.skipif(VIM is None, reason="there is no vim")
@pytest.mark.parametrize(
    "options", ["", "set backupcopy=no writebackup", "set backupcopy=yes", "set nowritebackup noswapfile"]
)
def test_the_real_vim_changes_a_file_once(options, root, told, watching, tmp_path):
    """With each of its ways to write; its swap file and its backup are nobody's news."""
    path = write(root / "plan.md", "one\n")
    watcher = watching(debounce=60)

    command = [
        VIM,
        "-N",
        "-u",
        "NONE",
        "-es",
        "-c",
        options or "set swapfile",
        "-c",
        "normal Gotwo",
        "-c",
        "wq",
        str(path),
    ]
    subprocess.run(
        command, check=False, timeout=30, stdin=subprocess.DEVNULL, env={**os.environ, "HOME": str(tmp_path)}
    )
    assert "two" in path.read_text(encoding="utf-8")
    watcher.stop()

    assert told.rows == [("file.modified", "plan.md")]
