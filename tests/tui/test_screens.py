"""Pictures of the screen as text: each panel, and what each key leads to, compared with tests/tui/screens/.

Where a picture is to be another one, take all of them anew, and look at what changed:

    python -m tests.tui.test_screens
    git diff tests/tui/screens
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from otel_events.tui.app import Screen
from otel_events.tui.file_source import FileSource
from otel_events.tui.source import Condition, Notice
from tests.cli.conftest import as_ledger, make
from tests.tui.conftest import PATIENCE, Seen
from tests.tui.stories import NOW, pipeline, training_run

if TYPE_CHECKING:
    from collections.abc import Callable

SCREENS = Path(__file__).with_name("screens")
SMALL, WIDE = (80, 24), (140, 40)
_THUMB = re.compile(r"(?<![▁-█])[▁-▇](?= *[│╭╰]| *$)", re.MULTILINE)
_QUIET = 2.5  # seconds without a change after which a picture is taken: nothing on the screen waits for longer

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Scene:
    """What is on the screen, and the keys that lead there."""

    story: Callable
    size: tuple[int, int]
    act: Callable | None = None
    source: Callable = FileSource
    options: dict = field(default_factory=dict)


def keys(*names):
    """Act by pressing these."""

    async def act(seen):
        await seen.press(*names)

    return act


def written(text, *names):
    """Act by writing a filter, and pressing these."""
    return keys("slash", *text, *names)


def at_failure(*names):
    """Act by going to the latest failure, and pressing these."""

    async def act(seen):
        await seen.press("E")
        await seen.until(lambda: seen.at_cursor.name == "task.failed", "the failure")
        await seen.press(*names)

    return act


async def paused(seen):
    """Events come while the list waits."""
    await seen.press("space")
    late = [make("seed.germinated", 59.5 + n / 100, number=9_000 + n, env_id=n, slot_id="r2c2") for n in range(3)]
    _append(as_ledger(late, header=False))
    await seen.until_says("3 waiting")


async def told(seen):
    """The details of an alert lead to the story of its task."""
    await at_failure("j", "enter")(seen)
    await seen.until_says("in the same task")
    await seen.press("t")


class Away(FileSource):
    """A file's events, of which it says what the stream of a server says that has gone away, after a gap."""

    def take(self):
        taken = super().take()
        gap = Notice("gap: 1,200 events between 4,100 and 5,300", 1_200)
        return [*taken[:-4], gap, *taken[-4:]] if taken else []

    def condition(self):
        state = super().condition().state
        away = Condition("away", "http://127.0.0.1:5001: Connection refused", lost=1_200)
        return away if state == "live" else super().condition()


SCENES = {
    "log-small": Scene(pipeline, SMALL),
    "log-wide": Scene(pipeline, WIDE),
    "training-small": Scene(training_run, SMALL),
    "training-wide": Scene(training_run, WIDE),
    "training-each-event": Scene(training_run, SMALL, keys("r")),
    "training-one-environment": Scene(training_run, WIDE, keys("3")),
    "ascii": Scene(training_run, WIDE, options={"is_ascii": True}),
    "panels-small": Scene(pipeline, SMALL, keys("p")),
    "panels-away": Scene(training_run, WIDE, keys("p")),
    "help-small": Scene(pipeline, SMALL, keys("question_mark")),
    "filter-begun": Scene(pipeline, SMALL, written("evidence.a")),
    "filter-mistaken": Scene(pipeline, SMALL, written("task.* quality>")),
    "filter-in-force": Scene(pipeline, SMALL, written("task.* cycle=2", "enter")),
    "marked": Scene(pipeline, SMALL, written("evidence.*", "ctrl+n", "N", "N")),
    "alerts": Scene(pipeline, SMALL, keys("a")),
    "paused": Scene(training_run, SMALL, paused),
    "read-back": Scene(training_run, SMALL, at_failure()),
    "no-error-after": Scene(pipeline, SMALL, keys("e")),
    "by-episode": Scene(training_run, SMALL, keys("o", "left_square_bracket", "left_square_bracket")),
    "by-cycle": Scene(pipeline, WIDE, keys("o", "o")),
    "by-task": Scene(pipeline, WIDE, keys("o", "o", "o")),
    "detail-wide": Scene(training_run, WIDE, at_failure("enter")),
    "detail-small": Scene(training_run, SMALL, at_failure("enter")),
    "story": Scene(pipeline, WIDE, told),
    "trace": Scene(pipeline, WIDE, at_failure("T")),
    "trace-long": Scene(training_run, SMALL, at_failure("T")),
    "error-groups": Scene(training_run, WIDE, keys("x")),
    "error-groups-small": Scene(training_run, SMALL, keys("x")),
    "gap": Scene(pipeline, SMALL, source=Away),
}


