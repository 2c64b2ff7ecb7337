"""Single drafts of which it is certain, before an event is made of them, that it will pass the guards as it is: nearly all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from otel_events import catalog, runtime
from otel_events.event import Event, parse_severity
from otel_events.pipeline.alike import Shapes
from otel_events.pipeline.normalize import _Batch
from otel_events.pipeline.one_by_one import RedactOne
from otel_events.redaction.first_look import LONG_NUMBER
from otel_events.values import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.trace import Span

    from otel_events.catalog import Catalog
    from otel_events.pipeline.alike import Shape
    from otel_events.pipeline.stage import Stage

    _Kinds: TypeAlias = "tuple[Catalog, Span | None, dict[tuple[Any, ...], Kind]]"

_FOREIGN = 2  # the length of the draft of somebody else's record
_NOTHING_MORE = (None, None, None)  # that few calls say
_MAX_KINDS = 64  # each keeps its Context, and so perhaps a span
_LEAST = -(1 << 63)  # of OTLP's whole numbers


class Kind:
    """Drafts that differ in nothing but number, time, message and the values of their attributes.

    Attributes:
        shape: what name and keys settle.
        common: what their events share. Its time, uid and attributes say nothing, nor its body of one with a message.
        types: of values, in the order of the keys, that the shape takes.
        has_plain_keys: none of the keys says anything of its value.
        record: for the journal: what it has to write down of each of them.
    """

    __slots__ = ("_known_by", "common", "has_plain_keys", "record", "shape", "types")

    def __init__(self, shape: Shape, common: Event, known_by: tuple[Any, ...]) -> None:
        self.shape = shape
        self.common = common
        self.types: set[tuple[type, ...]] = set()
        self.has_plain_keys = False
        self.record: bytes | None = None
        self._known_by = known_by  # by its ids: kept here, they pass to nothing else


class PlainDrafts:
    """Tells drafts of which `Normalize` and *redact* would change nothing from all others. For any thread.

    Args:
        redact: what guards them; None for nothing.
    """

    def __init__(self, redact: RedactOne | None) -> None:
        self._redact = redact
        self._shapes = Shapes()
        self._kinds: _Kinds = (catalog.current(), runtime.process_parent, {})

    @classmethod
    def behind(cls, guards: Sequence[Stage]) -> PlainDrafts | None:
        """Return what tells them for *guards*; None if these may do to any event whatever they like."""
        if not guards:
            return cls(None)
        redact = guards[0]
        return cls(redact) if len(guards) == 1 and isinstance(redact, RedactOne) else None

    def kind_of(self, draft: Any) -> Kind | None:
        """Return the kind of *draft*; None if it has to be looked at more closely, for which it may raise as well."""
        if len(draft) == _FOREIGN:
            return None
        _, _, name, message, given, fields, more, context, around = draft
        severity, timestamp, exception = more or _NOTHING_MORE
        if timestamp is not None or exception is not None or (given and fields):
            return None
        if severity is not None and type(severity) is not str and type(severity) is not int:
            return None
        own = fields or given or {}
        known, parent, kinds = self._kinds
        if known is not catalog.current() or parent is not runtime.process_parent:
            _, _, kinds = self._kinds = (catalog.current(), runtime.process_parent, {})
        bound, defaults, scope = around
        key = (name, severity, tuple(own), id(bound), id(defaults), id(context), id(scope))
        kind = kinds.get(key) or self._learn(key, draft, own, kinds)
        if kind is None:
            return None
        return kind if self._has_nothing_new(kind, own, message) or self._is_plain(kind, own, message) else None

    def _has_nothing_new(self, kind: Kind, own: dict[str, Any], message: Any) -> bool:
        """Tell whether an event of *kind* says nothing but ordinary numbers and what was seen to be plain before."""
        if not kind.has_plain_keys or tuple(map(type, own.values())) not in kind.types:
            return False
        clean_texts = () if self._redact is None else self._redact.clean_texts
        for value in own.values():
            if type(value) is str:
                if value not in clean_texts:
                    return False
            elif type(value) is int and not _LEAST <= value < LONG_NUMBER:
                return False
        return message is None or message in clean_texts

    def _is_plain(self, kind: Kind, own: dict[str, Any], message: Any) -> bool:
        """Look more closely at an event of *kind*, and remember what will be known again."""
        if not kind.shape.admits_one(own):
            return False
        if message is not None and (type(message) is not str or clean(message) is not message):
            return False
        if self._redact is not None and not self._redact.is_clean(own, message):
            return False
        kind.has_plain_keys = self._redact is None or self._redact.knows_keys(own)
        if len(kind.types) < _MAX_KINDS:
            kind.types.add(tuple(map(type, own.values())))
        return True

    def _learn(
        self, key: tuple[Any, ...], draft: Any, own: dict[str, Any], kinds: dict[tuple[Any, ...], Kind]
    ) -> Kind | None:
        """Return the kind of which *draft* is the first; None if it has none."""
        more, context, (bound, defaults, scope) = draft[6:]
        batch = _Batch(catalog.current())
        shape = self._shapes.of((*draft[:6], None, *draft[7:]), batch.catalog)
        if shape is None or shape.says_message or shape.given_name:
            return None
        severity = shape.severity if more is None or more[0] is None else parse_severity(more[0])
        if severity is None:
            return None
        merged = batch.bound_beside(shape, bound, defaults)
        if shape.missing and not shape.is_complete({**own, **merged}):
            return None
        # fmt: off
        common = Event(
            shape.name, 0, 0, severity, severity.name, shape.body, {}, merged, *batch.trace_ids(context), scope,
        )
        # fmt: on
        if self._redact is not None and not self._redact.is_clean_event(common):
            return None
        if len(kinds) >= _MAX_KINDS:
            kinds.clear()
        kind = kinds[key] = Kind(shape, common, (bound, defaults, context, scope))
        return kind
