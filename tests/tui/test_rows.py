"""The event log: which rows there are, and what they say."""

from __future__ import annotations

import pytest

from otel_events.event import Severity


def test_an_event_says_what_happened_in_columns(watch, ledger, event):
    """Time, domain, type, environment, episode, and what it carries."""

    async def look(seen):
        assert seen.rows[0].split()[:7] == [
            "19:01:23.000",
            "kasmina",
            "seed.germinated",
            "3",
            "12",
            "slot_id=r0c1",
            "blueprint=conv",
        ]

    watch(look, ledger(event("seed.germinated", 0, env_id=3, episode=12, slot_id="r0c1", blueprint="conv")))


def test_frequent_types_are_one_row_a_second_with_count_and_means(watch, ledger, event):
    """Per environment; a warning among them stands for itself, and `r` shows each."""
    events = [event("reward.computed", number / 100, env_id=number % 2, reward=float(number)) for number in range(100)]
    path = ledger(*events, event("reward.computed", 0.99, severity=Severity.WARN, env_id=0, reward=-1.0))

    async def look(seen):
        assert len(seen.log.feed.timeline) == 3
        assert "reward~49" in seen.rows[0]
        assert "\N{MULTIPLICATION SIGN}50/s" in seen.rows[0]
        assert "reward~50" in seen.rows[1]
        assert "reward=-1" in seen.rows[2]
        await seen.press("r")
        await seen.until(lambda: len(seen.log.feed.timeline) == 101)
        assert "every event (r)" in seen.text
        await seen.press("r")
        await seen.until(lambda: len(seen.log.feed.timeline) == 3)

    watch(look, path)


@pytest.mark.slow
def test_of_many_environments_what_is_frequent_is_one_row_for_all(watch, ledger, event, append):
    """From the ninth on; one of them, asked for by a filter, is named."""
    path = ledger(*[event("reward.computed", n / 100, env_id=n % 8, reward=1.0) for n in range(80)])

    async def look(seen):
        assert len(seen.log.feed.timeline) == 8
        await seen.press("k", "k")
        append(path, *[event("reward.computed", 1 + n / 100, env_id=n % 9, reward=2.0) for n in range(90)])
        await seen.until(lambda: "\N{MULTIPLICATION SIGN}90/s" in seen.rows[-1])
        assert len(seen.rows) == 2
        assert "all" in seen.rows[0].split()
        assert "reward~1" in seen.rows[0]
        assert "not following" in seen.text
        await seen.type_ahead("/", *"env_id=3", "enter")
        await seen.until(lambda: "\N{MULTIPLICATION SIGN}10/s" in seen.rows[0])
        assert "3" in seen.rows[0].split()

    watch(look, path)


def test_groups_have_headings(watch, ledger, event):
    """`o` groups by episode, by cycle, by task, and not at all."""
    path = ledger(
        event("seed.germinated", 0, env_id=1, episode=1),
        event("seed.pruned", 1, env_id=1, episode=1),
        event("seed.germinated", 2, env_id=1, episode=2, task_id="t-1"),
        event("cycle.start", 3, cycle=7),
    )

    async def look(seen):
        assert len(seen.rows) == 4
        await seen.press("o")
        await seen.until(lambda: len(seen.rows) == 6)
        assert "episode 1" in seen.rows[0]
        assert "episode 2" in seen.rows[3]
        await seen.press("o")
        await seen.until(lambda: any("cycle 7" in row for row in seen.rows))
        await seen.press("o")
        await seen.until(lambda: any("task t-1" in row for row in seen.rows))
        await seen.press("o")
        await seen.until(lambda: len(seen.rows) == 4)

    watch(look, path)


def test_what_writers_say_of_themselves_is_no_row(watch, ledger, event):
    """They are for the panel of writers."""

    async def look(seen):
        assert len(seen.rows) == 1
        assert "a.b" in seen.rows[0]

    watch(look, ledger(event("otel_events.writer.started", 0, pid=12), event("a.b", 1)))


def test_hostile_events_do_nothing_to_the_terminal(watch, ledger, event):
    """Control sequences, changes of direction and overlong lines are shown as what they are."""
    path = ledger(
        event("\x1b[2Jclear", 0, persona="\u202eevil", note="\x1b]52;c;aGk=\x07", message="\x9b31m red"),
        event("long", 1, text="x" * 200_000),
        event("wide", 2, text="\N{CJK UNIFIED IDEOGRAPH-4E8B}" * 500),
        event("lines", 3, text="one\ntwo\ttab"),
    )

    async def look(seen):
        assert len(seen.rows) == 4
        for harmful in ("\x1b", "\x9b", "\x07", "\u202e", "\n\t"):
            assert harmful not in "".join(seen.rows)
        assert "\\x1b[2Jclear" in seen.rows[0]
        await seen.press("g", "enter")
        await seen.until_says("\\u202eevil")
        assert "\x1b" not in seen.text

    watch(look, path)


def test_torn_and_foreign_lines_are_counted(watch, ledger, event):
    """The status line says how many lines were passed over."""
    path = ledger(event("a.b", 0))
    with path.open("ab") as file:
        file.write(b'{"time":"2026-02-14T19:01:23.000000000Z","event":"torn\nno json at all\n\xff\xfe\x00\n')
        file.write(b"[" * 100_000 + b"\n")

    async def look(seen):
        await seen.until_says("4 lines passed over")
        assert len(seen.rows) == 1

    watch(look, path)


def test_without_unicode_nothing_but_ascii_is_drawn(watch, ledger, event):
    """Signs of our own; frames are the terminal's affair."""
    events = [event("reward.computed", number / 100, reward=1.0) for number in range(50)]

    async def look(seen):
        await seen.press("o", "o")
        assert all(row.isascii() for row in seen.rows)
        assert any("x50/s" in row for row in seen.rows)

    watch(look, ledger(*events, event("a.b", 2, text="y" * 500, cycle=1)), is_ascii=True)


def test_numbers_beyond_all_measure_are_shown(watch, ledger, event):
    """Whole numbers that no float can hold, where numbers are summed up or shown as a time."""
    path = ledger(event("a.b", 0))
    huge = "9" * 400
    line = '{"time":"2026-02-14T19:01:2%d.000000000Z","unix":1771095683.0,"event":"%s","severity":"INFO","message":null,"attributes":{"%s":%s}}\n'
    with path.open("a") as file:
        for number, (name, key) in enumerate(
            [("reward.computed", "reward"), ("x.y", "duration"), ("x.y", "duration_ms")]
        ):
            file.write(line % (number + 4, name, key, huge))

    async def look(seen):
        await seen.until(lambda: len(seen.rows) >= 1)
        await seen.pilot.pause(0.3)
        assert "a.b" in seen.text

    watch(look, path)
