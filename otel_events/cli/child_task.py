"""A child process as a task."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click

from otel_events.cli import emitting, exit_codes
from otel_events.cli.harmless import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from otel_events.task import Task

# The terminal gives these two to the child as well, by itself.
_FROM_TERMINAL = ("SIGINT", "SIGQUIT")
_FORWARDED = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", *_FROM_TERMINAL)
_SIGNALLED = 128
_WINDOWS_INTERRUPT = 0xC000013A  # STATUS_CONTROL_C_EXIT


@dataclass(frozen=True, slots=True)
class ChildTask:
    """What to run, and how.

    Attributes:
        arguments: the command and its arguments.
        name: of the task, None for the command's.
        bound: correlation attributes.
        captures_errors: lines of standard error become events if they are about errors.
        pattern: a regular expression for those lines, None for the usual words.
        wait: seconds for the events to be accepted, None not to wait.
    """

    arguments: tuple[str, ...]
    name: str | None
    bound: Mapping[str, Any]
    captures_errors: bool
    pattern: str | None
    wait: float | None


class _CancelledError(BaseException):
    """Ends the task as cancelled."""


def run_child(child: ChildTask) -> int:
    """Run it and return the exit code to end with."""
    import otel_events as ev

    environment = dict(os.environ)
    pattern = _compile(child.pattern) if child.captures_errors else None
    emitting.name_service()
    code = exit_codes.NO
    # From before the task begins: a signal that comes while the command is being started is the command's too.
    with forwarding() as begin, suppress(_CancelledError):
        name = child.name or PurePath(child.arguments[0]).name
        with ev.task(name, **child.bound, **{"process.command_line": shlex.join(child.arguments)}) as task:
            environment.update(ev.inject({}, environment=True))
            code, why = run_command(child.arguments, environment, pattern, name, begin)
            _close(task, code, why)
    if not emitting.tell(emitting.finish(child.wait), child.wait) and code == exit_codes.OK and child.wait is not None:
        return exit_codes.NO
    return code


def run_command(
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    pattern: re.Pattern[str] | None,
    source: str,
    begin: Callable[[Callable[[], subprocess.Popen[bytes]]], subprocess.Popen[bytes]],
) -> tuple[int, str]:
    """Run a command to its end; return its exit code, and why it could not be started; empty if it was.

    Args:
        arguments: the command and its arguments.
        environment: its environment.
        pattern: lines of standard error that fit become events; None for none.
        source: what these name as theirs.
        begin: what `forwarding` yields.
    """
    stderr = subprocess.PIPE if pattern is not None else None
    try:
        process = begin(lambda: subprocess.Popen(arguments, env=environment, stderr=stderr))  # noqa: S603  # what the user asks for
    except OSError as error:
        why = f"cannot be started: {error.strerror}"
        click.echo(f"Error: {harmless(arguments[0])} {why}", err=True)
        is_missing = isinstance(error, FileNotFoundError)
        return exit_codes.NOT_FOUND if is_missing else exit_codes.NOT_EXECUTABLE, why
    if pattern is not None:
        from otel_events.cli.error_lines import pass_through

        pass_through(process, pattern, source)
    code = process.wait()
    if code == _WINDOWS_INTERRUPT:
        return exit_codes.INTERRUPTED, ""
    return code if code >= 0 else _SIGNALLED - code, ""


def _close(task: Task, code: int, why: str) -> None:
    """Say how it ended: on the closing event, and as its kind."""
    task.set(exit_code=code)
    if code == exit_codes.OK:
        return
    name = "" if why else _signal_name(code)
    if name:
        task.set(signal=name)
        if name == "SIGINT":
            task.set(**{"error.type": name})
            raise _CancelledError
        task.fail(f"ended by {name}", error_type=name)
    else:
        task.fail(why or f"exit code {code}", error_type=f"exit_{code}")


def _signal_name(code: int) -> str:
    try:
        return signal.Signals(code - _SIGNALLED).name if code > _SIGNALLED else ""
    except ValueError:  # a program's own way of counting
        return ""


def _send(child: subprocess.Popen[bytes], number: int) -> None:
    with suppress(OSError, ValueError):  # it has ended meanwhile; Windows knows few signals
        child.send_signal(number)


@contextmanager
def forwarding() -> Iterator[Any]:
    """Pass signals on to the child that is made by what this yields; one that was ignored before stays ignored."""
    children: list[subprocess.Popen[bytes]] = []
    early: list[int] = []  # what came while the child was being started
    is_there = False
    is_terminal = sys.stdin is not None and sys.stdin.isatty()

    def handle(number: int, _frame: object) -> None:
        if is_terminal and is_there and signal.Signals(number).name in _FROM_TERMINAL:
            return
        if not children:
            early.append(number)
        for child in children:
            _send(child, number)

    def begin(start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        nonlocal is_there
        is_there = True  # from here on, as nearly as can be told
        child = start()
        children.append(child)
        for number in early:
            _send(child, number)
        return child

    before: dict[int, Any] = {}
    for name in _FORWARDED:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            with suppress(OSError, ValueError):
                before[number] = signal.signal(number, handle)
    try:
        yield begin
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _compile(pattern: str | None) -> re.Pattern[str]:
    from otel_events.cli.error_lines import USUAL

    try:
        return re.compile(pattern) if pattern is not None else USUAL
    except re.error as error:
        raise click.BadParameter(f"{pattern!r:.80}: {error}", param_hint="--match") from error
