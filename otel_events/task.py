"""Tasks, phases, cycles and sessions: pairs of events around work, with what they bind and the span they make."""

from __future__ import annotations

import concurrent.futures
import functools
import inspect
import sys
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from opentelemetry.trace import Status, StatusCode

from otel_events import catalog, runtime
from otel_events.binding import Attachment, current
from otel_events.context import CORRELATION, BindingScope, freeze_attributes
from otel_events.emit import emit, emit_own
from otel_events.errors import StrictModeError
from otel_events.event import Severity
from otel_events.exception_snapshot import capture_exception, exception_type
from otel_events.interrupts import is_interrupt
from otel_events.random_ids import random_id
from otel_events.scoping import Call, Function, Make, decorate
from otel_events.tracing import end_span, start_span
from otel_events.values import clean, freeze

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry.trace import Span
    from typing_extensions import Self

    from otel_events.binding import Binding

_CORRELATION = frozenset(CORRELATION)
# Annotations may name what type checkers alone import; from Python 3.14 on they are worked out by whoever looks at them.
_NOT_EVALUATED: dict[str, Any] = {}
if sys.version_info >= (3, 14):
    from annotationlib import Format

    _NOT_EVALUATED["annotation_format"] = Format.FORWARDREF

_OUTCOMES = ("completed", "failed", "cancelled")


class _Kind(NamedTuple):
    """What distinguishes a task from a phase, a cycle and a session: its events, and whether it is a span.

    Attributes:
        opening: the event that it begins with.
        closings: event names by outcome (`completed`, `failed`, `cancelled`).
        makes_span: it is worth a span.
        has_id: it has a `task_id`, and an event of the program's own may close it.
        name_key: the attribute of its name, on the opening event and on the closing one; empty if it has none.
    """

    opening: str
    closings: Mapping[str, str]
    makes_span: bool = True
    has_id: bool = False
    name_key: str = ""


def _pair(stem: str, *, makes_span: bool = True, name_key: str = "") -> _Kind:
    return _Kind(f"{stem}.start", dict.fromkeys(_OUTCOMES, f"{stem}.end"), makes_span, name_key=name_key)


_TASK = _Kind("task.started", {outcome: f"task.{outcome}" for outcome in _OUTCOMES}, has_id=True, name_key="task_name")
_PHASE = _pair("phase", name_key="phase")
_CYCLE = _pair("cycle")
_SESSION = _pair("session", makes_span=False)


