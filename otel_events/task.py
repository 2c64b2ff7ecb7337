"""Tasks, phases, cycles and sessions: pairs of events around work, with what they bind and the span they make."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import secrets
from dataclasses import dataclass
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, overload

from opentelemetry.trace import Status, StatusCode

from otel_events import catalog, runtime
from otel_events.context import CORRELATION, Attachment, bound_attributes, freeze_attributes
from otel_events.emit import capture_exception, emit, exception_type
from otel_events.errors import DefinitionError
from otel_events.event import Severity
from otel_events.scoping import Call, Function, Make, Scope, decorate
from otel_events.tracing import start_span
from otel_events.values import IMMUTABLE, freeze

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry.trace import Span

_CANCELLATIONS = (asyncio.CancelledError, concurrent.futures.CancelledError, GeneratorExit, KeyboardInterrupt)
_BINDS = frozenset(CORRELATION)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What distinguishes a task from a phase, a cycle and a session: its events, and whether it is a span.

    Attributes:
        closings: event names by outcome (`completed`, `failed`, `cancelled`).
    """

    name: str
    opening: str
    closings: Mapping[str, str]
    makes_span: bool = True


def _pair(name: str, *, makes_span: bool = True, stem: str = "") -> _Kind:
    stem = stem or name
    closing = f"{stem}.end"
    closings = dict.fromkeys(("completed", "failed", "cancelled"), closing)
    return _Kind(name, f"{stem}.start", closings, makes_span)


class Task(Scope):
    """Work with a beginning and an end, each an event; between them its bound attributes and its span hold.

    Made by `task`, `phase`, `cycle` and `session`. Use it with `with` or `async with`, once; or as a decorator, where
    each call gets one of its own.

    Attributes:
        task_id: the task's id, given or made; None for what is no task.
    """

    def __init__(self, kind: _Kind, span_name: str, attributes: Mapping[str, Any]) -> None:
        self._kind = kind
        self._span_name = span_name
        self._given = attributes
        self._opening_attributes: dict[str, Any] = {}
        self.task_id: str | None = None
        self._attachment: Attachment | None = None
        self._span: Span | None = None
        self._results: dict[str, Any] = {}
        self._failure: tuple[str, str] | None = None
        self._closed_by: str | None = None
        self._is_attached = False
        self._began = 0

    # -- what a program says in between ------------------------------------------------------------------------------

    def set(self, **attributes: Any) -> None:
        """Put *attributes* on the span and on the closing event."""
        for key, value in attributes.items():
            self._results[key] = frozen = value if type(value) in IMMUTABLE else freeze(value)
            if self._span is not None and frozen is not None:
                self._span.set_attribute(key, frozen)

    def fail(self, reason: str, *, error_type: str = "_OTHER") -> None:
        """Let the task end as failed though no exception leaves it.

        Args:
            reason: why, for people; goes on the closing event and the span's status.
            error_type: of few distinct values, as OpenTelemetry's `error.type` asks; `_OTHER` is its word for the rest.
        """
        self._failure = (str(freeze(reason)), str(freeze(error_type)))

    # -- the scope ---------------------------------------------------------------------------------------------------

    def per_call(self, function: Callable[..., Any]) -> Make:
        signature = _signature_with_task_id(function) if self._kind is _TASK and "task_id" not in self._given else None

        def make(call: Call) -> Task:
            taken = {} if signature is None else _task_id_argument(signature, call)
            return Task(self._kind, self._span_name, {**self._given, **taken})

        return make

    def open(self) -> None:
        try:
            self._open()
        except Exception:
            # The work goes on without its scope; nothing of ours may break a program.
            runtime.capture.accounts.problems.add("task_failed_to_open")

    def _open(self) -> None:
        given = freeze_attributes(self._given)
        bound = {key: value for key, value in given.items() if key in _BINDS}
        self._opening_attributes = {key: value for key, value in given.items() if key not in _BINDS}
        if self._kind.name == "task":
            self.task_id = bound.get("task_id") or secrets.token_hex(8)
            outer_id = bound_attributes().get("task_id")
            bound = {"parent_task_id": outer_id, **bound, "task_id": self.task_id}
        attachment = Attachment(bound, self)
        if self._kind.makes_span:
            facts = {**runtime.process_attributes, **attachment.binding.merged, **self._opening_attributes}
            known = {key: value for key, value in facts.items() if value is not None}
            self._span = start_span(self._span_name, attachment.binding.outer, known)
        self._attachment = attachment
        self._began = perf_counter_ns()
        self.attach()
        emit(self._kind.opening, self._opening_attributes)
        self.step_out()

    def attach(self) -> None:
        if self._attachment is not None and not self._is_attached:
            self._attachment.attach(self._span)
            self._is_attached = True

    def step_out(self) -> None:
        if self._attachment is not None and self._is_attached:
            self._attachment.step_out()
            self._is_attached = False

    def close(self, error: BaseException | None) -> None:
        attachment, self._attachment = self._attachment, None
        if attachment is None:
            return
        try:
            self._emit_closing(error)
            self._end_span(error)
        except Exception:
            runtime.capture.accounts.problems.add("task_failed_to_close")
        finally:
            attachment.detach()

    def close_by_hand(self, name: str, attributes: dict[str, Any]) -> dict[str, Any]:
        """Let event *name*, emitted by the program itself, be the one that closes this task."""
        given_id = attributes.get("task_id", self.task_id)
        if self._kind.name != "task" or given_id != self.task_id or self._closed_by is not None:
            return attributes
        self._closed_by = name
        return {"duration": self._duration(), **self._results, **attributes}

    # -- the closing event and the span's end ------------------------------------------------------------------------

    def _outcome(self, error: BaseException | None) -> str:
        if isinstance(error, _CANCELLATIONS):
            return "cancelled"
        if error is not None or self._failure is not None:
            return "failed"
        return "completed"

    def _duration(self) -> float:
        return (perf_counter_ns() - self._began) / 1e9

    def _emit_closing(self, error: BaseException | None) -> None:
        if self._closed_by is not None:
            return
        outcome = self._outcome(error)
        attributes = {**self._results, "duration": self._duration()}
        if error is not None:
            attributes["error.type"] = exception_type(error)
        elif self._failure is not None:
            attributes["reason"], attributes["error.type"] = self._failure
        is_failed = outcome == "failed"
        emit(
            self._kind.closings[outcome],
            attributes,
            severity=Severity.ERROR if is_failed else None,
            exception=error if is_failed else None,
        )

    def _end_span(self, error: BaseException | None) -> None:
        span = self._span
        if span is None:
            return
        if self._failure is not None and error is None:
            reason, error_type = self._failure
            span.set_attribute("error.type", error_type)
            span.set_status(Status(StatusCode.ERROR, reason))
        elif self._outcome(error) == "failed":
            captured = capture_exception(error)
            if captured is not None:
                span.set_attribute("error.type", captured.type)
                span.set_status(Status(StatusCode.ERROR, f"{captured.type}: {captured.message}"))
        elif self._closed_by is not None and self._closed_by.endswith("failed"):
            span.set_status(Status(StatusCode.ERROR))
        span.end()


