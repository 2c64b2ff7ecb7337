"""Where events come from: files that are rotated, cut off, gone and back; servers that are killed."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from otel_events.reading.sources import SourceError
from otel_events.tui.choose_source import choose_among
from tests.server.served import SECRET, run_program, serving, start

SAY = """
import sys, otel_events as ev
ev.configure(service_name="orchestrator")
for step in range(int(sys.argv[1]), int(sys.argv[2])):
    ev.emit("step.done", step=step)
assert ev.shutdown(timeout=15)
"""

pytestmark = pytest.mark.slow


def test_rotated_files_are_read_back_to_the_first_event(watch, ledger, event):
    """Plain ones by place, compressed ones too."""
    first = ledger(*[event("a.b", n, step=n) for n in range(100)], name="events-20260214T190000Z-000001.jsonl")
    with gzip.open(f"{first}.gz", "wb") as file:
        file.write(first.read_bytes())
    first.unlink()
    ledger(*[event("a.b", n, step=n) for n in range(100, 200)], name="events-20260214T190000Z-000002.jsonl")
    path = ledger(*[event("a.b", n, step=n) for n in range(200, 300)])

    async def look(seen):
        await seen.press("g")
        await seen.until(lambda: seen.log.older.has_all)
        await seen.until(lambda: seen.log.log_view.cursor == 0)
        timeline = seen.log.feed.timeline
        assert [timeline.row(n).record.attributes["step"] for n in range(len(timeline))] == list(range(300))

    watch(look, path)


def test_a_rotation_while_it_is_read_loses_nothing(watch, ledger, event, append):
    """What was shown before is found under the file's new name."""
    path = ledger(*[event("a.b", n, step=n) for n in range(50)])

    async def look(seen):
        append(path, event("a.b", 50, step=50))
        path.rename(path.with_name("events-20260214T190000Z-000001.jsonl"))
        ledger(event("a.b", 51, step=51))
        timeline = seen.log.feed.timeline
        await seen.until(lambda: len(timeline) == 52)
        timeline._records.clear()
        assert [timeline.row(n).record.attributes["step"] for n in range(52)] == list(range(52))

    watch(look, path)


def test_a_file_that_is_deleted_says_so_row_by_row(watch, ledger, event):
    """Rows whose file is gone are told as such; nothing fails."""
    path = ledger(*[event("a.b", n, step=n) for n in range(10)])

    async def look(seen):
        path.unlink()
        timeline = seen.log.feed.timeline
        timeline._records.clear()
        seen.log.log_view.forget_rows()
        assert "(its file is gone)" in seen.rows[0]
        await seen.press("k", "enter", "t", "e")

    watch(look, path)


def test_a_file_that_is_not_there_yet_is_waited_for(watch, ledger, event, tmp_path):
    """It is followed from its first event."""

    async def look(seen):
        ledger(event("a.b", 0), name="later.jsonl")
        await seen.until(lambda: len(seen.rows) == 1)

    watch(look, tmp_path / "later.jsonl")


def test_what_is_no_source_is_said_before_the_screen_begins(tmp_path):
    """A path whose folder is not there, an address that is none, an address beside a file."""
    for words in (["/nowhere/at/all.jsonl"], ["http://"], ["http://127.0.0.1:1", "a.jsonl"]):
        with pytest.raises(SourceError):
            choose_among(words)


def test_a_server_that_is_killed_and_comes_back_is_followed_from_where_it_was(watch, tmp_path):
    """The screen says that it is away; nothing is shown twice, nothing is missing; older events come from its API."""
    with serving(tmp_path) as served:
        run_program(served, SAY, "0", "20")

        async def look(seen):
            await seen.until(lambda: len(seen.log.feed.timeline) == 20)
            await seen.until_says("following")
            served.kill()
            await seen.until_says("AWAY")
            again = await asyncio.to_thread(start, tmp_path, ports=served.ports)
            try:
                await asyncio.to_thread(run_program, again, SAY, "20", "40")
                await seen.until(lambda: len(seen.log.feed.timeline) == 40)
                timeline = seen.log.feed.timeline
                assert [timeline.row(n).record.attributes["step"] for n in range(40)] == list(range(40))
                await seen.until_says("following")
            finally:
                again.end()

        watch(look, served.url, token=SECRET)


def test_older_events_come_from_the_servers_api(watch, tmp_path):
    """The stream gives the newest; `g` fetches what was before them."""
    with serving(tmp_path) as served:
        run_program(served, SAY, "0", "4500")

        async def look(seen):
            await seen.until(lambda: seen.log.feed.timeline.events >= 1_000)
            assert seen.log.feed.timeline.events < 4_500
            await seen.press("g")
            await seen.until(lambda: seen.log.older.has_all and seen.log.log_view.cursor == 0)
            assert seen.at_cursor.attributes["step"] == 0
            assert seen.log.feed.timeline.events == 4_500

        watch(look, served.url, token=SECRET)


def test_a_wrong_token_is_said_and_not_tried_again(watch, tmp_path):
    """With the name of the setting."""
    with serving(tmp_path) as served:

        async def look(seen):
            await seen.until_says("REFUSED", "OTEL_EVENTS_SERVER_TOKEN")

        watch(look, served.url, token="x" * 20)


def test_files_that_were_followed_through_rotations_are_not_read_twice(watch, ledger, event):
    """Two rotations while the screen runs, then back to the first event."""
    ledger(*[event("a.b", n, step=n) for n in range(10)], name="events-20260214T190000Z-000001.jsonl")
    path = ledger(*[event("a.b", n, step=n) for n in range(10, 20)])

    async def look(seen):
        timeline = seen.log.feed.timeline
        for number in (2, 3):
            path.rename(path.with_name(f"events-20260214T190000Z-00000{number}.jsonl"))
            ledger(*[event("a.b", n, step=n) for n in range(number * 10, number * 10 + 10)])
            await seen.until(lambda number=number: timeline.events >= number * 10 + 10)
        await seen.press("g")
        await seen.until(lambda: seen.log.older.has_all)
        await seen.until(lambda: len(timeline) == 40)
        assert [timeline.row(n).record.attributes["step"] for n in range(40)] == list(range(40))

    watch(look, path)
