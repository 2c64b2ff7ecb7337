"""Many changes at once are one event."""

from __future__ import annotations

import shutil
import subprocess

import pytest

import otel_events as ev
from tests.watching.conftest import write

GIT = shutil.which("git")


def test_more_at_once_than_the_burst_are_one_event(root, events):
    """It says how many of each kind, where, and names some."""
    for number in range(10):
        write(root / "old" / f"{number}.txt", f"old {number}")

    with ev.watch(root, burst=20, debounce=60):
        for number in range(30):
            write(root / "sub" / "new" / f"{number}.txt", f"{number}")
        for number in range(5):
            (root / "old" / f"{number}.txt").unlink()
            write(root / "old" / f"{number + 5}.txt", "changed")
        (root / "sub" / "new" / "29.txt").unlink()

    only = events.only()
    assert only.name == "file.batch_changed"
    assert only.message == "39 files changed"
    attributes = dict(only.attributes)
    assert len(attributes.pop("sample_paths")) == 5
    assert attributes == {
        "count": 39,
        "created_count": 29,
        "modified_count": 5,
        "moved_count": 0,
        "deleted_count": 5,
        "file.directory": str(root),
    }


@pytest.mark.room
def test_as_many_as_the_burst_are_told_one_by_one(root, events):
    """And with 0 any number of them is."""
    with ev.watch(root, burst=20, debounce=60):
        for number in range(20):
            write(root / f"{number}.txt", "x")
    with ev.watch(root, burst=0):
        for number in range(300):
            write(root / f"more-{number}.txt", "x")

    assert events.names == ["file.created"] * 320


def test_a_burst_is_counted(root, events):
    """The watcher's counts say what was told together."""
    with ev.watch(root, burst=20, debounce=60) as watcher:
        for number in range(30):
            write(root / f"{number}.txt", "x")

    assert (watcher.counts.changes, watcher.counts.summarised) == (30, 30)
    assert watcher.counts.events == {"file.batch_changed": 1}


@pytest.mark.slow
@pytest.mark.skipif(GIT is None, reason="there is no git")
def test_a_checkout_of_ten_thousand_files_is_no_storm(root, told, watching, tmp_path):
    """What the system has told is too much for its queue: nothing of it is lost, since all is looked at."""

    def git(*arguments):
        identity = ("-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "gc.auto=0")
        env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run([GIT, "-C", str(root), *identity, *arguments], check=True, capture_output=True, env=env)

    git("init", "-q", "-b", "empty")
    git("commit", "-q", "--allow-empty", "-m", "nothing")
    git("checkout", "-q", "-b", "many")
    for number in range(10_000):
        write(root / "src" / f"{number // 100}" / f"{number}.py", f"number = {number}\n")
    git("add", "-A")
    git("commit", "-q", "-m", "many")
    git("checkout", "-q", "empty")
    watcher = watching(debounce=0.3)

    git("checkout", "-q", "many")
    told.until_true(lambda: watcher.counts.changes >= 10_000)
    git("checkout", "-q", "empty")
    assert watcher.stop(timeout=60)

    together = [event.attributes for event in told.given if event.name == "file.batch_changed"]
    single = len(told.given) - len(together)
    changed = {kind: sum(each[f"{kind}_count"] for each in together) for kind in ("created", "deleted")}
    assert single + sum(each["count"] for each in together) == watcher.counts.changes
    assert single <= 200
    assert len(together) < 20
    # A file that is looked at while git writes it is created, and then modified.
    assert 9_800 <= changed["created"] <= 10_000
    assert 9_800 <= changed["deleted"] <= 10_000
    assert watcher.known_files == 0