class Task(BindingScope):
    """Work with a beginning and an end, each an event; between them its bound attributes and its span hold.

    Made by `task`, `phase`, `cycle` and `session`. Use it with `with` or `async with`, or as a decorator, where each
    call gets one of its own. Entered while it is open, it is a copy of it that `with` gives.

    Attributes:
        task_id: the task's id, given or made; None before it begins, and for what is no task.
    """

    def __init__(self, kind: _Kind, span_name: str | None, given: Mapping[str, Any]) -> None:
        super().__init__()
        self._kind = kind
        self._span_name = span_name  # None: the name of the function that is decorated
        self._given = given
        self._results: dict[str, Any] = {}

    # Of one that has not begun.
    task_id: str | None = None
    _failure: tuple[str, str] | None = None
    _closed_by: str | None = None
    _span: Span | None = None
    _began = 0

    # -- what a program says in between ------------------------------------------------------------------------------

    def set(self, /, **attributes: Any) -> None:
        """Put *attributes* on the span and on the closing event."""
        self._results.update(freeze_attributes(attributes))

    def fail(self, reason: Any = "", *, error_type: Any = "_OTHER") -> None:
        """Let the task end as failed though no exception leaves it.

        Args:
            reason: why, for people; goes on the closing event and the span's status.
            error_type: of few distinct values, as OpenTelemetry's `error.type` asks; `_OTHER` is its word for the rest.
        """
        self._failure = (_text(reason), _text(error_type))

    # -- the scope ---------------------------------------------------------------------------------------------------

    def copy(self) -> Self:
        return type(self)(self._kind, self._span_name, self._given)

    def per_call(self, function: Callable[..., Any]) -> Make:
        name, given = self._span_name, self._given
        if name is None:
            name = _name_of(function)
            given = {"task_name": name, **given}
        signature = _signature_with_task_id(function) if self._kind.has_id and "task_id" not in given else None

        def make(call: Call) -> Task:
            taken = {} if signature is None else _task_id_argument(signature, call)
            return Task(self._kind, name, {**given, **taken})

        return make

    def open(self) -> None:
        # What an earlier block has left.
        self.task_id = self._failure = self._closed_by = self._span = None
        self._results = {}
        try:
            self._begin()
        except StrictModeError:
            super().close(None)
            raise
        except Exception as error:
            if is_interrupt(error):
                super().close(None)
                raise
            # The work goes on, with as much of its scope as there is; nothing of ours may break a program.
            runtime.capture.accounts.problems.add("task_failed_to_open")

    def _begin(self) -> None:
        given = freeze_attributes(self._given)
        bound = {} if _CORRELATION.isdisjoint(given) else {key: given.pop(key) for key in CORRELATION if key in given}
        here = current()
        if self._kind.has_id:
            bound = self._identify(bound, here[1])
        attachment = Attachment(bound, self, here)
        if self._kind.makes_span:
            facts = {**runtime.process_attributes, **attachment.binding.merged, **given}
            self._span = start_span(self._span_name or "task", here[0], _span_attributes(facts))
        self._attachment = attachment
        self._began = perf_counter_ns()
        attachment.attach(self._span)
        self._say(attachment, self._kind.opening, given)

    def _identify(self, bound: dict[str, Any], around: Binding | None) -> dict[str, Any]:
        """Take the given id or make one; return what is bound, with it and with the id of the task around."""
        made = bound.get("task_id")
        self.task_id = f"{random_id(64):016x}" if made is None else _text(made)
        if around is not None and "task_id" in around.merged:
            parent = around.merged["task_id"]
        else:
            parent = runtime.process_attributes.get("task_id")
        return {"parent_task_id": parent, **bound, "task_id": self.task_id}

    @staticmethod
    def _say(attachment: Attachment, name: str, attributes: dict[str, Any], **more: Any) -> None:
        """Emit an event of ours; where it happens is known, as a rule."""
        context = attachment.context
        if context is None:
            emit(name, attributes, **more)
        else:
            emit_own(name, attributes, context, attachment.binding.merged, **more)

    def close(self, error: BaseException | None) -> None:
        attachment = self._attachment
        if attachment is None:
            return
        try:
            outcome = self._outcome(error)
            if self._closed_by is None:
                self._emit_closing(attachment, outcome, error)
            if self._span is not None:
                self._end_span(self._span, outcome, error)
                self._span = None
        except StrictModeError:
            raise
        except Exception as failure:
            if is_interrupt(failure):
                raise
            runtime.capture.accounts.problems.add("task_failed_to_close")
        finally:
            super().close(error)

    def close_by_hand(self, name: str, task_id: Any) -> Mapping[str, Any] | None:
        """Let event *name*, emitted by the program itself, be the one that closes this task, if it is about it."""
        if not self._kind.has_id or (task_id is not None and _text(task_id) != self.task_id):
            return None
        if self._closed_by is not None or self._attachment is None:
            return {}
        self._closed_by = name
        return {**self._name(), "duration": (perf_counter_ns() - self._began) / 1e9, **self._results}

    # -- the closing event and the span's end ------------------------------------------------------------------------

    def _name(self) -> dict[str, Any]:
        """Return the attribute that names it: whoever only sees the end shall know of what."""
        key = self._kind.name_key
        return {key: self._given[key]} if key in self._given else {}

    def _emit_closing(self, attachment: Attachment, outcome: str, error: BaseException | None) -> None:
        attributes = {**self._name(), **self._results, "duration": (perf_counter_ns() - self._began) / 1e9}
        if error is not None and outcome != "completed":
            attributes.setdefault("error.type", exception_type(error))
        elif self._failure is not None:
            attributes["reason"], attributes["error.type"] = self._failure
        self._closed_by = name = self._kind.closings[outcome]
        if outcome == "failed":
            self._say(attachment, name, attributes, severity=Severity.ERROR, exception=error)
        else:
            self._say(attachment, name, attributes)

    def _outcome(self, error: BaseException | None) -> str:
        if error is None or _is_orderly_exit(error):
            return "completed" if self._failure is None else "failed"
        kind = type(error)  # not what it says of itself
        if issubclass(kind, (Exception, SystemExit)) and not issubclass(kind, concurrent.futures.CancelledError):
            return "failed"
        # CancelledError, GeneratorExit, KeyboardInterrupt, and what other libraries cancel with: no Exceptions, all.
        return "cancelled"

    def _end_span(self, span: Span, outcome: str, error: BaseException | None) -> None:
        # Only now: a span's methods take a lock, which `set` in a signal handler or a destructor could wait for.
        if self._results:
            span.set_attributes(_span_attributes(self._results))
        if outcome == "failed":
            error_type, told = self._failure_of(error)
            span.set_attribute("error.type", error_type)
            span.set_status(Status(StatusCode.ERROR, told))
        elif self._closed_by != self._kind.closings[outcome] and self._is_failed_by_hand():
            span.set_status(Status(StatusCode.ERROR))
        end_span(span)

    def _is_failed_by_hand(self) -> bool:
        return self._closed_by is not None and catalog.current().canonical(self._closed_by) == "task.failed"

    def _failure_of(self, error: BaseException | None) -> tuple[str, str]:
        """Return `error.type` and the description of the span's status."""
        captured = capture_exception(error)
        if captured is not None and not _is_orderly_exit(error):
            return captured.type, f"{captured.type}: {captured.message}"
        reason, error_type = self._failure or ("", "")
        return error_type, reason


