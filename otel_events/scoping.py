"""What a scope is, and how it goes around blocks and functions of every kind."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from types import TracebackType

    from typing_extensions import Self

Function = TypeVar("Function", bound="Callable[..., Any]")
Call: TypeAlias = "tuple[tuple[Any, ...], dict[str, Any]]"
Make: TypeAlias = "Callable[[Call], Scope]"


class Scope(ABC):
    """Something that holds for the time of a block or of a call.

    `open` begins it, `attach` and `step_out` make it current and not current any number of times (a decorated
    generator holds it only while its own code runs, so that nothing shows to its consumer), `close` ends it and may be
    called while it is current. None of them raises.
    """

    __slots__ = ()

    @abstractmethod
    def open(self) -> None:
        """Begin."""

    @abstractmethod
    def attach(self) -> None:
        """Become current."""

    @abstractmethod
    def step_out(self) -> None:
        """Stop being current, for now."""

    @abstractmethod
    def close(self, error: BaseException | None) -> None:
        """End, because of *error* if it is not None."""

    @abstractmethod
    def per_call(self, function: Callable[..., Any]) -> Callable[[Call], Scope]:
        """Return what makes a new scope like this one for each call of the decorated *function*."""

    def __enter__(self) -> Self:
        self.open()
        self.attach()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.close(error)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.close(error)

    def __call__(self, function: Function) -> Function:
        return decorate(self, function)


def decorate(scope: Scope, function: Function) -> Function:
    """Return *function* with a fresh copy of *scope* around each call; signature, docstring and kind stay.

    Plain, async, generator and async-generator functions, methods, class and static methods.
    """
    if isinstance(function, (classmethod, staticmethod)):
        return cast("Function", type(function)(decorate(scope, function.__func__)))
    make = scope.per_call(function)
    if inspect.isasyncgenfunction(function):
        wrapper = _around_async_generator(make, function)
    elif inspect.isgeneratorfunction(function):
        wrapper = _around_generator(make, function)
    elif inspect.iscoroutinefunction(function):
        wrapper = _around_coroutine(make, function)
    else:
        wrapper = _around_call(make, function)
    return cast("Function", wrapper)


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
    scope.open()
    resume: Callable[[], Any] = generator.__next__
    while True:
        scope.attach()
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
            scope.attach()
            try:
                generator.close()
            except BaseException as error:
                scope.close(error)
                raise
            scope.close(leaving)
            raise
        except BaseException as thrown:  # noqa: BLE001  # it is the generator's to handle
            resume = partial(generator.throw, thrown)


def _around_async_generator(make: Make, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = make((args, kwargs))
        generator = function(*args, **kwargs)
        inner.open()
        resume: Callable[[], Any] = generator.__anext__
        while True:
            inner.attach()
            try:
                item = await resume()
            except StopAsyncIteration:
                inner.close(None)
                return
            except BaseException as error:
                inner.close(error)
                raise
            inner.step_out()
            try:
                resume = partial(generator.asend, (yield item))
            except GeneratorExit as leaving:
                inner.attach()
                try:
                    await generator.aclose()
                except BaseException as error:
                    inner.close(error)
                    raise
                inner.close(leaving)
                raise
            except BaseException as thrown:  # noqa: BLE001
                resume = partial(generator.athrow, thrown)

    return call
