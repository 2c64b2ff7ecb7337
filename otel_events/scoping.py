"""What a scope is, and how it goes around blocks and functions of every kind."""

from __future__ import annotations

import inspect
import sys
import threading
from abc import ABC, abstractmethod
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from otel_events.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from types import TracebackType

    from typing_extensions import Self

Function = TypeVar("Function", bound="Callable[..., Any] | classmethod[Any, Any, Any] | staticmethod[Any, Any]")
Call: TypeAlias = "tuple[tuple[Any, ...], dict[str, Any]]"
Make: TypeAlias = "Callable[[Call], Scope]"


class Scope(ABC):
    """Something that holds for the time of a block or of a call.

    `open` begins it and makes it current, `step_out` and `step_in` make it not current and current again (a decorated
    generator holds it only while its own code runs, so that nothing shows to its consumer), `close` ends it, current
    or not. None of them raises, save in strict mode.

    One object may be entered again, within itself, by several threads or asyncio tasks at once: whoever finds it in
    use enters a copy.
    """

    def __init__(self) -> None:
        self._in_use = threading.Lock()  # nobody ever waits for it: an atomic flag
        self._entered: list[Scope] = []  # this scope or copies of it, in the order in which `with` entered them

    @abstractmethod
    def open(self) -> None:
        """Begin, and become current."""

    @abstractmethod
    def step_out(self) -> None:
        """Stop being current, for now."""

    @abstractmethod
    def step_in(self) -> None:
        """Become current again."""

    @abstractmethod
    def close(self, error: BaseException | None) -> None:
        """End, because of *error* if it is not None."""

    @abstractmethod
    def copy(self) -> Self:
        """Return a scope like this one that has not begun."""

    @abstractmethod
    def holds_here(self) -> bool:
        """Tell whether this thread and asyncio task is inside the scope."""

    def per_call(self, _function: Callable[..., Any]) -> Make:
        """Return what makes a new scope like this one for each call of the decorated function."""
        return lambda _call: self.copy()

    def __enter__(self) -> Self:
        entered = self if self._in_use.acquire(blocking=False) else self.copy()
        self._entered.append(entered)
        try:
            entered.open()
        except BaseException as error:  # of a signal handler, perhaps, when all but a step was done: then it holds here
            self._end(entered, error)
            raise
        return entered

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        entered: Scope | None = self
        try:
            here = self._entered[:]
            # Nearly always there is one, which need not be looked for.
            entered = here[0] if len(here) == 1 else self._entered_here()
            if entered is not None:
                entered.close(error)
        except BaseException as interruption:  # likewise
            if entered is not None:
                self._end(entered, error or interruption)
            raise
        if entered is not None:
            self._leave(entered)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    def __call__(self, function: Function) -> Function:
        return decorate(self, function)

    def _entered_here(self) -> Scope | None:
        """Return what the block that ends now has entered: the innermost here, else the newest."""
        entered = list(self._entered)
        if len(entered) <= 1:
            return entered[0] if entered else None
        return next((scope for scope in reversed(entered) if scope.holds_here()), entered[-1])

    def _end(self, entered: Scope, error: BaseException) -> None:
        """End what was entered though beginning or ending it was interrupted; what is done already is not done again."""
        try:
            entered.close(error)
        finally:
            self._leave(entered)

    def _leave(self, entered: Scope) -> None:
        try:
            self._entered.remove(entered)
        except ValueError:
            return  # another thread ended it at the same time
        if entered is self:
            self._in_use.release()


def decorate(scope: Scope, function: Function) -> Function:
    """Return *function* with a fresh copy of *scope* around each call; signature, docstring and kind stay.

    Plain, async, generator and async-generator functions, methods, class and static methods, callable objects.

    Raises:
        DefinitionError: it is a class, or nothing that can be called.
    """
    try:
        return _decorated(scope, function)
    except DefinitionError:
        raise
    except Exception as error:  # what looking at it runs is the program's own code
        raise DefinitionError("this cannot be decorated", [f"looking at it raised {type(error).__name__}"]) from error


def _decorated(scope: Scope, function: Function) -> Function:
    if isinstance(function, (classmethod, staticmethod)):
        return cast("Function", type(function)(decorate(scope, function.__func__)))
    if isinstance(function, type) or not callable(function):
        raise DefinitionError("this cannot be decorated", [f"give a function or a method, not {_word_for(function)}"])
    return cast("Function", _wrap(scope.per_call(function), function))


def _wrap(make: Make, function: Callable[..., Any]) -> Callable[..., Any]:
    if _is(inspect.isasyncgenfunction, function):
        return _around_async_generator(make, function)
    if _is(inspect.isgeneratorfunction, function):
        return _around_generator(make, function)
    if _is(inspect.iscoroutinefunction, function):
        return _around_coroutine(make, function)
    return _around_call(make, function)


def _is(kind: Callable[[Any], bool], function: Callable[..., Any]) -> bool:
    # An object's own kind is that of its `__call__`.
    return kind(function) or kind(getattr(type(function), "__call__", None))  # noqa: B004


def _word_for(thing: object) -> str:
    return (
        f"the class {thing.__qualname__}" if isinstance(thing, type) else f"an instance of {type(thing).__qualname__}"
    )


def _around_call(make: Make, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with make((args, kwargs)):
            return function(*args, **kwargs)

    return call


def _around_coroutine(make: Make, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        with make((args, kwargs)):
            return await function(*args, **kwargs)

    return call


def _around_generator(make: Make, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        return (yield from _step(make((args, kwargs)), function(*args, **kwargs)))

    return call


def _step(scope: Scope, generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Run *generator* with *scope* current while its code runs, and not while its consumer's does."""
    resume: Callable[[], Any] = generator.__next__
    scope.open()
    while True:
        try:
            item = resume()
        except StopIteration as stop:
            scope.close(None)
            return stop.value
        except BaseException as error:
            scope.close(error)
            raise
        scope.step_out()
        try:
            resume = partial(generator.send, (yield item))
        except GeneratorExit as leaving:
            scope.step_in()
            try:
                generator.close()
            except BaseException as error:
                scope.close(error)
                raise
            scope.close(leaving)
            raise
        except BaseException as thrown:  # it is the generator's to handle
            resume = partial(generator.throw, thrown)
        scope.step_in()


def _around_async_generator(make: Make, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        scope = make((args, kwargs))
        generator = function(*args, **kwargs)
        resume: Callable[[], Any] = partial(_begin, generator)
        scope.open()
        while True:
            try:
                item = await resume()
            except StopAsyncIteration:
                scope.close(None)
                return
            except BaseException as error:
                scope.close(error)
                raise
            scope.step_out()
            try:
                resume = partial(generator.asend, (yield item))
            except GeneratorExit as leaving:
                scope.step_in()
                try:
                    await generator.aclose()
                except BaseException as error:
                    scope.close(error)
                    raise
                scope.close(leaving)
                raise
            except BaseException as thrown:
                resume = partial(generator.athrow, thrown)
            scope.step_in()

    return call


def _begin(generator: AsyncGenerator[Any, Any]) -> Any:
    """Return the first step of *generator*, hidden from the event loop.

    A loop closes at its end all async generators that it knows, at once: this one and its wrapper, which closes it too.
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return generator.__anext__()
    finally:
        sys.set_asyncgen_hooks(*hooks)
