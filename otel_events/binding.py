"""Where bound attributes live: a chain of scopes in the OpenTelemetry Context, and how scopes get in and out of it."""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from opentelemetry import context as otel_context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, Context, create_key
from opentelemetry.context.contextvars_context import ContextVarsRuntimeContext
from opentelemetry.trace.propagation import _SPAN_KEY

from otel_events import runtime
from otel_events.event import DEFAULT_SCOPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextvars import Token

    from opentelemetry.trace import Span

    from otel_events.event import Around, InstrumentationScope

BINDING_KEY = create_key("otel_events.binding")
# Whether some Context holds a scope that ended where it could not be taken out of it. Meanwhile readers look for closed ones.
some_are_stale = False
_stale: set[weakref.ref[Binding]] = set()


def _find_ways() -> tuple[Callable[[], Context], Callable[[Context], Token[Context]], Callable[[Token[Context]], None]]:
    inside: Any = otel_context._RUNTIME_CONTEXT
    variable = getattr(inside, "_current_context", None)
    if type(inside) is ContextVarsRuntimeContext and type(variable) is ContextVar:
        return variable.get, variable.set, variable.reset
    # Not `otel_context.detach`: it logs a stack trace for what is normal life with generators.
    return otel_context.get_current, otel_context.attach, inside.detach


# Return the Context that holds here, set it, set it back, as `opentelemetry.context` does: in three calls what is one.
get_context, attach_context, _reset_context = _find_ways()


class ScopeOwner(Protocol):
    """What opened a scope and wants to know of an event that closes it by hand."""

    def close_by_hand(self, name: str, task_id: Any) -> Mapping[str, Any] | None:
        """Let event *name* close it and return the attributes this adds; None if that event is not its own."""


class Binding:
    """One scope's attributes, a link in the chain of scopes that hold.

    Attributes:
        own: what this scope binds; None unbinds.
        merged: what holds inside it, from all scopes.
        parent: the scope around it.
        outer: the OpenTelemetry Context in which it was opened.
        span: the span that the scope made current, if it did.
        owner: the task that opened it, if one did.
        is_in_task: a task opened it, or one around it.
        open: False once it ended in a place where it could not be taken out of the Context.
    """

    __slots__ = ("__weakref__", "is_in_task", "merged", "open", "outer", "own", "owner", "parent", "span")

    def __init__(
        self, own: Mapping[str, Any], parent: Binding | None, outer: Context, owner: ScopeOwner | None = None
    ) -> None:
        self.own = own
        self.parent = parent
        self.outer = outer
        self.owner = owner
        self.is_in_task: bool = owner is not None or (parent is not None and parent.is_in_task)
        self.span: Span | None = None
        self.open = True
        # What is unbound stays in the chain as None, so that it hides the process-wide attribute too.
        self.merged: Mapping[str, Any] = {**parent.merged, **own} if parent is not None else own

    def copy(self, parent: Binding | None) -> Binding:
        """Return an open link of the same scope in another chain."""
        copied = Binding(self.own, parent, self.outer, self.owner)
        copied.span = self.span
        return copied


def current() -> tuple[Context, Binding | None]:
    """Return the OpenTelemetry Context that holds here and the innermost open scope of ours in it."""
    return current_in(get_context())


def current_in(context: Context) -> tuple[Context, Binding | None]:
    """Return what `current` does, for a Context already at hand."""
    binding: Binding | None = context.get(BINDING_KEY)  # type: ignore[assignment]  # the key is ours
    if some_are_stale and binding is not None and not all(link.open for link in _chain(binding)):
        return _without_closed(context, binding)
    return context, binding


def _chain(binding: Any) -> list[Binding]:
    """Return the scopes that hold, innermost first."""
    links = []
    while binding is not None:
        links.append(binding)
        binding = binding.parent
    return links


