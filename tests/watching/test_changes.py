"""What happened to a file is one event, and what did not happen is none."""

from __future__ import annotations

import os
import sys
import time

import pytest

import otel_events as ev
from otel_events.errors import ConfigurationError
from tests.watching.conftest import write


def test_a_created_file_is_told(root, told, watching, events):
    """With OpenTelemetry's attributes of a file."""
    watching()

    path = write(root / "docs" / "plan.md", "hello")

    told.until(("file.created", "docs/plan.md"))
    assert events.only("file.created").attributes == {
        "file.path": str(path),
        "file.name": "plan.md",
        "file.extension": "md",
        "file.size": 5,
    }


def test_a_change_is_told_though_the_size_is_the_same(root, told, watching):
    """What a file says is compared, not only how long it is."""
    path = write(root / "a.txt", "one")
    watching()

    path.write_text("two", encoding="utf-8")

    assert told.until(("file.modified", "a.txt")) == [("file.modified", "a.txt")]


def test_a_touch_is_no_change(root, told, watching):
    """Nor is writing the same once more."""
    path = write(root / "a.txt", "one")
    watcher = watching(debounce=60)

    os.utime(path)
    path.write_text("one", encoding="utf-8")
    path.chmod(0o600)
    write(root / "last.txt", "x")

    watcher.stop()
    assert told.rows == [("file.created", "last.txt")]


def test_a_move_is_one_event_with_both_paths(root, told, watching, events):
    """Not one that was deleted and one that was created."""
    path = write(root / "a.txt", "one")
    watching()

    (root / "sub").mkdir()
    path.rename(root / "sub" / "b.txt")

    assert told.until(("file.moved", "sub/b.txt")) == [("file.moved", "sub/b.txt")]
    moved = events.only("file.moved").attributes
    assert (moved["file.path"], moved["destination_path"]) == (str(path), str(root / "sub" / "b.txt"))


def test_a_chain_of_renames_is_one_move(root, told, watching):
    """From where it was to where it came to rest."""
    write(root / "a.txt", "one")
    watcher = watching(debounce=60)

    for source, target in (("a.txt", "b.txt"), ("b.txt", "c.txt"), ("c.txt", "d.txt")):
        (root / source).rename(root / target)

    watcher.stop()
    assert told.rows == [("file.moved", "d.txt")]
    assert told.changes[0].source == root / "a.txt"


@pytest.mark.slow
def test_a_moved_and_edited_file_has_moved(root, told, watching):
    """The system says so; what it says now need not be what it said."""
    write(root / "a.txt", "one")
    watching(debounce=1.0)

    (root / "a.txt").rename(root / "b.txt")
    (root / "b.txt").write_text("another", encoding="utf-8")

    assert told.until(("file.moved", "b.txt")) == [("file.moved", "b.txt")]


def test_a_file_that_is_written_to_under_its_new_name_has_moved(root, told, watching):
    """Its old name waits for the new one to be left alone."""
    write(root / "a.txt", "one")
    watching(debounce=0.2)

    (root / "a.txt").rename(root / "b.txt")
    for number in range(12):
        write(root / "b.txt", f"line {number}")
        time.sleep(0.05)

    told.until(("file.moved", "b.txt"))
    assert set(told.rows) <= {("file.moved", "b.txt"), ("file.modified", "b.txt")}


def test_the_files_of_a_moved_directory_have_moved(root, told, watching):
    """Each of them, and directories are told by their files alone."""
    for name in ("a.txt", "deep/b.txt"):
        write(root / "old" / name, name)
    watching()

    (root / "old").rename(root / "new")

    told.until(("file.moved", "new/a.txt"), ("file.moved", "new/deep/b.txt"))
    assert len(told.rows) == 2


def test_a_directory_that_comes_in_or_goes_out_brings_or_takes_its_files(root, tmp_path, told, watching):
    """Beyond the watched directory nothing is known."""
    write(tmp_path / "outside" / "a.txt", "a")
    write(root / "inside" / "b.txt", "b")
    watching()

    (tmp_path / "outside").rename(root / "came")
    (root / "inside").rename(tmp_path / "went")

    told.until(("file.created", "came/a.txt"), ("file.deleted", "inside/b.txt"))
    assert len(told.rows) == 2