_code_of: Any = SystemExit.__dict__["code"].__get__  # read past classes that define it themselves


def _is_orderly_exit(error: BaseException | None) -> bool:
    return issubclass(type(error), SystemExit) and _code_of(error) in (None, 0)


def _text(value: Any) -> str:
    return value if type(value) is str else str(clean(freeze(value)))


def _span_attributes(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value if type(value) is str and value.isascii() else clean(value)
        for key, value in facts.items()
        if key and value is not None
    }


def _name_of(function: Callable[..., Any]) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    name = getattr(function, "__qualname__", None)
    return (name if type(name) is str else type(function).__qualname__).rpartition("<locals>.")[2]


def _signature_with_task_id(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        signature = inspect.signature(function, **_NOT_EVALUATED)
    except Exception:  # it has none, or what looking at it runs is the program's own code
        return None
    return signature if "task_id" in signature.parameters else None


def _task_id_argument(signature: inspect.Signature, call: Call) -> dict[str, Any]:
    """Return the `task_id` that this call of a decorated function was given."""
    arguments, keywords = call
    try:
        bound = signature.bind(*arguments, **keywords)
        bound.apply_defaults()
        value = bound.arguments.get("task_id")
    except TypeError:
        # The call itself is about to fail, and says why better than we could.
        return {}
    return {} if value is None else {"task_id": value}


@overload
def task(name: Function, /) -> Function: ...
@overload
def task(name: str | None = None, /, **attributes: Any) -> Task: ...
def task(name: Any = None, /, **attributes: Any) -> Any:
    """Make a task of a block or a function: `task.started`, then `task.completed`, `.failed` or `.cancelled`; a span.

    Use it as `@task`, `@task("thesis.draft", retries=3)`, `with task("draft", task_id="t-1") as t:`, `async with`.

    Args:
        name: what the task is called, of few distinct values; for a function its qualified name.
        **attributes: correlation names (`task_id`, `persona`, `session_id`, `cycle`, `day`, `env_id`, `episode`) are
            bound to every event inside; the others go on the span and the opening event. `task_id` is made if missing;
            a decorated function's own parameter `task_id` serves too. The task around is told as `parent_task_id`.

    Raises:
        DefinitionError: what is decorated is a class, or cannot be called.
    """
    if name is None:
        return Task(_TASK, None, attributes)
    if callable(name) or issubclass(type(name), (classmethod, staticmethod, property)):
        return decorate(Task(_TASK, None, attributes), name)
    name = _text(name)
    return Task(_TASK, name, {"task_name": name, **attributes})


def phase(name: str, /, **attributes: Any) -> Task:
    """Make a phase: `thesis.start` and `thesis.end` for `phase("thesis")`; a span.

    Where the catalogue has no such pair, `phase.start` and `phase.end` tell the name as `phase`.
    """
    name = _text(name)
    if catalog.current().find(f"{name}.start") is not None:
        return Task(_pair(name), name, attributes)
    return Task(_PHASE, name, {"phase": name, **attributes})


def cycle(number: int, /, **attributes: Any) -> Task:
    """Make a cycle: binds `cycle` (and `day`, if given); `cycle.start` and `cycle.end`; a span."""
    return Task(_CYCLE, "cycle", {"cycle": number, **attributes})


def session(session_id: str, /, **attributes: Any) -> Task:
    """Make a session: binds `session_id`; `session.start` and `session.end`; no span, since sessions outlive traces."""
    return Task(_SESSION, "session", {"session_id": session_id, **attributes})
