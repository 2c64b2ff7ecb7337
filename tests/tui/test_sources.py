"""Where events come from: files that are rotated, cut off, gone and back; servers that are killed."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import threading
import time

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Response
from websockets.sync.server import serve

from otel_events.reading.sources import SourceError
from otel_events.tui.choose_source import choose_among
from tests.cli.conftest import as_ledger
from tests.server.served import SECRET, run_program, serving, start

SAY = """
import sys, otel_events as ev
ev.configure(service_name="orchestrator")
for step in range(int(sys.argv[1]), int(sys.argv[2])):
    ev.emit("step.done", step=step)
assert ev.shutdown(timeout=15)
"""

pytestmark = pytest.mark.slow


def wait_until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


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
        # What the program has handed over is safe, but the stream may begin before it is all stored.
        newest = "/api/events?filter=step.done&order=newest&limit=1"
        wait_until(lambda: '"step":4499' in served.client.get(newest).text.replace(" ", ""))

        async def look(seen):
            await seen.until(lambda: seen.log.feed.timeline.events >= 1_000)
            assert seen.log.feed.timeline.events < 4_500
            await seen.press("g")
            await seen.until(lambda: seen.log.older.has_all and seen.log.log_view.cursor == 0)
            assert seen.at_cursor.attributes["step"] == 0
            await seen.until(lambda: len(seen.log.feed.timeline) == 4_500)

        watch(look, served.url, token=SECRET)


def test_a_program_that_ended_well_misses_nothing(watch, tmp_path):
    """What its writer says of itself has numbers, too, and says how it ended."""
    with serving(tmp_path) as served:
        run_program(served, SAY, "0", "5")

        async def look(seen):
            await seen.until(
                lambda: any("orchestrator" in line and "stopped" in line for line in seen.text.splitlines())
            )
            assert "missing" not in seen.text
            assert len(seen.log.feed.timeline) == 5

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


def steps_of(timeline):
    rows = [timeline.row(n) for n in range(len(timeline))]
    return [row.record.attributes["step"] if row.record else row.extra.text for row in rows]


ANEW = "the server began anew: from here on its newest events"


@pytest.mark.parametrize("count", [5, 20, 30])
def test_a_server_that_lost_its_events_is_told_and_followed_anew(watch, tmp_path, count):
    """It has fewer events than were seen, as many, or more: none of its new ones is taken for one that was shown already."""
    with serving(tmp_path) as served:
        run_program(served, SAY, "0", "20")

        async def look(seen):
            timeline = seen.log.feed.timeline
            await seen.until(lambda: len(timeline) == 20)
            await asyncio.to_thread(served.kill)
            await seen.until_says("AWAY")
            shutil.rmtree(served.ledger.parent)
            again = await asyncio.to_thread(start, tmp_path, ports=served.ports)
            try:
                await asyncio.to_thread(run_program, again, SAY, "100", str(100 + count))
                await seen.until(lambda: len(timeline) == 20 + 1 + count)
                assert steps_of(timeline) == [*range(20), ANEW, *range(100, 100 + count)]
                await asyncio.to_thread(run_program, again, SAY, "200", "201")
                await seen.until(lambda: steps_of(timeline)[-1] == 200)
                await seen.until_says("following", ANEW)
            finally:
                again.end()

        watch(look, served.url, token=SECRET)


def test_a_file_that_is_emptied_is_told_and_followed_anew(watch, ledger, event, append):
    """Rows of before are not taken for what now stands in their places."""
    path = ledger(*[event("a.b", n, step=n) for n in range(10)])

    async def look(seen):
        timeline = seen.log.feed.timeline
        with path.open("wb"):
            pass
        await seen.pilot.pause(0.3)
        append(path, *[event("a.b", n, step=n + 90) for n in range(3)])
        await seen.until(lambda: len(timeline) == 14)
        timeline._records.clear()
        rows = [timeline.row(n) for n in range(14)]
        assert [row.record for row in rows[:10]] == [None] * 10
        assert rows[10].extra.text == "events.jsonl was emptied: what was in it is gone"
        assert [row.record.attributes["step"] for row in rows[11:]] == [90, 91, 92]

    watch(look, path)


def test_a_file_that_is_replaced_is_followed(watch, ledger, event):
    """By another one that was written elsewhere."""
    path = ledger(*[event("a.b", n, step=n) for n in range(10)])

    async def look(seen):
        ledger(*[event("a.b", n, step=n + 90) for n in range(3)], name="other.jsonl").replace(path)
        timeline = seen.log.feed.timeline
        await seen.until(lambda: len(timeline) == 13)
        await seen.until(lambda: "step=92" in seen.rows[-1])

    watch(look, path)


def test_one_that_cannot_be_read_does_not_end_the_others(watch, ledger, event, append, tmp_path):
    """It is told; what can be read is followed."""
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(b"\x1f\x8b and no more of it")
    path = ledger(event("a.b", 0, step=0))

    async def look(seen):
        await seen.until_says("broken.jsonl.gz: ")
        append(path, event("a.b", 1, step=1))
        await seen.until(lambda: len(seen.rows) == 2)
        await seen.until_says("following")

    async def alone(seen):
        await seen.until_says("REFUSED", "broken.jsonl.gz: ")

    watch(look, broken, path, size=(200, 20))
    watch(alone, broken, size=(200, 20))


def test_while_a_file_cannot_be_read_it_is_away(watch, ledger, event, tmp_path):
    """A folder has its name for a while."""
    path = ledger(event("a.b", 0, step=0))

    async def look(seen):
        path.rename(tmp_path / "elsewhere.jsonl")
        path.mkdir()
        await seen.until_says("AWAY", "cannot be read now")
        path.rmdir()
        ledger(event("a.b", 1, step=1))
        await seen.until_says("following")
        await seen.until(lambda: "step=1" in seen.rows[-1])

    watch(look, path, size=(200, 20))


@pytest.mark.parametrize("page", ["[]", "{}", '{"events": 7}', '{"events": [{"seq": "x"}]}', '{"events": [[]]}', "{"])
def test_a_server_that_answers_what_nobody_asked_ends_nothing(watch, event, page):
    """What came from it stays, what it does not give is told, and so is a frame that is none."""

    def answer(connection, request):
        if request.path.startswith("/api/events"):
            return Response(200, "OK", Headers({"Content-Length": str(len(page))}), page.encode())
        return None

    def stream(connection):
        lines = as_ledger([event("a.b", 0, step=0)], header=False).splitlines()
        connection.send(json.dumps({"type": "events", "cursor": 1, "events": [{**json.loads(lines[0]), "seq": 5}]}))
        ended.wait(20)
        connection.send('["no frame"]')

    ended = threading.Event()
    with serve(stream, "127.0.0.1", 0, process_request=answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        async def look(seen):
            await seen.until(lambda: len(seen.log.feed.timeline) == 1)
            await seen.press("g")
            await seen.until_says("older events cannot be had")
            ended.set()
            await seen.until_says("AWAY")
            assert "step=0" in seen.rows[0]

        try:
            watch(look, f"http://127.0.0.1:{server.socket.getsockname()[1]}", size=(300, 24))
        finally:
            ended.set()
            server.shutdown()
