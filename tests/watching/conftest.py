"""What the tests of watched files share: a watcher that notes what it tells, and how to wait for it."""

from __future__ import annotations

import time

import pytest

import otel_events as ev

PATIENCE = 30.0  # seconds, of a machine that has no time for us


class Told:
    """What a watcher has told, as (event, path from the root on)."""

    def __init__(self, root):
        self.root = root
        self.rows = []
        self.changes = []
        self.given = []

    def __call__(self, change, event):
        self.given.append(event)
        self.changes.append(change)
        self.rows.append((event.name, None if change is None else change.relative))

    def names(self):
        return [name for name, _ in self.rows]

    def until(self, *rows):
        """Wait until all of *rows* were told; return all that was."""
        self.until_true(lambda: set(rows) <= set(self.rows))
        return self.rows

    def until_true(self, holds):
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, self.rows
            time.sleep(0.02)


@pytest.fixture
def root(tmp_path):
    """A directory to be watched."""
    path = tmp_path / "root"
    path.mkdir()
    return path


@pytest.fixture
def told(root):
    return Told(root)


@pytest.fixture
def watching(root, told, events):
    """Watch the directory until the test ends, or `stop` of the watcher is called."""
    started = []

    def start(*paths, debounce=0.2, **options):
        watcher = ev.watch(*(paths or (root,)), debounce=debounce, on_event=told, **options)
        started.append(watcher)
        return watcher.start()

    yield start
    for watcher in started:
        assert watcher.stop()


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
