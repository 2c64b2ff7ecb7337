"""The hub: everything once and in order, for whoever keeps up; true counts for whoever does not."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_events.filter_language import parse_filter
from otel_events.server.live.folding import relieve
from otel_events.server.live.frames import CountsFrame, EventsFrame, GapFrame, HeartbeatFrame
from otel_events.server.live.hub import HubSettings
from otel_events.server.live.ring import Ring
from otel_events.server.store.stored import StoredEvent
from tests.effort import examples


async def take(subscription, count: int) -> list[int]:
    """Return the seqs of the next *count* events."""
    seqs: list[int] = []
    async for frame in subscription:
        if isinstance(frame, EventsFrame):
            seqs += [event.seq for event in frame.events]
        if len(seqs) >= count:
            break
    return seqs


def events_of(frames) -> list[StoredEvent]:
    return [event for frame in frames if isinstance(frame, EventsFrame) for event in frame.events]


def test_what_was_stored_comes_first_and_what_is_stored_next_follows_without_seam(on_stage):
    """A client gets each event once and in order, whether it was stored before it came, meanwhile, or after."""

    async def play(stage):
        stored = stage.store_events(*["task.started"] * 450)
        subscription = stage.hub.subscribe(None, after=0)
        stored += stage.store_events(*["task.completed"] * 250)
        seqs = await take(subscription, 700)
        stored += stage.store_events(*["task.failed"] * 300)
        seqs += await take(subscription, 300)

        assert seqs == stored

    on_stage(play)


def test_events_of_many_threads_come_in_the_order_of_their_numbers(on_stage):
    """Whoever stores, and however many at once: the order is that of the cursor."""

    async def play(stage):
        subscription = stage.hub.subscribe(None, after=0)

        def store() -> None:
            for _ in range(50):
                stage.store_events("epoch.completed", "reward.computed")

        threads = [threading.Thread(target=store) for _ in range(4)]
        for thread in threads:
            thread.start()
        seqs = await take(subscription, 400)
        for thread in threads:
            thread.join()

        assert seqs == list(range(1, 401))

    on_stage(play)


def test_a_filter_holds_for_what_was_and_what_will_be(on_stage):
    """A client gets what fits its filter and nothing else; its cursor passes over the rest."""

    async def play(stage):
        stage.store_events("task.started", "epoch.completed", "task.completed")
        subscription = stage.hub.subscribe(parse_filter("task.*"), after=0)
        assert await take(subscription, 2) == [1, 3]
        stage.store_events("epoch.completed", "task.started", "epoch.completed")

        assert await take(subscription, 1) == [5]
        assert subscription.position == 6

    on_stage(play)


def test_what_writers_say_of_themselves_is_seen_by_who_asks_for_it(on_stage):
    """Own records are hidden from streams unless the filter names them."""

    async def play(stage):
        stage.store_events("otel_events.writer.started", "task.started")
        everything, own = (
            stage.hub.subscribe(None, after=0),
            stage.hub.subscribe(parse_filter("otel_events.*"), after=0),
        )

        assert await take(everything, 1) == [2]
        assert await take(own, 1) == [1]
        stage.store_events("otel_events.writer.report", "task.completed")
        assert await take(everything, 1) == [4]
        assert await take(own, 1) == [3]

    on_stage(play)


@pytest.mark.parametrize("ring_bytes", [1 << 20, 4_000])
def test_the_newest_are_found_whether_memory_has_them_or_the_store(on_stage, ring_bytes):
    """`last:N` are the newest N that fit, oldest first, also where they have left memory."""

    async def play(stage):
        for _ in range(40):
            stage.store_events("task.started", *["epoch.completed"] * 9)
        await asyncio.sleep(0)

        newest = await stage.hub.newest(None, 5)
        tasks = await stage.hub.newest(parse_filter("task.*"), 7)
        earlier = await stage.hub.newest(None, 3, upto=100)

        assert [event.seq for event in newest] == [396, 397, 398, 399, 400]
        assert [event.seq for event in tasks] == [331, 341, 351, 361, 371, 381, 391]
        assert [event.seq for event in earlier] == [98, 99, 100]

    on_stage(play, HubSettings(ring_bytes=ring_bytes, interval=0.001))


def test_a_client_far_back_is_served_from_the_store(on_stage):
    """A cursor that memory no longer holds costs nothing: what is missing comes from the store."""

    async def play(stage):
        stored = stage.store_events(*["task.started"] * 900)
        await asyncio.sleep(0)
        assert stage.hub.figures().ring_events < 900

        assert await take(stage.hub.subscribe(None, after=0), 900) == stored

    on_stage(play, HubSettings(ring_bytes=10_000, interval=0.001))


def test_a_slow_client_gets_counts_for_frequent_types_and_everything_else_one_by_one(on_stage):
    """Frequent types are told as counts first; rare ones and the lifecycle stay whole; nobody else notices."""

    async def play(stage):
        slow, quick = stage.hub.subscribe(None, after=0), stage.hub.subscribe(None, after=0)
        stage.store_events("task.started")
        assert await take(slow, 1) == [1]
        assert await take(quick, 1) == [1]
        for _ in range(20):
            stage.store_events("task.started", *["reward.computed"] * 30)
            assert len(await take(quick, 31)) == 31

        frames = []
        while slow.position < stage.store.last_seq:
            frames.append(await anext(slow))
        tasks = [event.seq for event in events_of(frames) if event.record.name == "task.started"]
        counts = next(frame for frame in frames if isinstance(frame, CountsFrame))

        assert tasks == list(range(2, 622, 31))
        assert list(counts.counts) == ["reward.computed"]
        assert counts.counts["reward.computed"] + len(events_of(frames)) == 620
        assert frames[0].cursor == 1, "a client that resumes before the counts came gets all of it again"

    on_stage(play, HubSettings(client_bytes=20_000, interval=0.001))


def test_a_client_that_takes_nothing_is_told_of_a_gap_and_costs_no_memory(on_stage):
    """Where counting is not enough, the range and the number of what is missing are told, and live goes on."""

    async def play(stage):
        stuck = stage.hub.subscribe(None, after=0)
        stage.store_events("task.started")
        await take(stuck, 1)
        for _ in range(30):
            stage.store_events(*["task.started"] * 30)
            await asyncio.sleep(0.004)
        seen = told = 0
        gaps = []
        async for frame in stuck:
            if isinstance(frame, GapFrame):
                gaps.append((frame.first, frame.dropped))
                told += frame.dropped
            elif isinstance(frame, EventsFrame):
                seen += len(frame.events)
            if stuck.position == stage.store.last_seq:
                break

        assert seen + told == 900
        assert gaps[0][0] == 2

    on_stage(play, HubSettings(client_bytes=10_000, interval=0.001))


def test_a_changed_filter_goes_on_where_the_client_was(on_stage):
    """With another filter nothing is lost and nothing comes twice; `after` goes back on request."""

    async def play(stage):
        subscription = stage.hub.subscribe(parse_filter("task.*"), after=0)
        stage.store_events("task.started", "epoch.completed")
        assert await take(subscription, 1) == [1]
        await asyncio.sleep(0.02)
        begin = subscription.change(parse_filter("epoch.*"))
        stage.store_events("task.started", "epoch.completed")
        seqs = await take(subscription, 1)
        subscription.change(None, after=0)

        assert (begin, seqs) == (2, [4])
        assert await take(subscription, 4) == [1, 2, 3, 4]

    on_stage(play)


def test_the_filter_may_change_while_the_client_waits(on_stage):
    """A client that sleeps in `async for` is woken by its new filter."""

    async def play(stage):
        stage.store_events("task.started")
        subscription = stage.hub.subscribe(parse_filter("epoch.*"), after=0)
        waiting = asyncio.create_task(take(subscription, 1))
        await asyncio.sleep(0.01)
        subscription.change(None, after=0)

        assert await waiting == [1]

    on_stage(play)


def test_silence_is_broken_by_heartbeats_that_carry_the_cursor(on_stage):
    """A client that gets nothing knows that it lives and where it may resume."""

    async def play(stage):
        subscription = stage.hub.subscribe(parse_filter("task.*"), after=0)
        stage.store_events("epoch.completed")
        async for frame in subscription:
            assert isinstance(frame, HeartbeatFrame)
            if frame.cursor == 1:
                break

    on_stage(play, HubSettings(heartbeat=0.01, interval=0.001))


def test_the_end_of_the_hub_ends_everybody(on_stage):
    """`stop` ends who waits and who comes later."""

    async def play(stage):
        waiting = asyncio.create_task(take(stage.hub.subscribe(None, after=0), 1))
        await asyncio.sleep(0.01)
        stage.hub.stop()

        assert await waiting == []
        assert await take(stage.hub.subscribe(None, after=0), 1) == []
        stage.store_events("task.started")

    on_stage(play)


def test_who_comes_while_the_hub_begins_is_told_to_come_again(on_stage):
    """It would follow what is replaced in a moment, and hear nothing any more."""

    async def play(stage):
        stage.hub.stop()
        beginning = asyncio.create_task(stage.hub.start())
        await asyncio.sleep(0)
        assert await take(stage.hub.subscribe(None, after=0), 1) == []
        await beginning
        stage.store_events("task.started")

        assert await take(stage.hub.subscribe(None, after=0), 1) == [1]

    on_stage(play)


def test_clients_with_one_filter_share_one_frame(on_stage):
    """What many clients get is put into words once."""

    async def play(stage):
        first, second = (stage.hub.subscribe(parse_filter("task.*"), after=0) for _ in range(2))
        takers = [asyncio.create_task(anext(each)) for each in (first, second)]
        await asyncio.sleep(0.01)
        stage.store_events("task.started")
        frames = await asyncio.gather(*takers)

        assert frames[0] is frames[1]
        assert stage.hub.figures().filters == 1
        first.close()
        second.close()
        assert (stage.hub.figures().filters, stage.hub.figures().clients) == (0, 0)

    on_stage(play)


def line(name: str, length: int) -> bytes:
    return b'{"time":"2026-02-14T19:01:23.456789012Z","unix":1.0,"event":"%s","x":"%s"}' % (
        name.encode(),
        b"x" * length,
    )


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from(["reward.computed", "task.started", "a", "b", "c"]), st.integers(0, 400)),
            max_size=60,
        ),
        max_size=12,
    ),
    st.integers(200, 20_000),
)
def test_whatever_is_folded_or_dropped_the_sums_are_true(batches, max_bytes):
    """Single events, counts and gaps together are always all that there was, and what is left fits."""
    seq, waiting, total = 0, [], 0
    for batch in batches:
        events = []
        for name, length in batch:
            seq += 1
            events.append(StoredEvent(seq, line(name, length)))
        total += len(events)
        if events:
            waiting.append(EventsFrame(events, seq))
        if sum(frame.size for frame in waiting) > max_bytes:
            waiting = relieve(waiting, first=1, last=seq, max_bytes=max_bytes)
            assert sum(frame.size for frame in waiting) <= max_bytes // 2 + 1024

    single = [event.seq for frame in waiting if isinstance(frame, EventsFrame) for event in frame.events]
    counted = sum(sum(frame.counts.values()) for frame in waiting if isinstance(frame, CountsFrame))
    dropped = sum(frame.dropped for frame in waiting if isinstance(frame, GapFrame))
    assert len(single) + counted + dropped == total
    assert single == sorted(set(single))


def test_the_ring_keeps_the_newest_and_says_from_where_on():
    """Whoever asks for what is after the floor gets all of it."""
    ring = Ring(1_000, cursor=10)
    for seq in range(11, 111):
        ring.extend([StoredEvent(seq, b"x" * 100)])

    assert (len(ring), ring.floor, ring.cursor) == (10, 100, 110)
    assert [event.seq for event in ring.after(ring.floor, 100)] == list(range(101, 111))
    assert [event.seq for event in ring.after(105, 2)] == [106, 107]
    ring.extend([StoredEvent(50, b"old")])
    assert ring.cursor == 110
