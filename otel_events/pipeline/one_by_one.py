"""Normalising and redacting where events come one by one: what the events of a batch share is kept for the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from otel_events import catalog, runtime
from otel_events.interrupts import is_interrupt
from otel_events.pipeline.normalize import Normalize, _Batch
from otel_events.redaction.prefilter import LONGEST, SHORTEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from otel_events.event import Event, Value
    from otel_events.pipeline.redact import Redact

_MAX_TEXTS = 1_024
_LONGEST_KEPT = 64  # characters


class _Last(NamedTuple):
    """The scope of the event before, and what is known of it."""

    bound: Any
    defaults: Any
    context: Any
    parent: Any
    batch: _Batch


class NormalizeOne(Normalize):
    """Normalize that knows the last scope again: a program emits many events in one. For any thread."""

    _last: _Last | None = None

    def __call__(self, drafts: Sequence[Any]) -> Sequence[Event]:
        if len(drafts) != 1 or len(drafts[0]) == 2:
            return super().__call__(drafts)
        draft = drafts[0]
        context, (bound, defaults, _) = draft[7:]
        last, parent, known = self._last, runtime.process_parent, catalog.current()
        # Bound attributes, process-wide ones and Context, which are known by identity: kept here, they keep theirs.
        if (
            last is None
            or last.bound is not bound
            or last.defaults is not defaults
            or last.context is not context
            or last.parent is not parent
            or last.batch.catalog is not known
        ):
            last = self._last = _Last(bound, defaults, context, parent, _Batch(known))
        try:
            shape = self._shapes.of(draft, known)
            events: list[Event | None] = [None]
            if shape is not None and self._normalize_alike(shape, drafts, (0,), last.batch, events):
                return events  # type: ignore[return-value]  # it is in its place
            return [self._event(draft, last.batch)]
        except Exception as error:
            if is_interrupt(error):
                raise
            # Once more, to have it counted and told.
            return super().__call__(drafts)


class RedactOne:
    """Redact, with a shorter way for a single event in which there is certainly nothing: nearly every one.

    Attributes:
        clean_texts: short ones in which there is nothing, and which a program may say again.
    """

    fails_closed = True

    def __init__(self, redact: Redact) -> None:
        self._redact = redact
        self._redactor = redact.quick
        self._clean_bound: Mapping[str, Any] | None = None
        # As the prefilter sees them: what key they stand beside does not matter to it.
        self.clean_texts: set[str] = set()
        self.unaffected = redact.unaffected

    def __call__(self, events: list[Event]) -> list[Event]:
        if len(events) == 1 and self._is_clean_event(events[0]):
            return events
        return self._redact(events)

    def _is_clean_event(self, event: Event) -> bool:
        try:
            return self.is_clean_event(event)
        except Exception as error:
            if is_interrupt(error):
                raise
            # The long way meets it again, counts it, and withholds what it cannot look through.
            return False

    def is_clean_event(self, event: Event) -> bool:
        """Tell whether there is certainly nothing in *event*; may raise of one that is hostile."""
        redact, bound = self._redact, event.bound
        if not redact.knows_name(event.name) or event.given_name or not redact.knows(event.scope):
            return False
        if bound is not self._clean_bound and not self.is_clean(bound, None):
            return False
        self._clean_bound = bound
        return self.is_clean(event.attributes, event.body)

    def is_clean(self, attributes: Mapping[str, Value], body: Value) -> bool:
        """Tell whether there is certainly nothing in *attributes* and *body*; remember texts that were looked through."""
        texts: list[str] = []
        if self._redactor is None or not self._redactor.first_look.collect(attributes, texts):
            return False
        if body is not None:
            if type(body) is not str or len(body) > LONGEST:
                return False
            if len(body) >= SHORTEST:
                texts.append(body)
        if not self.clean_texts.issuperset(texts) and self._redactor.scanner.prefilter.suspects(texts):
            return False
        if len(self.clean_texts) >= _MAX_TEXTS:
            self.clean_texts.clear()
        said = (*attributes.values(), body)
        self.clean_texts.update([text for text in said if type(text) is str and len(text) <= _LONGEST_KEPT])
        return True

    def knows_keys(self, keys: Iterable[str]) -> bool:
        """Tell whether *keys* say nothing of their values: then what is clean beside one of them is so beside any."""
        return self._redactor is not None and self._redactor.first_look.knows_keys(keys)
