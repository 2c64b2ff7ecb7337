"""What scopes bind, for whom, and for how long."""

import asyncio
import functools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

import otel_events as ev
from otel_events.testing import capture_events


def bound():
    return ev.bound_attributes()


# -- with, nested, process-wide --------------------------------------------------------------------------------------


def test_scopes_nest_and_unwind():
    """The inner one wins while it lasts, None takes away, and afterwards all is as before."""
    with ev.context(persona="thesis", cycle=1):
        with ev.context(persona="antithesis", day=3):
            assert bound() == {"persona": "antithesis", "cycle": 1, "day": 3}
            with ev.context(persona=None):
                assert bound() == {"cycle": 1, "day": 3}
        assert bound() == {"persona": "thesis", "cycle": 1}
    assert bound() == {}


def test_an_exception_unwinds_a_scope():
    """As the end of the block does."""
    with pytest.raises(ValueError, match="x"), ev.context(persona="thesis"):
        raise ValueError("x")

    assert bound() == {}


def test_bind_holds_for_the_process_beneath_every_scope():
    """Threads see it, scopes win over it, and None takes it away again."""
    ev.bind(persona="nobody", from_="here")
    seen = []
    thread = threading.Thread(target=lambda: seen.append(bound()))
    thread.start()
    thread.join()
    with ev.context(persona="thesis"):
        seen.append(bound())
    with ev.context(persona=None):
        seen.append(bound())
    ev.bind(persona=None)
    seen.append(bound())

    here = {"from": "here"}
    assert seen == [{"persona": "nobody", **here}, {"persona": "thesis", **here}, here, here]


def test_what_is_bound_is_taken_as_it_is_at_the_time():
    """A list that changes later does not change what was bound."""
    items = [1]
    with ev.context(items=items, from_="a"):
        items.append(2)

        assert bound() == {"items": [1], "from": "a"}


# -- one object, many uses -------------------------------------------------------------------------------------------

MODULE_LEVEL = ev.context(persona="x")


def test_one_scope_object_may_be_entered_again_and_within_itself():
    """Each `with` ends what it began."""
    for _ in range(3):
        with MODULE_LEVEL, ev.context(persona="y"):
            with MODULE_LEVEL:
                assert bound() == {"persona": "x"}
            assert bound() == {"persona": "y"}
        assert bound() == {}


def test_one_scope_object_serves_many_threads_at_once():
    """None ends another's."""
    wrong = []

    def work(number):
        for _ in range(200):
            with ev.context(env_id=number), MODULE_LEVEL:
                time.sleep(0)
                if bound() != {"env_id": number, "persona": "x"}:
                    wrong.append(bound())
            if bound() != {}:
                wrong.append(bound())

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_one_scope_object_serves_many_asyncio_tasks_at_once():
    """Those that started inside it too."""

    async def work(number):
        await asyncio.sleep(0)
        with ev.context(env_id=number):
            async with MODULE_LEVEL:
                await asyncio.sleep(0.001 * (number % 5))
                assert bound() == {"env_id": number, "persona": "x"}
            return bound()

    async def main():
        with MODULE_LEVEL:
            inside = [asyncio.create_task(work(number)) for number in range(50)]
            await asyncio.sleep(0.002)
        outside = [asyncio.create_task(work(number)) for number in range(50)]
        return await asyncio.gather(*inside), await asyncio.gather(*outside)

    inside, outside = asyncio.run(main())

    assert inside == [{"persona": "x", "env_id": number} for number in range(50)]
    assert outside == [{"env_id": number} for number in range(50)]


def test_ending_what_was_never_begun_is_harmless():
    """Once too often, or by hand."""
    scope = ev.context(persona="thesis")
    scope.__exit__(None, None, None)
    with scope:
        scope.__exit__(None, None, None)
    scope.__exit__(None, None, None)

    assert bound() == {}
    with scope:
        assert bound() == {"persona": "thesis"}


# -- asyncio ---------------------------------------------------------------------------------------------------------


def test_thousands_of_interleaved_asyncio_tasks_keep_their_own():
    """Every event has the attributes of its task, and no other's."""

    async def work(number):
        async with ev.context(env_id=number), ev.context(step=0):
            for step in range(3):
                with ev.context(step=step):
                    await asyncio.sleep(0)
                    ev.emit("x.y", own=number)

    async def main():
        await asyncio.gather(*(work(number) for number in range(2000)))

    with capture_events() as events:
        asyncio.run(main())

        assert [event for event in events if event.attributes["own"] != event.attributes["env_id"]] == []
        assert len(events) == 6000


def test_an_asyncio_task_that_outlives_its_scope_keeps_its_attributes():
    """What was started inside is told as what it was started for."""

    async def main():
        async def work():
            await asyncio.sleep(0.01)
            return bound()

        with ev.context(persona="thesis"):
            task = asyncio.create_task(work())
        return bound(), await task

    assert asyncio.run(main()) == ({}, {"persona": "thesis"})


def test_a_scope_that_ends_in_another_asyncio_task_ends_everywhere():
    """As an exit stack or a fixture may have it: neither task sees it any more, nor its span."""
    provider = TracerProvider()
    tracer = provider.get_tracer("t")

    async def main():
        with tracer.start_as_current_span("outer") as outer:
            scope = ev.context(persona="thesis")
            scope.__enter__()

            async def end():
                scope.__exit__(None, None, None)
                return bound()

            there = await asyncio.create_task(end())
            return there, bound(), trace.get_current_span() is outer

    assert asyncio.run(main()) == ({}, {}, True)


# -- threads and executors -------------------------------------------------------------------------------------------


def test_carry_takes_scopes_and_span_into_a_thread(events):
    """Without it a new thread begins with nothing; the scopes may long have ended when it runs."""
    with ev.task("draft", task_id="t-1"), ev.context(persona="thesis"):
        ev.emit("x.here")
        carried = ev.carry(ev.emit)
    for target in (carried, ev.emit):
        thread = threading.Thread(target=target, args=("x.there",))
        thread.start()
        thread.join()

    here, (there, bare) = events.one("x.here"), events.named("x.there")
    assert there.attributes == here.attributes == {"task_id": "t-1", "persona": "thesis"}
    assert (there.trace_id, there.span_id) == (here.trace_id, here.span_id)
    assert (bare.attributes, bare.span_id) == ({}, "")
    assert bound() == {}


def test_carry_serves_executors_and_functions_of_every_kind():
    """run_in_executor, coroutine functions on another loop, generators, methods."""

    class Worker:
        def work(self, number):
            return number, bound()

    async def coroutine():
        await asyncio.sleep(0)
        return bound()

    def generator():
        with ev.context(cycle=1):
            yield bound()
            yield bound()

    async def in_executor(carried):
        return await asyncio.get_running_loop().run_in_executor(None, functools.partial(carried, 1))

    with ev.context(persona="thesis"):
        method, coroutine, generator = ev.carry(Worker().work), ev.carry(coroutine), ev.carry(generator)
    with ThreadPoolExecutor(1) as pool:
        told = [
            *pool.map(method, [7, 8]),
            pool.submit(lambda: asyncio.run(coroutine())).result(),
            pool.submit(lambda: list(generator())).result(),
            pool.submit(bound).result(),
        ]
    told.append(asyncio.run(in_executor(method)))

    thesis = {"persona": "thesis"}
    assert told == [(7, thesis), (8, thesis), thesis, [{**thesis, "cycle": 1}] * 2, {}, (1, thesis)]
