"""Directories that go and come back, systems without room, network drives: told once, with the cure."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys

import pytest

import otel_events as ev
from otel_events.watching.notifications import NoRoomError, Notifications
from otel_events.watching.plan import Plan
from otel_events.watching.watcher import Watcher
from tests.effort import rest_slow
from tests.program import environment
from tests.watching.conftest import write


@pytest.mark.slow
def test_a_directory_that_is_gone_is_told_once_and_watched_when_it_is_back(root, told, watching, events, caplog):
    """Its files are not deleted one by one: perhaps it is only not mounted. Back again, what is different is told."""
    for name in ("same.txt", "changed.txt", "gone.txt"):
        write(root / "sub" / name, name)
    away = root.with_name("away")
    watching()

    root.rename(away)
    told.until(("watch.interrupted", None))
    write(away / "sub" / "changed.txt", "otherwise")
    (away / "sub" / "gone.txt").unlink()
    away.rename(root)
    told.until(("watch.resumed", None), ("file.modified", "sub/changed.txt"), ("file.deleted", "sub/gone.txt"))
    write(root / "new.txt", "x")
    told.until(("file.created", "new.txt"))

    assert len(told.rows) == 5
    assert events.one("watch.interrupted").attributes == {
        "file.directory": str(root),
        "reason": "the watched directory is gone",
        "cure": "make it again, or mount it: it is then watched as before",
    }
    assert [record.message for record in caplog.records if record.levelno == logging.WARNING] == [
        f"{root}: the watched directory is gone; make it again, or mount it: it is then watched as before"
    ]


@pytest.mark.slow
def test_a_directory_that_was_deleted_and_made_anew_is_watched(root, told, watching):
    """Another directory of the same name is the same to those who watch it."""
    write(root / "a.txt", "a")
    watching()

    shutil.rmtree(root)
    told.until(("watch.interrupted", None))
    write(root / "b.txt", "b")

    told.until(("watch.resumed", None), ("file.created", "b.txt"), ("file.deleted", "a.txt"))


@pytest.mark.slow
def test_a_directory_that_is_replaced_at_once_is_compared(root, told, watching):
    """As deployments do it: nobody sees a moment without it."""
    write(root / "a.txt", "one")
    write(root.with_name("next") / "a.txt", "two")
    watching()

    root.rename(root.with_name("before"))
    root.with_name("next").rename(root)

    told.until(("file.modified", "a.txt"))
    write(root / "b.txt", "x")
    told.until(("file.created", "b.txt"))


class NoRoom(Notifications):
    """Stands in for a system whose watches are used up."""

    def start(self):
        raise NoRoomError("inotify watch limit reached")


class FilledUp(Notifications):
    """Stands in for a system that has room at the start alone."""

    def has_room(self):
        return self._observer is None or not os.path.exists(os.path.join(self._directory, "full"))  # noqa: PTH110, PTH118


@pytest.mark.parametrize("observe", rest_slow([NoRoom, FilledUp]))
def test_without_room_in_inotify_it_looks_again_and_again(observe, root, told, events):
    """It says so once, with the cure, and nothing is lost."""
    write(root / "a.txt", "one")
    plan = Plan((str(root),), debounce=0.05, poll_interval=0.1, on_event=told)

    with Watcher(plan, observe=observe):
        (root / "full").mkdir()
        told.until(("watch.interrupted", None))
        for text in ("two", "three"):
            write(root / "a.txt", text)
            told.until_true(lambda: told.rows.count(("file.modified", "a.txt")) == ("two", "three").index(text) + 1)
        write(root / "full" / "deep" / "b.txt", "x")
        told.until(("file.created", "full/deep/b.txt"))

    interrupted = events.one("watch.interrupted").attributes
    assert "inotify watch limit reached" in interrupted["reason"]
    assert "fs.inotify.max_user_watches" in interrupted["cure"]
    assert "polling" in interrupted["cure"]


LIMITED = """
import sys, time
from pathlib import Path
import otel_events as ev

Path("/proc/sys/user/max_inotify_watches").write_text("5")
root = Path("root").absolute()
for number in range(10):
    (root / str(number)).mkdir(parents=True)
seen = []
ev.configure(ledger=str(Path("ledger.jsonl").absolute()))
with ev.watch(root, debounce=0.05, poll_interval=0.1, on_event=lambda change, event: seen.append(event)):
    for number in range(10):
        (root / str(number) / "a.txt").write_text("x")
    end = time.monotonic() + 30
    while len(seen) < 11 and time.monotonic() < end:
        time.sleep(0.05)
    for event in seen:
        print(event.name, event.attributes.get("reason", ""))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux") or shutil.which("unshare") is None, reason="needs unshare")