def _append(lines):
    with Path("events.jsonl").open("ab") as file:
        file.write(lines)


@contextmanager
def _standing_still(folder):
    """The ages of events, and what names the folder, are the same whenever and wherever."""
    use_zone = getattr(time, "tzset", lambda: None)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setenv("TZ", "UTC")
            patch.setenv("XDG_STATE_HOME", str(folder))
            patch.setattr(time, "time", lambda: NOW)
            use_zone()
            yield
    finally:
        use_zone()


@asynccontextmanager
async def _shown(scene):
    _append(as_ledger(scene.story()))
    app = Screen(scene.source([Path("events.jsonl")]), **{"is_ascii": False, **scene.options})
    async with app.run_test(size=scene.size) as pilot:
        seen = Seen(app, pilot)
        await seen.until(lambda: app.log_.feed._is_live, "the newest events")
        await seen.until(lambda: _has_all(seen), "the others")
        if scene.act is not None:
            await scene.act(seen)
        yield seen


def _has_all(seen):
    # Otherwise it hangs on the moment whether the screen has asked for events that it may not need.
    older = seen.log.older
    older._begin()
    return older.has_all


def _read(seen):
    # Where the ends of a scrollbar's thumb are drawn hangs on when it appeared.
    return "\n".join(line.rstrip() for line in _THUMB.sub(" ", seen.text).splitlines())


async def _compare(scene, expected):
    async with _shown(scene) as seen:
        end = time.monotonic() + PATIENCE
        while not (_has_all(seen) and _read(seen) == expected) and time.monotonic() < end:
            await seen.pilot.pause(0.05)
        assert _read(seen) == expected, _read(seen)


async def _take(scene):
    async with _shown(scene) as seen:
        text, since = _read(seen), time.monotonic()
        while time.monotonic() - since < _QUIET:
            await seen.pilot.pause(0.05)
            if not _has_all(seen) or _read(seen) != text:
                text, since = _read(seen), time.monotonic()
        return text


@pytest.mark.parametrize("name", SCENES)
def test_the_screen_is_as_in_its_picture(name, tmp_path):
    """Whatever the machine's load, time and time zone."""
    with _standing_still(tmp_path):
        asyncio.run(_compare(SCENES[name], (SCREENS / f"{name}.txt").read_text("utf-8").removesuffix("\n")))


def test_there_is_no_picture_of_nothing():
    """Every file is somebody's."""
    assert {path.stem for path in SCREENS.glob("*.txt")} == set(SCENES)


def test_the_pictures_of_the_document_are_there_and_small():
    """Whoever reads docs/tui.md loads six pictures of less than 150 KB each."""
    docs = Path(__file__).parents[2] / "docs"
    pictures = re.findall(r"\((images/[\w-]+\.png)\)", (docs / "tui.md").read_text("utf-8"))

    assert len(pictures) == 6
    assert all(0 < (docs / picture).stat().st_size < 150_000 for picture in pictures)


def take_all(names):
    """Write the pictures anew."""
    for name in names:
        with tempfile.TemporaryDirectory() as folder, _standing_still(folder):
            text = asyncio.run(_take(SCENES[name]))
        (SCREENS / f"{name}.txt").write_text(f"{text}\n", "utf-8")
        print(name)


if __name__ == "__main__":
    take_all(sys.argv[1:] or SCENES)