def test_a_deleted_tree_is_told_file_by_file(root, told, watching):
    """Also what was deep in it."""
    import shutil

    for number in range(5):
        write(root / "tree" / str(number) / "a.txt", str(number))
    watching()

    shutil.rmtree(root / "tree")

    told.until(*(("file.deleted", f"tree/{number}/a.txt") for number in range(5)))
    assert len(told.rows) == 5


def test_a_file_that_comes_and_goes_at_once_is_nothing(root, told, watching):
    """Temporary files of programs are nobody's news."""
    watcher = watching(debounce=60)

    write(root / "x.tmp", "x").unlink()
    write(root / "last.txt", "x")

    watcher.stop()
    assert told.rows == [("file.created", "last.txt")]


@pytest.mark.slow
def test_a_file_that_is_written_to_all_the_time_is_told_all_the_same(root, told, watching):
    """A log never comes to rest."""
    path = write(root / "a.log", "")
    watching(debounce=0.2)

    with path.open("a", encoding="utf-8") as file:
        while ("file.modified", "a.log") not in told.rows:
            file.write("line\n")
            file.flush()
            time.sleep(0.02)

    assert set(told.rows) == {("file.modified", "a.log")}


def test_what_changed_until_the_end_of_the_block_is_told(root, events):
    """Nobody has to wait for the debounce."""
    write(root / "gone.txt", "x")

    with ev.watch(root, debounce=60):
        write(root / "a.txt", "one")
        (root / "gone.txt").unlink()

    assert events.names == ["file.deleted", "file.created"]


def test_the_thread_ends_with_the_block(root, events):
    """It can be started again, and then knows only what happens from then on."""
    import threading

    watcher = ev.watch(root)
    with watcher:
        assert "otel_events.watch" in {thread.name for thread in threading.enumerate()}
    write(root / "between.txt", "x")
    with watcher:
        write(root / "after.txt", "x")

    assert "otel_events.watch" not in {thread.name for thread in threading.enumerate()}
    assert [event.attributes["file.name"] for event in events] == ["after.txt"]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="there are no symbolic links")
def test_links_are_not_followed(root, tmp_path, told, watching):
    """Who may put a link into the directory learns nothing of what it leads to."""
    secret = write(tmp_path / "secret" / "key.txt", "prompt: x")
    seen = []
    watching(classify=lambda change: seen.append(change.content.text))

    (root / "link.txt").symlink_to(secret)
    (root / "linked").symlink_to(secret.parent)

    told.until(("file.created", "link.txt"), ("file.created", "linked"))
    assert seen == ["", ""]
    assert ("file.created", "linked/key.txt") not in told.rows


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are Unicode there")
def test_files_may_have_any_name(root, told, watching, events):
    """Also one that is no Unicode, or has a line end in it."""
    watching()

    for name in (b"\xff\xfe.txt", b"line\nend.txt", "grün 😀.md".encode(), b"[a]{b}*?.txt"):
        with open(os.path.join(os.fsencode(root), name), "w") as file:  # noqa: PTH118, PTH123
            file.write("x")
    told.until_true(lambda: len(told.rows) == 4)

    assert {event.attributes["file.name"] for event in events} >= {"line\nend.txt", "grün 😀.md", "[a]{b}*?.txt"}
    assert events.names == ["file.created"] * 4


def test_what_is_wrong_with_the_arguments_is_told_at_once(root, tmp_path):
    """All of it in one error, before anything is watched."""
    with pytest.raises(ConfigurationError) as caught:
        ev.watch(debounce=0, burst=-1, profile="egon", rules=tmp_path / "none.yaml")

    assert len(caught.value.problems) == 5
    assert "there is no profile 'egon'; there is egos" in str(caught.value)

    with pytest.raises(ConfigurationError, match="nothing does not exist"):
        ev.watch(root, tmp_path / "nothing")