def _without_closed(context: Context, binding: Binding) -> tuple[Context, Binding | None]:
    """Take out scopes that have ended though they are still in the Context, with the spans they had made current."""
    link: Binding | None = binding
    while link is not None and not link.open and _is_of_link_alone(context, link):
        context, link = link.outer, link.parent
    if link is None or all(each.open for each in _chain(link)):
        return context, link
    return _without_closed_between(context, link)


def _is_of_link_alone(context: Context, link: Binding) -> bool:
    """Tell whether nobody else has put anything into *context* since *link* did."""
    own = {BINDING_KEY: link} if link.span is None else {BINDING_KEY: link, _SPAN_KEY: link.span}
    return {**link.outer, **own} == context


def _without_closed_between(context: Context, binding: Binding) -> tuple[Context, Binding | None]:
    span = context.get(_SPAN_KEY)
    for link in _chain(binding):
        if not link.open and link.span is not None and link.span is span:
            span = link.outer.get(_SPAN_KEY)
    cleaned = _relinked(link for link in _chain(binding) if link.open)
    values = {key: value for key, value in context.items() if key not in (_SPAN_KEY, BINDING_KEY)}
    if span is not None:
        values[_SPAN_KEY] = span
    if cleaned is not None:
        values[BINDING_KEY] = cleaned
    return Context(values), cleaned


def _relinked(links: Iterable[Binding]) -> Binding | None:
    """Return a chain of its own with copies of *links*, given innermost first."""
    chain: Binding | None = None
    for link in reversed(list(links)):
        chain = link.copy(chain)
    return chain