def test_the_real_limit_of_inotify_is_noticed(tmp_path):
    """watchdog says nothing of directories for which there was no room."""
    program = tmp_path / "program.py"
    program.write_text(LIMITED, encoding="utf-8")
    ran = subprocess.run(
        ["unshare", "--user", "--map-root-user", sys.executable, str(program)],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if "Operation not permitted" in ran.stderr or "max_inotify_watches" in ran.stderr:
        pytest.skip("this system allows no user namespaces")

    lines = ran.stdout.splitlines()
    assert lines[0] == ("watch.interrupted the system's notifications are used up (inotify watch limit reached)"), (
        ran.stderr
    )
    assert lines[1:] == ["file.created "] * 10


def test_polling_sees_what_notifications_see(root, told, watching, events):
    """Created, modified at the same size, moved and deleted, without a word of the system's."""
    for name in ("a.txt", "b.txt", "c.txt"):
        write(root / name, name)
    watching(polling=True, poll_interval=0.05)

    write(root / "a.txt", "A.TXT")
    told.until(("file.modified", "a.txt"))
    (root / "b.txt").rename(root / "moved.txt")
    told.until(("file.moved", "moved.txt"))
    (root / "c.txt").unlink()
    write(root / "d.txt", "d")
    os.utime(root / "a.txt")

    told.until(("file.deleted", "c.txt"), ("file.created", "d.txt"))
    assert len(told.rows) == 4
    assert "watch.interrupted" not in events.names


def test_what_cannot_be_listed_is_not_gone(root, told, watching):
    """A directory that is closed to us for a while has lost none of its files."""
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("nothing is closed to this user")
    write(root / "closed" / "a.txt", "a")
    watching(polling=True, poll_interval=0.05)

    (root / "closed").chmod(0)
    write(root / "b.txt", "b")
    told.until(("file.created", "b.txt"))
    (root / "closed").chmod(0o700)
    write(root / "closed" / "a.txt", "changed")

    assert told.until(("file.modified", "closed/a.txt")) == [
        ("file.created", "b.txt"),
        ("file.modified", "closed/a.txt"),
    ]


def test_without_the_extra_it_is_told_what_to_install(root, monkeypatch):
    """By its name."""
    monkeypatch.setitem(sys.modules, "watchdog.events", None)

    with pytest.raises(ev.ConfigurationError, match=r"install otel-events\[watch\]"):
        ev.watch(root)


UNMOUNTED = """
import subprocess, time
from pathlib import Path
import otel_events as ev

root = Path("root").absolute()
root.mkdir()
later = Path("later").absolute()
later.mkdir()
mount = lambda where: subprocess.run(["mount", "-t", "tmpfs", "none", str(where)], check=True)
mount(root)
(root / "a.txt").write_text("one")
(root / "b.txt").write_text("b")
seen = []
ev.configure(ledger=str(Path("ledger.jsonl").absolute()))

def until(count):
    end = time.monotonic() + 30
    while len(seen) < count and time.monotonic() < end:
        time.sleep(0.05)

with ev.watch(root, debounce=0.05, on_event=lambda change, event: seen.append((change, event))):
    subprocess.run(["umount", str(root)], check=True)
    until(1)
    mount(later)
    (later / "b.txt").write_text("b")
    (later / "a.txt").write_text("two")
    # In one step: nobody may look at it before its files are there.
    subprocess.run(["mount", "--move", str(later), str(root)], check=True)
    until(3)
for change, event in seen:
    print(event.name, event.attributes.get("reason", "") if change is None else change.path.name)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux") or shutil.which("unshare") is None, reason="needs unshare")
def test_what_was_on_a_drive_that_was_unmounted_is_not_deleted(tmp_path):
    """The empty directory that is left is not what was watched; mounted again, it is compared."""
    program = tmp_path / "program.py"
    program.write_text(UNMOUNTED, encoding="utf-8")
    ran = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", sys.executable, str(program)],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    if "Operation not permitted" in ran.stderr or "permission denied" in ran.stderr:
        pytest.skip("this system allows no mounts in user namespaces")

    assert ran.stdout.splitlines() == [
        "watch.interrupted what was mounted there is gone",
        "watch.resumed ",
        "file.modified a.txt",
    ], ran.stderr