def _signature_with_task_id(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    return signature if "task_id" in signature.parameters else None


def _task_id_argument(signature: inspect.Signature, call: Call) -> dict[str, Any]:
    """Return the `task_id` that this call of a decorated function was given."""
    arguments, keywords = call
    try:
        value = signature.bind(*arguments, **keywords).arguments.get("task_id")
    except TypeError:
        # The call itself is about to fail, and says why better than we could.
        return {}
    return {} if value is None else {"task_id": value}


_TASK = _Kind("task", "task.started", {outcome: f"task.{outcome}" for outcome in ("completed", "failed", "cancelled")})
_CYCLE = _pair("cycle")
_SESSION = _pair("session", makes_span=False)


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
    """
    if callable(name) or isinstance(name, (classmethod, staticmethod)):
        return decorate(_UnnamedTask(attributes), name)
    if name is None:
        return _UnnamedTask(attributes)
    if not isinstance(name, str):
        raise DefinitionError("task", [f"its name must be a string or the decorated function, not {name!r:.80}"])
    return _task_named(name, attributes)


def _task_named(name: str, attributes: Mapping[str, Any]) -> Task:
    return Task(_TASK, name, {"task_name": name, **attributes})


class _UnnamedTask(Task):
    """A task that takes its name from the function it decorates."""

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        super().__init__(_TASK, "task", attributes)

    def per_call(self, function: Callable[..., Any]) -> Make:
        name = getattr(function, "__qualname__", type(function).__qualname__)
        return _task_named(name.rpartition("<locals>.")[2], self._given).per_call(function)


def phase(name: str, /, **attributes: Any) -> Task:
    """Make a phase: `thesis.start` and `thesis.end` for `phase("thesis")`; a span.

    Where the catalogue has no such pair, `phase.start` and `phase.end` tell the name as `phase`.
    """
    if catalog.current().find(f"{name}.start") is not None:
        return Task(_pair("phase", stem=name), name, attributes)
    return Task(_pair("phase"), name, {"phase": name, **attributes})


def cycle(number: int, /, **attributes: Any) -> Task:
    """Make a cycle: binds `cycle` (and `day`, if given); `cycle.start` and `cycle.end`; a span."""
    return Task(_CYCLE, "cycle", {"cycle": number, **attributes})


def session(session_id: str, /, **attributes: Any) -> Task:
    """Make a session: binds `session_id`; `session.start` and `session.end`; no span, since sessions outlive traces."""
    return Task(_SESSION, "session", {"session_id": session_id, **attributes})
