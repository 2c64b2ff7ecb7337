"""Bound attributes as programs say them: for the process, for a block, for a call in another thread."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from opentelemetry import context as otel_context

from otel_events import runtime
from otel_events.binding import Attachment, bind_process, carried, current, detach_token
from otel_events.event import CORRELATION
from otel_events.scoping import Function, Scope, decorate
from otel_events.values import IMMUTABLE, freeze

__all__ = [
    "CORRELATION",
    "AttributeScope",
    "BindingScope",
    "attribute_name",
    "bind",
    "bound_attributes",
    "carry",
    "context",
    "freeze_attributes",
    "frozen",
    "known_attributes",
]

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextvars import Token

    from opentelemetry.context import Context
    from typing_extensions import Self

# Re-entrant, because a signal handler may bind in the middle of a `bind`.
_bind_lock = threading.RLock()


def freeze_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return keywords as they are now, by attribute name: a later change of a list or an object does not show."""
    return {
        key if key[-1:] != "_" else attribute_name(key): value if type(value) is str else frozen(value)
        for key, value in attributes.items()
    }


def frozen(value: Any) -> Any:
    """Return *value* such that nobody can change it any more: itself, or a copy made of plain values."""
    try:
        if type(value) in IMMUTABLE:
            return value
    except Exception:  # noqa: S110  # the class of its class has a hash that raises: `freeze` is prepared for such
        pass
    return freeze(value)


def attribute_name(keyword: str) -> str:
    """Return the attribute that *keyword* means: `from_` and `pass_` stand for what Python keeps for itself."""
    return keyword[:-1] if keyword[-1:] == "_" and len(keyword) > 1 else keyword


def bound_attributes() -> dict[str, Any]:
    """Return the attributes that an event emitted here would carry beside its own."""
    return {key: value for key, value in known_attributes().items() if value is not None}


def known_attributes() -> dict[str, Any]:
    """Return what `bound_attributes` does, and None for what the scopes here have unbound."""
    _, binding = current()
    return {**runtime.process_attributes, **(binding.merged if binding is not None else {})}


def bind(**attributes: Any) -> None:
    """Put *attributes* on every event of this process, beneath every scope; None takes one away.

    Threads, executors and callbacks see them too, which a `context` does not reach.
    """
    fresh = freeze_attributes(attributes)
    with _bind_lock:
        merged = {**runtime.process_attributes, **fresh}
        bind_process({key: value for key, value in merged.items() if value is not None})


def _forget_parent() -> None:
    """Free the child of a fork from a lock that a thread of its parent may have held."""
    global _bind_lock
    _bind_lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)


class BindingScope(Scope):
    """A scope that binds attributes."""

    _attachment: Attachment | None = None

    def step_out(self) -> None:
        if self._attachment is not None:
            self._attachment.step_out()

    def step_in(self) -> None:
        if self._attachment is not None:
            self._attachment.step_in()

    def close(self, error: BaseException | None) -> None:  # noqa: ARG002  # what ended it matters to tasks alone
        attachment = self._attachment
        if attachment is not None:
            attachment.detach()
            self._attachment = None  # last: who is interrupted calls again

    def holds_here(self) -> bool:
        attachment = self._attachment
        return attachment is not None and attachment.holds_here()


class AttributeScope(BindingScope):
    """`with context(...)`: attributes on every event inside, and nothing else."""

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        super().__init__()
        self._attributes = attributes

    def copy(self) -> Self:
        return type(self)(self._attributes)

    def open(self) -> None:
        self._attachment = Attachment(self._attributes)
        self._attachment.attach()


class _CarriedScope(Scope):
    """The scopes and the span that held when it was made, wherever it is entered."""

    def __init__(self, taken: Context) -> None:
        super().__init__()
        self._context = taken
        self._token: Token[Context] | None = None

    def copy(self) -> Self:
        return type(self)(self._context)

    def open(self) -> None:
        """Nothing begins: the scopes began where they were made."""
        self._token = otel_context.attach(self._context)

    def step_in(self) -> None:
        self._token = otel_context.attach(self._context)

    def step_out(self) -> None:
        token, self._token = self._token, None
        if token is not None:
            self._context = otel_context.get_current()
            detach_token(token)

    def close(self, _error: BaseException | None) -> None:
        token = self._token
        if token is not None:
            detach_token(token)
            self._token = None

    def holds_here(self) -> bool:
        return self._token is not None


def context(**attributes: Any) -> AttributeScope:
    """Return a scope that puts *attributes* on every event inside; None takes one away.

    Use it with `with`, `async with`, or as a decorator of plain, async, generator and async-generator functions.
    """
    return AttributeScope(freeze_attributes(attributes))


def carry(function: Function) -> Function:
    """Return *function* such that it runs in the scopes and the span that hold here, whatever thread calls it.

    A new thread, an executor and `run_in_executor` start with an empty Context; this is what to hand to them.
    """
    return decorate(_CarriedScope(carried()), function)