def close_by_hand(binding: Binding, name: str, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let event *name* close the innermost task that it is about; return the attributes this adds to the event."""
    task_id = attributes.get("task_id")
    for link in _chain(binding):
        if link.owner is not None and (added := link.owner.close_by_hand(name, task_id)) is not None:
            return added
    return {}


class Surroundings:
    """What an event takes from the Context in which it happens.

    Attributes:
        here: that Context.
        context: the same without scopes that have ended.
        link: the innermost open scope in it.
        around: what is bound there, in the process, and who emits.
        is_in_task: a scope in it is a task's.
        span: the span that is current there, or None.
    """

    __slots__ = ("around", "context", "here", "is_in_task", "link", "span")

    def __init__(self, here: Context, scope: InstrumentationScope) -> None:
        self.here = here
        self.context, self.link = current_in(here)
        link = self.link
        self.around: Around = (None if link is None else link.merged, runtime.process_attributes, scope)
        self.is_in_task = link is not None and link.is_in_task
        self.span: Any = self.context.get(_SPAN_KEY)


_NOWHERE = Surroundings(Context(), DEFAULT_SCOPE)


class Onlooker:
    """Who emits under one scope, and what was around it last: most events come from the same Context as the one before.

    A Context never changes. What else may change is forgotten by `forget_around`.
    """

    __slots__ = ("_last", "_scope")

    def __init__(self, scope: InstrumentationScope) -> None:
        self._scope = scope
        self._last = _NOWHERE

    def _look_around(self, here: Context) -> Surroundings | None:
        """Return what events in *here* take from it, and remember it; None where instrumentation is suppressed."""
        seen = Surroundings(here, self._scope)
        if seen.context.get(_SUPPRESS_INSTRUMENTATION_KEY):
            return None
        self._last = seen
        _remembering.add(self)
        if len(_remembering) > _MOST_REMEMBERING:
            forget_around()
        # Asked last: on another thread a scope may end, or something be bound, just now.
        if some_are_stale or seen.around[1] is not runtime.process_attributes:
            self._last = _NOWHERE
        return seen


_remembering: set[Onlooker] = set()
_MOST_REMEMBERING = 64  # who makes an emitter for each call must not fill the memory


def forget_around() -> None:
    """Keep nothing alive that was only remembered, nor hold it for true."""
    for onlooker in _remembering.copy():
        _remembering.discard(onlooker)  # first: another thread may just now have it remember something anew
        onlooker._last = _NOWHERE


def bind_process(attributes: Mapping[str, Any]) -> None:
    """Let *attributes*, and no others, be those of the process."""
    runtime.process_attributes = attributes
    forget_around()


class Attachment:
    """A scope's presence in the OpenTelemetry Context: attached here, detached here."""

    __slots__ = ("_attached", "_left", "_token", "binding")

    def __init__(
        self,
        own: Mapping[str, Any],
        owner: ScopeOwner | None = None,
        here: tuple[Context, Binding | None] | None = None,
    ) -> None:
        """Make it of *own*; *here* is what `current` has just said, if the caller had to know."""
        outer, parent = here or current()
        self.binding = Binding(own, parent, outer, owner)
        self._attached: Context | None = None
        self._left: Context | None = None  # where the last step ended, if this goes in steps
        self._token: Token[Context] | None = None

    def attach(self, span: Span | None = None) -> None:
        """Make the scope current, with *span* where it has one."""
        # A Context lets nobody change it; this one is known to nobody yet.
        attached = Context(self.binding.outer)
        dict.__setitem__(attached, BINDING_KEY, self.binding)
        if span is not None:
            dict.__setitem__(attached, _SPAN_KEY, span)
            self.binding.span = span
        self._attached = attached
        self._token = attach_context(attached)

    @property
    def context(self) -> Context | None:
        """The Context that `attach` made, if it is the one that holds here and nothing in it has ended."""
        attached = self._attached
        return attached if attached is get_context() and not some_are_stale else None

    def step_out(self) -> None:
        """Take the scope out of the Context for a while: a decorated generator yields to its consumer."""
        if self._token is not None:
            # With all that the generator's own blocks have put on top: it shall find them again.
            self._left = get_context()
            detach_token(self._token)
            self._token = None

    def step_in(self) -> None:
        """Go back to where `step_out` left."""
        if self._token is None and self._left is not None:
            self._token = attach_context(self._left)

    def detach(self) -> None:
        """End the scope. Where it cannot be taken out of the Context, mark it as closed instead.

        That happens when a generator that was suspended inside it is closed elsewhere, or when two of them end in the
        order in which they began.
        """
        token = self._token
        if token is None:
            if self._attached is not None and get_context() is self._attached:
                attach_context(self.binding.outer)  # interrupted right behind its `attach`, it has no token
            return
        # Steps nest strictly, so whatever is on top of one is a leftover; blocks may be interleaved by generators.
        is_innermost = self._left is not None or get_context() is self._attached
        if not is_innermost or not detach_token(token):
            _leave_stale(self.binding)
        self._token = None
        if some_are_stale:
            _take_out_closed()

    def holds_here(self) -> bool:
        """Tell whether the scope is in the Context that holds here."""
        return self.binding in _chain(get_context().get(BINDING_KEY))


def _leave_stale(binding: Binding) -> None:
    """Mark *binding* as closed, for as long as anybody holds a Context that it is in."""
    global some_are_stale
    binding.open = False
    _stale.add(weakref.ref(binding, _forget_stale))
    some_are_stale = True
    forget_around()


def _forget_stale(gone: weakref.ref[Binding]) -> None:
    global some_are_stale
    _stale.discard(gone)
    some_are_stale = bool(_stale)
    if _stale:  # asked again: another thread may have added one in between
        some_are_stale = True


def _take_out_closed() -> None:
    """Let the Context here hold no scope that has ended, nor its span, for those who read it without us."""
    here = get_context()
    cleaned, binding = current_in(here)
    if cleaned is not here and (binding is None or binding in _chain(here.get(BINDING_KEY))):
        attach_context(cleaned)


def detach_token(token: Token[Context]) -> bool:
    """Reset the Context, or return False where the token belongs to another thread, task or moment."""
    try:
        _reset_context(token)
    except (ValueError, RuntimeError):
        return False
    return True


def carried() -> Context:
    """Return the Context that holds here for a call that may come when the scopes here have long ended."""
    here, binding = current()
    return here if binding is None else Context({**here, BINDING_KEY: _relinked(_chain(binding))})
