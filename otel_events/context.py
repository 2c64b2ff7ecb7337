"""Bound attributes: what scopes put on every event inside them, kept in the OpenTelemetry Context."""

from __future__ import annotations

import threading
from contextvars import Token
from copy import copy
from typing import TYPE_CHECKING, Any, Protocol

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context, create_key

from otel_events import runtime
from otel_events.scoping import Function, Make, Scope, decorate
from otel_events.values import IMMUTABLE, freeze

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CORRELATION = ("task_id", "parent_task_id", "persona", "session_id", "cycle", "day", "env_id", "episode")

_BINDING = create_key("otel_events.binding")
_bind_lock = threading.Lock()
# How many scopes did not end where they began. Once there is one, readers look whether scopes are still open.
_stale_scopes = 0


class ScopeOwner(Protocol):
    """What opened a scope and wants to know of an event that closes it by hand."""

    def close_by_hand(self, name: str, attributes: dict[str, Any]) -> dict[str, Any]:
        """Take note that event *name* closes the scope; return the attributes it shall carry."""


class Binding:
    """One scope's attributes, a link in the chain of scopes that hold.

    Attributes:
        own: what this scope binds; None unbinds.
        merged: what holds inside it, from all scopes.
        parent: the scope around it.
        outer: the OpenTelemetry Context in which it was opened.
        open: False once it ended in a place where it could not be taken out of the Context.
        owner: the task that opened it, if one did.
    """

    __slots__ = ("merged", "open", "outer", "own", "owner", "parent")

    def __init__(
        self, own: Mapping[str, Any], parent: Binding | None, outer: Context, owner: ScopeOwner | None = None
    ) -> None:
        self.own = own
        self.parent = parent
        self.outer = outer
        self.owner = owner
        self.open = True
        self.merged: Mapping[str, Any] = _merge(parent.merged if parent is not None else {}, own)


