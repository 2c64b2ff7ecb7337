"""Every key does what the help says."""

from __future__ import annotations

import json
import random

import pytest
from textual.events import MouseScrollDown, MouseScrollUp

from otel_events.event import Severity

pytestmark = pytest.mark.slow

SPELT = {
    "/": "slash",
    "[": "left_square_bracket",
    "]": "right_square_bracket",
    "?": "question_mark",
}


def numbered(event, count, **more):
    return [event("step.done", number, number=number + 1, step=number, **more) for number in range(count)]


def test_it_begins_at_the_end_and_follows(watch, ledger, event, append):
    """What is appended appears below, and the last row stays in view."""
    path = ledger(*numbered(event, 100))

    async def look(seen):
        await seen.until(lambda: "step=99" in "".join(seen.rows[-1:]))
        append(path, event("step.done", 101, step=100))
        await seen.until(lambda: "step=100" in "".join(seen.rows[-1:]))
        await seen.until_says("following")

    watch(look, path)


def test_what_is_read_never_moves(watch, ledger, event, append):
    """With the cursor elsewhere new events come below, unseen; `f` and `G` go there."""
    path = ledger(*numbered(event, 200))

    async def look(seen):
        await seen.press("pageup")
        before = seen.rows
        append(path, *[event("step.done", 300 + number, step=1_000 + number) for number in range(50)])
        await seen.until(lambda: len(seen.log.feed.timeline) == 250)
        assert seen.rows == before
        assert "not following" in seen.text
        await seen.press("f")
        await seen.until(lambda: "step=1049" in seen.rows[-1])
        await seen.press("k", "k")
        assert seen.at_cursor.attributes["step"] == 1_047
        await seen.press("G")
        assert seen.at_cursor.attributes["step"] == 1_049

    watch(look, path)


def test_g_goes_to_the_first_of_all(watch, ledger, event):
    """Also of a file of which only the end was read at first."""
    path = ledger(*numbered(event, 9_000))

    async def look(seen):
        assert seen.log.feed.timeline.events < 9_000
        await seen.press("g")
        await seen.until(lambda: seen.log.older.has_all and seen.log.log_view.cursor == 0)
        assert seen.at_cursor.attributes["step"] == 0
        assert seen.log.feed.timeline.events == 9_000
        await seen.press("j")
        assert seen.at_cursor.attributes["step"] == 1

    watch(look, path)


def test_pause_counts_what_waits(watch, ledger, event, append):
    """Space stops the list, says how much waits, and shows it when pressed again."""
    path = ledger(*numbered(event, 5))

    async def look(seen):
        await seen.press("space")
        append(path, *[event("step.done", 10, step=10 + number) for number in range(7)])
        await seen.until_says("PAUSED, 7 waiting")
        assert "step=4" in seen.rows[-1]
        await seen.press("space")
        await seen.until(lambda: "step=16" in seen.rows[-1] and "PAUSED" not in seen.text)

    watch(look, path)


def test_a_filter_hides_what_does_not_fit(watch, ledger, event, append):
    """`/` takes the filter language, completes, says mistakes at once; Esc takes it away."""
    path = ledger(event("task.started", 0, task_id="t-1"), event("a.b", 1), event("task.failed", 2, task_id="t-1"))

    async def look(seen):
        await seen.press("slash")
        await seen.write("task.")
        await seen.press("asterisk", "enter")
        await seen.until(lambda: len(seen.rows) == 2)
        await seen.until_says("filter: task.*")
        append(path, event("a.b", 3), event("task.completed", 4, task_id="t-2"))
        await seen.until(lambda: len(seen.rows) == 3)
        await seen.press("escape")
        await seen.until(lambda: len(seen.rows) == 5)
        await seen.press("slash")
        await seen.write("quality>")
        await seen.press("enter")
        assert seen.log.filter_bar.is_open
        assert seen.log.filter_bar.has_class("-wrong")
        await seen.press("escape")
        assert not seen.log.filter_bar.is_open

    watch(look, path)


@pytest.mark.parametrize("key", ["right", "tab"])
def test_the_filter_completes_names_that_were_seen(watch, ledger, event, key):
    """The right arrow or Tab takes the suggestion."""

    async def look(seen):
        await seen.press("slash")
        await seen.write("bespoke_")
        await seen.until(lambda: seen.log.filter_bar._suggestion == "bespoke_thing.happened")
        await seen.press(key)
        assert seen.log.filter_bar.value == "bespoke_thing.happened"

    watch(look, ledger(event("bespoke_thing.happened", 0)))


