"""Hooks that tell as `error` events what nobody has handled: exceptions and warnings."""

from __future__ import annotations

import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any, TextIO

from otel_events.bridges.log_entry import is_our_thread
from otel_events.bridges.told_errors import already_told
from otel_events.emit import emit
from otel_events.event import Severity
from otel_events.exception_snapshot import capture_exception, exception_type
from otel_events.values import freeze

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["UnhandledHooks", "capture_unhandled"]


class UnhandledHooks:
    """The hooks in place; `remove` takes them away again. Usable with `with`."""

    def __init__(self) -> None:
        self._removals: list[Callable[[], None]] = []

    def remove(self) -> None:
        """Put back what was there before, where nobody has put another hook on top since."""
        while self._removals:
            self._removals.pop()()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def _hook(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        before = getattr(owner, name)
        if getattr(before, "is_of_otel_events", False):
            return
        ours = make(before)
        ours.is_of_otel_events = True
        setattr(owner, name, ours)

        def remove() -> None:
            if getattr(owner, name) is ours:
                setattr(owner, name, before)

        self._removals.append(remove)

    def _hook_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        before = loop.get_exception_handler()
        if getattr(before, "is_of_otel_events", False):
            return
        ours: Any = _loop_handler(before)
        ours.is_of_otel_events = True
        loop.set_exception_handler(ours)

        def remove() -> None:
            if loop.get_exception_handler() is ours:
                loop.set_exception_handler(before)

        self._removals.append(remove)


def capture_unhandled(
    *,
    exceptions: bool = True,
    threads: bool = True,
    warnings: bool = False,
    loop: asyncio.AbstractEventLoop | None = None,
) -> UnhandledHooks:
    """Tell what nobody has handled as `error` events; whatever hook was there before is called as well.

    Args:
        exceptions: what ends the program (`sys.excepthook`), as FATAL.
        threads: what ends a thread (`threading.excepthook`).
        warnings: each that is shown (`warnings.showwarning`), as WARN.
        loop: the event loop whose unhandled exceptions to tell; by default the one that is running here, if one is.
    """
    hooks = UnhandledHooks()
    if exceptions:
        hooks._hook(sys, "excepthook", _exception_hook)
    if threads:
        hooks._hook(threading, "excepthook", _thread_hook)
    if warnings:
        hooks._hook(_warnings_module, "showwarning", _warning_hook)
    running = loop or _running_loop()
    if running is not None:
        hooks._hook_loop(running)
    return hooks


_warnings_module = warnings


def _running_loop() -> asyncio.AbstractEventLoop | None:
    # Not imported: then no loop is running. It takes longer to import than this whole package.
    module = sys.modules.get("asyncio")
    loop: asyncio.AbstractEventLoop | None = module._get_running_loop() if module is not None else None
    return loop


def _exception_hook(before: Any) -> Any:
    def tell(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if isinstance(error, Exception):  # not a Ctrl-C
            _tell_error(error, "sys.excepthook", Severity.FATAL)
        with already_told(error):
            before(kind, error, traceback)

    return tell


def _thread_hook(before: Any) -> Any:
    def tell(args: Any) -> None:
        error, thread = args.exc_value, args.thread
        if isinstance(error, Exception) and not is_our_thread(thread.name if thread is not None else None):
            _tell_error(
                error, "threading.excepthook", Severity.ERROR, thread=thread.name if thread is not None else None
            )
        with already_told(error):
            before(args)

    return tell


def _loop_handler(before: Any) -> Any:
    def tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception):
            _tell_error(error, "asyncio", Severity.ERROR, task=_task_name(context), reason=context.get("message"))
        elif error is None:
            emit(
                "error",
                str(context.get("message")),
                severity=Severity.ERROR,
                source="asyncio",
                task=_task_name(context),
            )
        with already_told(error):
            if before is None:
                loop.default_exception_handler(context)
            else:
                before(loop, context)

    return tell


def _warning_hook(before: Any) -> Any:
    def tell(  # noqa: PLR0917  # as `warnings` calls it
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if not is_our_thread(threading.current_thread().name):
            where = {"error.type": category.__name__, "code.file.path": filename, "code.line.number": lineno}
            emit("error", str(freeze(str(message))), severity=Severity.WARN, source="warnings", attributes=where)
        before(message, category, filename, lineno, file, line)

    return tell


def _tell_error(error: Exception, source: str, severity: Severity, **more: Any) -> None:
    kind = exception_type(error)
    captured = capture_exception(error)
    message = captured.message if captured is not None else ""
    emit(
        "error",
        f"{kind}: {message}" if message else kind,
        severity=severity,
        exception=error,
        source=source,
        attributes={"error.type": kind},
        **more,
    )


def _task_name(context: dict[str, Any]) -> str | None:
    task = context.get("task") or context.get("future")
    name = getattr(task, "get_name", None)
    return name() if name is not None else None
