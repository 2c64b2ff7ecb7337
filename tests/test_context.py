"""What scopes bind, for whom, and for how long."""

import asyncio
import contextlib
import contextvars
import functools
import gc
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import context as otel_context
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


# -- against a model -------------------------------------------------------------------------------------------------

# A program is a list of steps; blocks nest. Each `run` is checked against what a plain dict says should hold.
_keys = st.sampled_from(["persona", "cycle", "day"])
_values = st.one_of(st.none(), st.integers(0, 3))
_attributes = st.dictionaries(_keys, _values, min_size=1, max_size=2)
_programs = st.recursive(
    st.just(("look",)),
    lambda inner: st.one_of(
        st.tuples(st.just("scope"), _attributes, st.lists(inner, max_size=3)),
        st.tuples(st.just("function"), _attributes, st.lists(inner, max_size=3)),
        st.tuples(st.just("generator"), _attributes, st.lists(inner, max_size=3)),
        st.tuples(st.just("zip"), _attributes, st.lists(inner, max_size=3), st.lists(inner, max_size=3)),
        st.tuples(st.just("abandon"), _attributes, st.lists(inner, max_size=2)),
        st.tuples(st.just("spawn"), _attributes, st.lists(inner, max_size=3)),
        st.tuples(st.just("raise"), _attributes, st.lists(inner, max_size=2)),
    ),
    max_leaves=12,
)


class Model:
    """Runs a program of scopes and notes every place where what holds is not what a dict says."""

    def __init__(self):
        self.wrong = []
        self.spawned = []

    def look(self, expected):
        actual = bound()
        if actual != {key: value for key, value in expected.items() if value is not None}:
            self.wrong.append((expected, actual))

    def steps(self, program, expected):
        """A generator: one yield after each step, so that two can be interleaved."""
        for step in program:
            yield from self.step(step, expected)
            self.look(expected)
            yield

    def step(self, step, expected):  # noqa: C901
        kind, *rest = step
        if kind == "look":
            self.look(expected)
            return
        attributes, body = rest[0], rest[1]
        inner = {**expected, **attributes}
        if kind == "scope":
            # The block itself is one step: a suspended one would show to the consumer, as documented.
            with ev.context(**attributes):
                for _ in self.steps(body, inner):
                    pass
        elif kind == "function":
            ev.context(**attributes)(lambda: [None for _ in self.steps(body, inner)])()
        elif kind == "generator":
            for _ in self.decorated(attributes, body, inner):
                self.look(expected)
                yield
        elif kind == "zip":
            first = self.decorated(attributes, body, inner)
            second = self.decorated({}, rest[2], expected)
            while first is not None or second is not None:
                for name in ("first", "second"):
                    running = first if name == "first" else second
                    if running is not None and next(running, "end") == "end":
                        first, second = (None, second) if name == "first" else (first, None)
                    self.look(expected)
                yield
        elif kind == "abandon":
            running = self.decorated(attributes, [("look",), *body], inner)
            next(running)
            self.look(expected)
            del running
        elif kind == "spawn":
            with ev.context(**attributes):
                copied = contextvars.copy_context()
                self.spawned.append(lambda: copied.run(lambda: [None for _ in self.steps(body, inner)]))
        elif kind == "raise":
            with contextlib.suppress(ZeroDivisionError):
                ev.context(**attributes)(lambda: ([None for _ in self.steps(body, inner)], 1 / 0))()

    def decorated(self, attributes, body, inner):
        return ev.context(**attributes)(self.steps)(body, inner)


@settings(max_examples=150, deadline=None)
@given(st.lists(_programs, max_size=4))
def test_whatever_the_program_scopes_hold_where_they_should_and_nowhere_else(program):
    """Blocks, functions, generators interleaved and abandoned, exceptions, and tasks that run later."""
    model = Model()

    for _ in model.steps(program, {}):
        model.look({})
    while model.spawned:
        model.spawned.pop()()
        model.look({})

    assert model.wrong == []
    assert not otel_context.get_current()