def test_marks_hide_nothing_and_n_goes_from_one_to_the_next(watch, ledger, event):
    """Ctrl+N in the line of the filter marks."""
    path = ledger(*[event("odd" if number % 10 == 3 else "even", number, step=number) for number in range(50)])

    async def look(seen):
        await seen.press("slash")
        await seen.write("odd")
        await seen.press("ctrl+n")
        assert len(seen.log.feed.timeline) == 50
        await seen.until_says("marked: odd")
        await seen.press("N")
        assert seen.at_cursor.attributes["step"] == 43
        await seen.press("N")
        assert seen.at_cursor.attributes["step"] == 33
        await seen.press("n")
        assert seen.at_cursor.attributes["step"] == 43
        await seen.press("n")
        await seen.until_says("no match after this")
        await seen.press("escape")
        await seen.until(lambda: "marked" not in seen.text)

    watch(look, path)


def test_e_goes_to_the_next_error(watch, ledger, event):
    """And `E` to the one before."""
    severity = {10: Severity.ERROR, 20: Severity.FATAL, 25: Severity.WARN}
    path = ledger(*[event("a.b", n, step=n, severity=severity.get(n, Severity.INFO)) for n in range(40)])

    async def look(seen):
        await seen.press("E")
        assert seen.at_cursor.attributes["step"] == 20
        await seen.press("E")
        assert seen.at_cursor.attributes["step"] == 10
        await seen.press("e")
        assert seen.at_cursor.attributes["step"] == 20
        await seen.press("e")
        await seen.until_says("no error after this")

    watch(look, path)


