"""Views saved under digits: taken, left, told, and never in the way when their file is not as it should be."""

from __future__ import annotations

import json

import pytest

from otel_events.event import Severity

pytestmark = pytest.mark.slow


@pytest.fixture
def views_file(state_home):
    """Where the screen keeps the views; what is given is written there."""

    def place(content=None):
        path = state_home / "otel-events" / "tui" / "views.json"
        if content is not None:
            path.parent.mkdir(parents=True)
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return place


@pytest.fixture
def mixed(ledger, event):
    """A ledger with warnings, an environment and a frequent type."""
    return ledger(
        *[event("reward.computed", number / 100, env_id=0, episode=1, reward=1.0) for number in range(10)],
        event("seed.pruned", 1, env_id=1, episode=1),
        event("alert.triggered", 2, episode=2, component="disk", severity=Severity.WARN),
    )


async def save_warnings_by_episode(seen, digit):
    await seen.press("slash")
    await seen.write("severity>")
    await seen.press("equals_sign")
    await seen.write("warn")
    await seen.press("enter", "o", "r", "v")
    await seen.until_says("Save as view: severity>=warn, by episode, every event")
    await seen.press(digit)
    await seen.until_says(f"{digit} shows now: severity>=warn")


def test_a_view_is_saved_under_a_digit_taken_and_left(watch, mixed):
    """`v` and a digit save filter, headings and roll-up; the digit shows that, and pressed again what was shown before."""

    async def look(seen):
        await save_warnings_by_episode(seen, "3")
        await seen.press("escape")
        await seen.until(lambda: seen.log.view.text == "" and seen.log.view.rolls_up and not seen.log.view.group_by)
        await seen.press("3")
        await seen.until_says("view 3", "filter: severity>=warn", "every event (r)", "by episode", "episode 2")
        assert "seed.pruned" not in "".join(seen.rows)
        await seen.press("3")
        await seen.until(lambda: len(seen.rows) == 3 and "view 3" not in seen.text)

    watch(look, mixed)


def test_views_outlive_the_screen_in_a_private_file(watch, mixed, views_file):
    """Another screen has them, and help lists them."""

    async def save(seen):
        await save_warnings_by_episode(seen, "1")

    async def take(seen):
        await seen.press("question_mark")
        await seen.until_says("Saved views", "severity>=warn, by episode, every event")
        await seen.press("escape", "1")
        await seen.until_says("view 1")

    watch(save, mixed)
    watch(take, mixed)

    assert views_file().stat().st_mode & 0o077 == 0
    assert views_file().parent.stat().st_mode & 0o077 == 0
    assert json.loads(views_file().read_text()) == {
        "1": {"filter": "severity>=warn", "group_by": "episode", "rolls_up": False}
    }


def test_a_digit_with_a_view_is_no_environments(watch, mixed, views_file):
    """The panel shows the digits that are left; the view that everything begins with frees the digit again."""
    views_file({"1": {"filter": "seed.*"}})

    async def look(seen):
        await seen.until_says("  env 0", "2 env 1")
        await seen.press("1")
        await seen.until_says("view 1", "seed.pruned")
        await seen.press("escape", "v")
        await seen.until_says("Saved views", "1-9 forgets one")
        await seen.press("1")
        await seen.until_says("1 shows no view now")
        await seen.until_says("1 env 0", "2 env 1")
        await seen.press("1")
        await seen.until_says("filter: env_id=0")

    watch(look, mixed)
    assert json.loads(views_file().read_text()) == {}


def test_with_nothing_to_save_it_says_what_comes_first(watch, mixed):
    """Who presses `v` before anything else learns what it is for."""

    async def look(seen):
        await seen.press("v")
        await seen.until_says("Saved views", "1-9 after a filter, o or r")
        await seen.press("3")
        await seen.until_says("3 shows no view now")

    watch(look, mixed)


def test_from_one_view_to_another_and_back_to_no_view(watch, mixed, views_file):
    """What is gone back to is what was shown before the first of them."""
    views_file({"1": {"filter": "seed.*"}, "2": {"filter": "alert.*"}})

    async def look(seen):
        await seen.press("o", "1")
        await seen.until_says("view 1")
        await seen.press("2")
        await seen.until_says("view 2")
        await seen.press("2")
        await seen.until(lambda: seen.log.view.text == "" and seen.log.view.group_by == "episode")

    watch(look, mixed)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read"),
        ("[" * 5_000, "cannot be read"),
        ("[]", "must hold an object"),
        ({"0": {}}, "'0' is no digit from 1 to 9"),
        ({"1": "severity>=warn"}, "view 1: it must be an object"),
        ({"1": {"filter": "quality>"}}, "view 1: "),
        ({"1": {"filter": 7}}, "its filter must be a text"),
        ({"1": {"group_by": "\x1b[31m"}}, "group_by must be one of episode, cycle, task"),
        ({"1": {"group_by": []}}, "group_by must be one of"),
    ],
)
def test_a_file_with_mistakes_is_told_and_never_written_over(watch, mixed, views_file, content, said):
    """The screen goes on without views, and digits show environments."""
    path = views_file(content)
    before = path.read_bytes()

    async def look(seen):
        await seen.until_says(said)
        await seen.press("2")
        await seen.until_says("seed.pruned")
        await seen.press("v")
        await seen.until_says("Save as view: env_id=1")
        await seen.press("4")
        await seen.until_says(said)

    watch(look, mixed, size=(300, 40))
    assert path.read_bytes() == before


def test_where_nothing_can_be_kept_it_is_told(watch, mixed, state_home):
    """The place of the folder is taken by a file."""
    (state_home / "otel-events").write_text("")

    async def look(seen):
        await seen.press("o", "v")
        await seen.until_says("Save as view: all events, by episode")
        await seen.press("4")
        await seen.until_says("not saved: it is not a directory")

    watch(look, mixed)
