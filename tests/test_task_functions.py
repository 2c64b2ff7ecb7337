"""Functions as tasks: whatever can be called, and what it looks like afterwards."""

import asyncio
import functools
import inspect
import pathlib

import pytest

import otel_events as ev


class Desk:
    @ev.task
    def method(self, word):
        return word

    @ev.task
    @classmethod
    def outer_class(cls, word):
        return word

    @classmethod
    @ev.task
    def inner_class(cls, word):
        return word

    @ev.task("static", retries=3)
    @staticmethod
    def outer_static(word):
        return word

    @staticmethod
    @ev.task
    def inner_static(word):
        return word

    @ev.task
    async def coroutine(self, word):
        return word


class Callable:
    def __call__(self, word):
        return word


class AsyncCallable:
    async def __call__(self, word):
        await asyncio.sleep(0)
        ev.emit("x.inside")
        return word


def echo(word, times=1):
    """Say it again."""
    return word * times


async def echo_later(word):
    """Say it again, later."""
    await asyncio.sleep(0)
    ev.emit("x.inside")
    return word


def echo_steps(word):
    """Say it step by step."""
    yield word
    return word


async def echo_async_steps(word):
    """Say it step by step, later."""
    yield word


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: Desk().method("a"), "Desk.method"),
        (lambda: Desk.outer_class("a"), "Desk.outer_class"),
        (lambda: Desk().inner_class("a"), "Desk.inner_class"),
        (lambda: Desk.outer_static("a"), "static"),
        (lambda: Desk().inner_static("a"), "Desk.inner_static"),
        (lambda: asyncio.run(Desk().coroutine("a")), "Desk.coroutine"),
        (lambda: ev.task(echo)("a"), "echo"),
        (lambda: ev.task()(echo)("a"), "echo"),
        (lambda: ev.task(goal="x")(echo)("a"), "echo"),
        (lambda: ev.task(functools.partial(echo, "a"))(), "echo"),
        (lambda: ev.task(Callable())("a"), "Callable"),
        (lambda: asyncio.run(ev.task(AsyncCallable())("a")), "AsyncCallable"),
        (lambda: asyncio.run(ev.task(functools.partial(echo_later, "a"))()), "echo_later"),
        (lambda: ev.task(lambda word: word)("a"), "<lambda>"),
    ],
)
def test_whatever_can_be_called_can_be_a_task(events, call, name):
    """Its result is its own; opening and closing event frame what it does."""
    assert call() == "a"

    names = [event for event in events.names if event != "x.inside"]
    assert names == ["task.started", "task.completed"]
    assert events.one("task.started").attributes["task_name"] == name
    assert events[-1].name == "task.completed"


@pytest.mark.parametrize("function", [echo, echo_later, echo_steps, echo_async_steps])
def test_a_decorated_function_looks_like_the_one_it_was(function):
    """Name, docstring, signature and kind stay."""
    decorated = ev.task("x", a=1)(function)

    for kind in (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction):
        assert kind(decorated) == kind(function)
    assert inspect.signature(decorated) == inspect.signature(function)
    assert (decorated.__name__, decorated.__doc__) == (function.__name__, function.__doc__)


def test_generators_are_tasks_from_their_first_step_to_their_last(events):
    """What the consumer does in between is not inside; a return value comes through."""

    def consume():
        result = yield from ev.task(echo_steps)("a")
        ev.emit("x.after", result=result)

    for _ in consume():
        ev.emit("x.between")

    between, after = events.one("x.between"), events.one("x.after")
    assert events.names == ["task.started", "x.between", "task.completed", "x.after"]
    assert (between.attributes, after.attributes) == ({}, {"result": "a"})


def test_async_generators_are_tasks_too(events):
    """From the first step to the last."""

    async def consume():
        async for _ in ev.task(echo_async_steps)("a"):
            ev.emit("x.between")

    asyncio.run(consume())

    assert events.names == ["task.started", "x.between", "task.completed"]
    assert events.one("x.between").attributes == {}


def test_a_generator_that_is_given_up_is_a_cancelled_task(events):
    """Closed, or let go of, in the middle."""
    running = ev.task(echo_steps)("a")
    next(running)
    del running

    assert events.names == ["task.started", "task.cancelled"]
    assert events.one("task.cancelled").attributes["error.type"] == "GeneratorExit"


@pytest.mark.parametrize("thing", [int, Desk, property(echo)])
def test_what_cannot_be_a_task_is_refused_when_it_is_defined(thing):
    """A class would no longer be one; the error says what to decorate instead."""
    for decorate in (ev.task, ev.task("x")):
        with pytest.raises(ev.DefinitionError, match="give a function or a method"):
            decorate(thing)


@pytest.mark.slow
def test_what_a_type_checker_sees_of_a_decorated_function(tmp_path):
    """Signature and result of every kind of function stay; wrong calls are refused."""
    api = pytest.importorskip("mypy.api", reason="mypy comes with the lint tools")
    root = pathlib.Path(__file__).parents[1]
    sample = root / "tests" / "typing" / "scopes.py"
    config = tmp_path / "mypy.ini"
    config.write_text(f"[mypy]\nmypy_path = {root}\n")
    options = ["--strict", "--no-error-summary", "--follow-imports=silent", f"--cache-dir={tmp_path / 'cache'}"]

    out, failed, _ = api.run([*options, f"--config-file={config}", str(sample)])

    wanted = [
        (str(number), line.partition("# mypy: ")[2])
        for number, line in enumerate(sample.read_text().splitlines(), 1)
        if "# mypy: " in line
    ]
    found = [line.partition("scopes.py:")[2].split(": ", 2) for line in out.splitlines()]
    assert [(number, said.partition("  [")[0]) for number, _, said in found] == wanted, (out, failed)


def test_what_has_no_readable_signature_is_decorated_all_the_same(events):
    """Whatever looking at it raises: from Python 3.14 on, a name in an annotation that only type checkers import."""

    class Hidden:
        @property
        def __signature__(self):
            raise NameError("Draft")

        def __call__(self, goal):
            return goal.upper()

    assert ev.task("thesis.draft")(Hidden())("write") == "WRITE"
    assert events.names == ["task.started", "task.completed"]