def test_brackets_go_by_episode_and_cycle(watch, ledger, event):
    """To the first row that belongs to another one."""
    path = ledger(*[event("a.b", number, step=number, episode=number // 10) for number in range(40)])

    async def look(seen):
        await seen.press("left_square_bracket")
        assert seen.at_cursor.attributes["step"] == 29
        await seen.press("right_square_bracket")
        assert seen.at_cursor.attributes["step"] == 30

    watch(look, path)


def test_digits_show_one_environment_alone(watch, ledger, event):
    """By its number in the panel; again shows all. Without environments they are personas."""
    path = ledger(*[event("a.b", number, env_id=number % 3) for number in range(9)])
    personas = ledger(event("a.b", 0, persona="antithesis"), event("a.b", 1, persona="thesis"), name="personas.jsonl")

    async def environments(seen):
        await seen.press("2")
        await seen.until(lambda: len(seen.rows) == 3)
        assert {seen.log.feed.timeline.row(n).record.get("env_id") for n in range(3)} == {1}
        await seen.press("2")
        await seen.until(lambda: len(seen.rows) == 9)

    async def people(seen):
        await seen.press("2")
        await seen.until(lambda: len(seen.rows) == 1)
        assert seen.at_cursor.text("persona") == "thesis"

    watch(environments, path)
    watch(people, personas)


def test_s_saves_what_is_shown(watch, ledger, event, tmp_path, monkeypatch):
    """All events of the filter in force, rolled up or not, as lines of a ledger that only this user can read."""
    monkeypatch.chdir(tmp_path)
    events = [event("reward.computed", number / 100, reward=float(number)) for number in range(50)]
    path = ledger(*events, event("a.b", 2))

    async def look(seen):
        await seen.press("slash")
        await seen.write("reward.computed")
        await seen.press("enter")
        await seen.press("s")
        await seen.until_says("50 events saved")

    watch(look, path)

    [saved] = tmp_path.glob("events-*.jsonl")
    assert saved.stat().st_mode & 0o077 == 0
    assert {json.loads(line)["event"] for line in saved.read_text().splitlines()} == {"reward.computed"}


def test_help_names_every_key(watch, ledger, event):
    """`?` shows them, Esc goes back."""

    async def look(seen):
        await seen.press("question_mark")
        await seen.until_says("next error", "severity>=warn")
        await seen.press("escape")
        await seen.until(lambda: "next error" not in seen.text)

    watch(look, ledger(event("a.b", 0)))


def test_the_mouse_chooses_opens_and_scrolls(watch, ledger, event):
    """A click puts the cursor there, a second one shows the event; the wheel stops the following."""

    async def look(seen):
        await seen.pilot.click(seen.log.log_view, offset=(10, 3))
        await seen.pilot.pause()
        chosen = seen.at_cursor.attributes["step"]
        assert f"step={chosen}" in seen.rows[3]
        await seen.pilot.click(seen.log.log_view, offset=(10, 3), times=2)
        await seen.until_says("c copy")
        await seen.press("escape", "G")
        await seen.until_says("following")
        await seen.pilot._post_mouse_events([MouseScrollUp], seen.log.log_view, offset=(10, 3))
        await seen.until(lambda: not seen.log.log_view.follows)

    watch(look, ledger(*numbered(event, 100)))


def test_a_click_on_the_rows_leaves_the_line_of_the_filter(watch, ledger, event):
    """As Esc does: nothing has changed, and the keys are those of the list again."""

    async def look(seen):
        await seen.press("slash")
        await seen.write("abc")
        await seen.pilot.click(seen.log.log_view, offset=(10, 3))
        await seen.until(lambda: not seen.log.filter_bar.is_open)
        await seen.press("r")
        await seen.until_says("every event (r)")
        assert "filter:" not in seen.text

    watch(look, ledger(*numbered(event, 100)))


def test_the_wheel_takes_the_cursor_along(watch, ledger, event):
    """So that Enter opens what is in sight; at the end the list follows again."""

    async def turn(seen, way, times):
        for _ in range(times):
            await seen.pilot._post_mouse_events([way], seen.log.log_view, offset=(10, 3))
            await seen.pilot.pause()

    async def look(seen):
        await turn(seen, MouseScrollUp, 30)
        step = seen.at_cursor.attributes["step"]
        assert step < 99
        assert f"step={step}" in seen.rows[-1]
        await seen.press("g")
        await turn(seen, MouseScrollDown, 5)
        assert f"step={seen.at_cursor.attributes['step']}" in seen.rows[0]
        assert "not following" in seen.text
        await turn(seen, MouseScrollDown, 60)
        await seen.until_says("following")
        assert "not following" not in seen.text
        assert seen.at_cursor.attributes["step"] == 99

    watch(look, ledger(*numbered(event, 100)))


def test_what_cannot_be_saved_is_said(watch, ledger, event, tmp_path, monkeypatch):
    """The folder is gone; the screen goes on."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    path = ledger(event("a.b", 0))
    folder.rmdir()

    async def look(seen):
        await seen.press("s")
        await seen.until_says("not saved: No such file or directory")

    watch(look, path)


def test_names_that_no_filter_can_hold_are_said(watch, ledger, event):
    """A persona with both quotation marks, or with a control sequence, ends nothing and is written nowhere."""
    path = ledger(event("a.b", 0, persona="5\" 'x"), event("a.b", 1, persona="a\x1b]52;c;aGk=\x07"))

    async def look(seen):
        for key in ("1", "2"):
            await seen.press(key)
            await seen.until_says("this name cannot be written in a filter")
        await seen.press("slash")
        await seen.write("persona=a")
        await seen.pilot.pause(0.2)
        assert "\x1b" not in seen.text

    watch(look, path)


KEYS = (
    *"jkgGf/nNeE[]rovstTaxp?123456789",
    *("space", "enter", "escape", "pageup", "pagedown", "home", "end", "up", "down", "tab", "ctrl+n", "c", "y"),
)


@pytest.mark.parametrize("is_empty", [True, False])
def test_any_key_may_be_pressed_anywhere(watch, ledger, event, tmp_path, monkeypatch, is_empty):
    """Where there is nothing, on headings, behind other screens, and one after any other."""
    monkeypatch.chdir(tmp_path)
    path = ledger(*([] if is_empty else [event("a.b", n, episode=n, task_id=f"t-{n}") for n in range(3)]))
    order = random.Random(8)

    async def look(seen):
        for key in [*KEYS, *order.choices(KEYS, k=60)]:
            await seen.press(SPELT.get(key, key))
        await seen.press(*["escape"] * 6)
        assert seen.app.is_running
        await seen.until(lambda: len(seen.app.screen_stack) == 1)

    watch(look, path, size=(80, 24))


def test_q_ends_it(watch, ledger, event):
    """With nothing said."""

    async def look(seen):
        await seen.press("q")
        assert seen.app.return_code == 0

    watch(look, ledger(event("a.b", 0)))