def _merge(outer: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    # What is unbound stays in the chain as None, so that it hides the process-wide attribute too.
    return {**outer, **own}


def current() -> tuple[Context, Binding | None]:
    """Return the OpenTelemetry Context that holds here and the innermost open scope of ours in it."""
    return current_in(otel_context.get_current())


def current_in(context: Context) -> tuple[Context, Binding | None]:
    """Return what `current` does, for a Context already at hand."""
    binding: Binding | None = context.get(_BINDING)  # type: ignore[assignment]  # the key is ours
    if _stale_scopes and binding is not None:
        return _skip_closed(context, binding)
    return context, binding


def _skip_closed(context: Context, binding: Binding | None) -> tuple[Context, Binding | None]:
    """Pass over scopes that have ended, though they are still in the Context (generators suspended inside them)."""
    innermost = binding
    while binding is not None and not binding.open:
        context, binding = binding.outer, binding.parent
    if binding is None:
        return context, None
    if binding is innermost and _all_open(binding):
        return context, binding
    rebuilt = Binding({}, None, binding.outer, binding.owner)
    rebuilt.merged = _merged_of_open(binding)
    return context, rebuilt


def _all_open(binding: Binding | None) -> bool:
    while binding is not None:
        if not binding.open:
            return False
        binding = binding.parent
    return True


def _merged_of_open(binding: Binding | None) -> dict[str, Any]:
    chain = []
    while binding is not None:
        if binding.open:
            chain.append(binding.own)
        binding = binding.parent
    merged: dict[str, Any] = {}
    for own in reversed(chain):
        merged.update(own)
    return merged


def freeze_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return *attributes* as they are now: a later change of a list or an object does not show in them."""
    return {key: value if type(value) in IMMUTABLE else freeze(value) for key, value in attributes.items()}


def bound_attributes() -> dict[str, Any]:
    """Return the attributes that an event emitted here would carry beside its own."""
    _, binding = current()
    merged = {**runtime.process_attributes, **(binding.merged if binding is not None else {})}
    return {key: value for key, value in merged.items() if value is not None}


def bind(**attributes: Any) -> None:
    """Put *attributes* on every event of this process, beneath every scope; None takes one away.

    Threads, executors and callbacks see them too, which a `context` does not reach.
    """
    fresh = freeze_attributes(attributes)
    with _bind_lock:
        merged = {**runtime.process_attributes, **fresh}
        runtime.process_attributes = {key: value for key, value in merged.items() if value is not None}


class Attachment:
    """A scope's presence in the OpenTelemetry Context: attached here, detached here."""

    __slots__ = ("_attached", "_token", "binding")

    def __init__(self, own: Mapping[str, Any], owner: ScopeOwner | None = None) -> None:
        outer, parent = current()
        self.binding = Binding(own, parent, outer, owner)
        self._attached: Context | None = None
        self._token: Token[Context] | None = None

    def attach(self, span: trace.Span | None = None) -> None:
        """Make the scope current, with *span* where it has one."""
        if self._attached is None:
            values: dict[str, object] = {**self.binding.outer, _BINDING: self.binding}
            context = Context(values)
            self._attached = context if span is None else trace.set_span_in_context(span, context)
        self._token = otel_context.attach(self._attached)

    def step_out(self) -> None:
        """Take the scope out of the Context for a while: a decorated generator yields to its consumer."""
        if self._token is not None:
            _detach(self._token)
            self._token = None

    def detach(self) -> None:
        """End the scope. Where it cannot be taken out of the Context, mark it as closed instead.

        That happens when a generator that was suspended inside it is closed elsewhere, or when two of them end in the
        order in which they began.
        """
        token, self._token = self._token, None
        if token is None:
            return
        if otel_context.get_current() is self._attached and _detach(token):
            return
        global _stale_scopes
        self.binding.open = False
        _stale_scopes += 1


def _detach(token: Token[Context]) -> bool:
    """Reset the Context, or return False where the token belongs to another thread, task or moment."""
    try:
        # Not `otel_context.detach`: it logs a stack trace for what is normal life with generators.
        otel_context._RUNTIME_CONTEXT.detach(token)  # noqa: SLF001
    except (ValueError, RuntimeError):
        return False
    return True


class AttributeScope(Scope):
    """`with context(...)`: attributes on every event inside, and nothing else."""

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        self._attributes = freeze_attributes(attributes)
        self._attachments: list[Attachment] = []

    def per_call(self, _function: Callable[..., Any]) -> Make:
        return lambda _call: AttributeScope(self._attributes)

    def open(self) -> None:
        self._attachments.append(Attachment(self._attributes))

    def attach(self) -> None:
        self._attachments[-1].attach()

    def step_out(self) -> None:
        self._attachments[-1].step_out()

    def close(self, _error: BaseException | None) -> None:
        """End the scope."""
        self._attachments.pop().detach()


class _CarriedScope(Scope):
    """The scopes and the span that held when it was made, wherever it is entered."""

    __slots__ = ("_context", "_token")

    def __init__(self) -> None:
        context, binding = current()
        if binding is not None:
            # A link of its own: the carried call may come long after the scopes here have ended.
            context = Context({**context, _BINDING: Binding(binding.merged, None, Context(), binding.owner)})
        self._context = context
        self._token: Token[Context] | None = None

    def per_call(self, _function: Callable[..., Any]) -> Make:
        return lambda _call: copy(self)

    def open(self) -> None:
        """Nothing begins: the scopes began where they were made."""

    def attach(self) -> None:
        self._token = otel_context.attach(self._context)

    def step_out(self) -> None:
        if self._token is not None:
            _detach(self._token)

    def close(self, _error: BaseException | None) -> None:
        self.step_out()


def context(**attributes: Any) -> AttributeScope:
    """Return a scope that puts *attributes* on every event inside; None takes one away.

    Use it with `with`, `async with`, or as a decorator of plain, async, generator and async-generator functions.
    """
    return AttributeScope(attributes)


def carry(function: Function) -> Function:
    """Return *function* such that it runs in the scopes and the span that hold here, whatever thread calls it.

    A new thread, an executor and `run_in_executor` start with an empty Context; this is what to hand to them.
    """
    return decorate(_CarriedScope(), function)
