"""Scopes around functions and generators of every kind, driven, interleaved and abandoned."""

import asyncio
import gc
import tracemalloc

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

import otel_events as ev
from otel_events.testing import capture_events


def bound():
    return ev.bound_attributes()


# -- functions of every kind -----------------------------------------------------------------------------------------


def test_a_decorated_function_runs_in_the_scope():
    """Plain, async, generator and async generator, each call anew."""

    @ev.context(persona="thesis")
    def plain():
        return bound()

    @ev.context(persona="thesis")
    async def coroutine():
        await asyncio.sleep(0)
        return bound()

    @ev.context(persona="thesis")
    def generator():
        yield bound()
        return bound()

    @ev.context(persona="thesis")
    async def async_generator():
        yield bound()

    async def collect():
        return [await coroutine(), *[item async for item in async_generator()]]

    assert [plain(), *generator(), *asyncio.run(collect())] == [{"persona": "thesis"}] * 4
    assert bound() == {}


def test_a_decorated_generator_shows_nothing_to_its_consumer():
    """Between its steps the consumer has its own, and within it its own blocks go on where they were."""

    @ev.context(persona="thesis")
    def steps():
        seen.append(bound())
        with ev.context(cycle=1):
            yield "a"
            seen.append(bound())
            yield "b"
            seen.append(bound())
        seen.append(bound())

    seen, outside = [], []
    with ev.context(day=1):
        running = steps()
        for _ in running:
            outside.append(bound())
    outside.append(bound())

    inner = {"day": 1, "persona": "thesis"}
    assert seen == [inner, {**inner, "cycle": 1}, {**inner, "cycle": 1}, inner]
    assert outside == [{"day": 1}, {"day": 1}, {}]


def test_a_decorated_generator_can_be_sent_to_and_thrown_into():
    """It behaves as it did without the decorator."""

    @ev.context(persona="thesis")
    def echo():
        received = yield "ready"
        try:
            received = yield received
        except KeyError as error:
            received = yield type(error)
        return (received, bound())

    running = echo()
    told = [next(running), running.send("hello"), running.throw(KeyError("x"))]
    with pytest.raises(StopIteration) as stop:
        running.send("bye")

    assert [*told, stop.value.value] == ["ready", "hello", KeyError, ("bye", {"persona": "thesis"})]


def test_two_interleaved_decorated_generators_do_not_mix():
    """In whatever order they are driven and end."""

    def steps(name):
        @ev.context(persona=name)
        def run():
            for _ in range(3):
                with ev.context(who=name):
                    yield bound()

        return run()

    first, second = steps("a"), steps("b")
    seen = [next(first), next(second), next(first), next(second), next(first)]
    first.close()
    seen += [next(second)]

    assert seen == [{"persona": name, "who": name} for name in "ababab"]
    assert bound() == {}


def test_an_async_generator_driven_by_several_tasks_keeps_its_own():
    """Each step in another asyncio task; nothing stays behind in any of them."""

    @ev.context(persona="thesis")
    async def steps():
        with ev.context(cycle=1):
            for number in range(4):
                await asyncio.sleep(0)
                yield number, bound()

    async def step(running):
        item = await anext_(running)
        return item, bound()

    async def main():
        running = steps()
        return [await asyncio.create_task(step(running)) for _ in range(4)], bound()

    told, after = asyncio.run(main())

    assert told == [((number, {"persona": "thesis", "cycle": 1}), {}) for number in range(4)]
    assert after == {}


async def anext_(running):
    return await running.__anext__()


def test_async_generators_abandoned_at_the_end_of_the_loop_end_quietly():
    """Their own clean-up, with awaits in it, runs once and in their scope; the loop has nothing to complain about."""
    complaints, seen = [], []

    @ev.context(persona="thesis")
    async def steps(number):
        try:
            while True:
                yield number
        finally:
            await asyncio.sleep(0.001)
            seen.append(bound())

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
        kept.extend(steps(number) for number in range(20))
        for running in kept:
            await anext_(running)

    kept = []
    asyncio.run(main())

    assert complaints == []
    assert seen == [{"persona": "thesis"}] * 20


def test_a_bare_block_in_a_suspended_generator_shows_to_its_consumer_until_it_ends():
    """Documented: without the decorator nobody can tell whose code runs. Afterwards nothing is left."""

    def steps():
        with ev.context(persona="thesis"):
            yield bound()

    running = steps()
    next(running)
    during = bound()
    running.close()

    assert (during, bound()) == ({"persona": "thesis"}, {})


def test_bare_blocks_that_end_in_the_order_they_began_leave_nothing_behind():
    """Two interleaved generators: each sees what is open, and after both there is nothing, span included."""
    tracer = TracerProvider().get_tracer("t")

    def steps(name):
        with ev.task(name), ev.context(**{name: 1}):
            yield
            yield bound().get("a"), bound().get("b")

    with capture_events(), tracer.start_as_current_span("outer") as outer, ev.context(day=1):
        first, second = steps("a"), steps("b")
        next(first)
        next(second)
        first.close()
        between = next(second)
        list(second)

        with ev.context(c=1):
            assert bound() == {"day": 1, "c": 1}

        assert between == (None, 1)
        assert bound() == {"day": 1}
        assert trace.get_current_span() is outer


def test_events_after_interleaved_blocks_are_told_under_the_right_span(events):
    """Not under the span of a task that has ended, though it is still what OpenTelemetry's Context says."""

    def steps(name):
        with ev.task(name):
            yield

    first, second = steps("a"), steps("b")
    next(first)
    next(second)
    first.close()
    second.close()
    ev.emit("x.y")

    assert events.one("x.y").span_id == ""


@pytest.mark.slow
def test_endless_loops_of_abandoned_generators_leave_nothing_in_memory():
    """Bare and decorated, interleaved or not: the ten-thousandth costs no more than the hundredth."""

    def bare():
        with ev.context(persona="thesis"), ev.task("t"):
            yield

    @ev.task
    def decorated():
        with ev.context(cycle=1):
            yield

    def abandon(count):
        for _ in range(count):
            first, second, third = bare(), decorated(), bare()
            for running in (first, second, third):
                next(running)
            del first
            with ev.context(day=1):
                del second
            del third

    with capture_events() as events:
        abandon(200)
        events.clear()
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(10):
            abandon(100)
            events.clear()
        gc.collect()
        after = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()

    assert bound() == {}
    assert after - before < 64 * 1024
