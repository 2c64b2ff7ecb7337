"""What the tests of the terminal screen share: the screen driven by keys, and what can be read on it."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.events import Key
from textual.keys import _character_to_key

from otel_events.tui import event_log
from otel_events.tui.app import Screen
from otel_events.tui.choose_source import choose_among
from tests.cli.conftest import as_ledger, make, process  # noqa: F401  # a fixture

PATIENCE = 60  # seconds; reached only by a failing test


class Seen:
    """A screen that runs, its keys, and its text."""

    def __init__(self, app, pilot):
        self.app, self.pilot, self.log = app, pilot, app.log_

    @property
    def text(self):
        """What can be read, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    @property
    def rows(self):
        """The lines of the list alone, without the frame to its right."""
        view = self.log.log_view
        lines = [view.render_line(y).text.rstrip() for y in range(view.size.height)]
        return [line for line in lines if line]

    @property
    def at_cursor(self):
        row = self.log.log_view.row()
        return row.record if row is not None else None

    async def press(self, *keys):
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def write(self, text):
        await self.press(*({" ": "space", ".": "full_stop"}.get(letter, letter) for letter in text))

    async def type_ahead(self, *keys):
        """Press *keys* at once, as they come over a slow line: none waits for what the one before it does."""
        for key in keys:
            character = key if len(key) == 1 else None
            self.app.post_message(Key(_character_to_key(key) if character else key, character))
        await self.pilot.pause()

    async def until(self, condition, what="it"):
        """Wait until *condition* holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"{what} did not happen; the screen says:\n{self.text}"
            await self.pilot.pause(0.02)

    async def until_says(self, *texts):
        await self.until(lambda: all(text in self.text for text in texts), " and ".join(texts))


@asynccontextmanager
async def shown(*words, size=(140, 36), token="", follows=True, **options):
    """Run the screen without a terminal, with the events of a source, or of what *words* name."""
    is_source = len(words) == 1 and not isinstance(words[0], str | Path)
    source = words[0] if is_source else choose_among([str(word) for word in words], token=token, follows=follows)
    app = Screen(source, **options)
    async with app.run_test(size=size) as pilot:
        seen = Seen(app, pilot)
        await seen.until(lambda: app.log_.feed._is_live, "the newest events")
        await pilot.pause(0.2)
        yield seen


@pytest.fixture(autouse=True)
def state_home(tmp_path, monkeypatch):
    """Have the screen keep and find its own things here."""
    home = tmp_path / "screen-state"
    home.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def heard(monkeypatch):
    """Have what the screen says for a moment stay until a busy machine has looked."""
    monkeypatch.setattr(event_log, "_SAID", 30.0)


@pytest.fixture
def watch():
    """Run a test's own coroutine function with the screen that it asks for."""

    def run(function, *words, **options):
        async def inner():
            async with shown(*words, **options) as seen:
                await function(seen)

        asyncio.run(inner())

    return run


@pytest.fixture
def ledger(tmp_path):
    """Write events into a ledger; return its path."""

    def write(*events, name="events.jsonl", **options):
        path = tmp_path / name
        path.write_bytes(as_ledger(events, **options))
        return path

    return write


@pytest.fixture
def append():
    """Add events to a ledger, as a program does that is running."""

    def add(path, *events):
        with path.open("ab") as file:
            file.write(as_ledger(events, header=False))

    return add


@pytest.fixture
def event():
    return make
