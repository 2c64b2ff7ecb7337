"""From drafts to events: canonical names, plain values, resolved severity, body and identity."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from opentelemetry import trace

from otel_events import catalog, runtime
from otel_events.context import attribute_name
from otel_events.emit import sorted_out
from otel_events.event import SEVERITY_WORDS, Event, Severity, parse_severity, parse_timestamp
from otel_events.interrupts import is_interrupt
from otel_events.pipeline.alike import Shapes
from otel_events.pipeline.batch import Alike, Batch
from otel_events.pipeline.foreign import ForeignRecords
from otel_events.pipeline.stack import exception_attributes
from otel_events.values import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, SpanContext

    from otel_events.accounting import Accounts
    from otel_events.catalog import Catalog, EventDefinition
    from otel_events.event import Around, Attributes, Draft, InstrumentationScope, Value
    from otel_events.notices import Notices
    from otel_events.pipeline.alike import Kin, Shape
    from otel_events.pipeline.foreign import ForeignDraft

_MAX_NAME = 256
_INFO = Severity.INFO
_NAMELESS = "bad_name"
# What the caller's thread counts, and leaves to this one to tell.
_TOLD_HERE = {
    _NAMELESS: "an event was emitted whose name is empty or no text; it goes on by what text it has. Say emit('order.placed')",
    "bad_attributes": "an event was emitted whose attributes are no mapping; they are in its attribute 'attributes'",
    "bad_exception": "an event was emitted with an exception= that is none; it goes on without",
}
_MAX_BESIDE = 1024  # a scope may last as long as the program
_ENOUGH = 8  # drafts from which on it pays to make columns of them
_NUMBER, _TIME = itemgetter(0), itemgetter(1)  # of a draft
_TraceIds = tuple[int, int, int]
_Around: TypeAlias = "tuple[Mapping[str, Any] | None, Mapping[str, Any], Context, InstrumentationScope, Span | None]"
_Commons: TypeAlias = "dict[tuple[Any, ...], tuple[_Around, Event, dict[object, Any]]]"


class Normalize:
    """Make events of drafts. What is wrong with a draft is counted and told, and the event goes on without it.

    Attributes:
        writer: whose drafts they are.
    """

    def __init__(self, writer: str, accounts: Accounts, notices: Notices) -> None:
        self.writer = writer
        self._accounts = accounts
        self._notices = notices
        self._foreign = ForeignRecords()
        self._shapes = Shapes()
        self._told: dict[str, int] = {}
        self._commons: _Commons = {}  # of the last batch in which there were any

    def __call__(self, drafts: Sequence[Draft | ForeignDraft]) -> Sequence[Event]:
        batch = _Batch(catalog.current())
        events: list[Event | None] = [None] * len(drafts)
        alike: list[Alike] = []
        by_shape: dict[Shape, list[int]] = {}
        kins, alone = self._group(drafts, batch)
        for kin in kins:
            together = self._try_together(kin, batch) if len(kin.places) >= _ENOUGH else None
            if together is not None:
                alike.append(together)
            if others := kin.speaking if together is not None else kin.places + kin.speaking:
                by_shape.setdefault(kin.shape, []).extend(others)
        for shape, places in by_shape.items():
            if not self._try_alike(shape, drafts, places, batch, events):
                alone += places
        for place in alone:
            events[place] = self._attempt(drafts[place], batch)
        if batch.commons:
            self._commons = batch.commons
        if self._accounts.problems.has_any():
            self._tell_of_capture()
        if not by_shape and not alone:
            return Batch(alike, [], ())
        places = [place for place, event in enumerate(events) if event is not None]
        return Batch(alike, [event for event in events if event is not None], places)

    def _tell_of_capture(self) -> None:
        counts = self._accounts.problems.counts()
        for cause, text in _TOLD_HERE.items():
            if counts.get(cause, 0) > self._told.get(cause, 0):
                self._told[cause] = counts[cause]
                self._notices.warn(cause, text)

    def _group(self, drafts: Sequence[Any], batch: _Batch) -> tuple[Iterable[Kin], list[int]]:
        try:
            return self._shapes.group(drafts, batch.catalog)
        except Exception as error:  # a key whose class has a hash that raises
            if is_interrupt(error):
                raise
            return (), list(range(len(drafts)))

    def _try_together(self, kin: Kin, batch: _Batch) -> Alike | None:
        try:
            return self._normalize_together(kin, batch)
        except Exception as error:  # as below
            if is_interrupt(error):
                raise
            return None

    def _normalize_together(self, kin: Kin, batch: _Batch) -> Alike | None:
        """Return what *kin* is as columns, if none of its drafts has to be looked at alone."""
        shape, drafts = kin.shape, kin.drafts
        if shape.says_message:
            return None
        rows = [draft[5] or draft[4] or {} for draft in drafts]
        columns = shape.columns_of(rows)
        seen = shape.look_at(columns)
        if seen is None:
            return None
        *_, context, around = drafts[0]
        common, known = self._common_of(shape, context, around, batch)
        if shape.missing and not shape.is_complete({**rows[0], **common.bound}):
            return None
        if not shape.is_known:
            self._accounts.unknown_names.add(shape.name, len(drafts))
        numbers, times = list(map(_NUMBER, drafts)), list(map(_TIME, drafts))
        return Alike(common, self.writer, kin.places, numbers, times, rows, columns, *seen, known)

    def _common_of(
        self, shape: Shape, context: Context, around: Around, batch: _Batch
    ) -> tuple[Event, dict[object, Any]]:
        """Return what drafts of *shape* share that have the same around them, and what is known of it."""
        bound, defaults, scope = around
        # The ids are of objects that are kept beside, in this batch and until there is another one like it.
        known_by = (bound, defaults, context, scope, runtime.process_parent)
        key = (shape, *map(id, known_by))
        entry = self._commons.get(key)
        if entry is None:
            common = Event(
                shape.name,
                0,
                0,
                shape.severity,
                shape.severity.name,
                shape.body,
                bound=batch.bound_beside(shape, bound, defaults),
                scope=scope,
                context=context,
                given_name=shape.given_name,
            )
            common.trace_id, common.span_id, common.trace_flags = batch.trace_ids(context)
            entry = (known_by, common, {})
        batch.commons[key] = entry
        return entry[1:]

    def _try_alike(
        self, shape: Shape, drafts: Sequence[Any], places: Sequence[int], batch: _Batch, events: list[Event | None]
    ) -> bool:
        try:
            return self._normalize_alike(shape, drafts, places, batch, events)
        except Exception as error:  # a span of somebody else's that raises: each is tried for itself, and counted
            if is_interrupt(error):
                raise
            return False

    def _normalize_alike(
        self, shape: Shape, drafts: Sequence[Any], places: Sequence[int], batch: _Batch, events: list[Event | None]
    ) -> bool:
        """Put events in their *places*; return False if one of them has to be looked at alone."""
        rows = [drafts[place][5] or drafts[place][4] or {} for place in places]
        if not (shape.admits(rows) if len(rows) > 1 else shape.admits_one(rows[0])):
            return False
        writer, name, given_name = self.writer, shape.name, shape.given_name
        severity, severity_text = shape.severity, shape.severity.name
        last: tuple[Any, Any] = (None, None)
        merged: Mapping[str, Value] = {}
        for place, own in zip(places, rows, strict=True):
            sequence, now, _, message, _, _, _, context, around = drafts[place]
            if around is not last[0] or context is not last[1]:
                last = (around, context)
                bound, defaults, scope = around
                merged = batch.bound_beside(shape, bound, defaults)
                trace_id, span_id, trace_flags = batch.trace_ids(context)
                if shape.missing and not shape.is_complete({**own, **merged}):
                    return False
            body: Value = shape.body
            if message is not None:
                body = clean(message)
            elif shape.says_message and type(own["message"]) is str:
                body = own["message"]
            # By position, in half the time.
            # fmt: off
            events[place] = Event(
                name, now, now, severity, severity_text, body, own, merged, trace_id, span_id, trace_flags,
                scope, f"{writer}-{sequence:x}", context, 0, given_name,
            )
            # fmt: on
        if not shape.name:
            self._accounts.problems.add(_NAMELESS, len(places))
        elif not shape.is_known:
            self._accounts.unknown_names.add(shape.name, len(places))
        return True

    def _attempt(self, draft: Any, batch: _Batch) -> Event | None:
        try:
            return self._foreign_event(draft, batch) if len(draft) == 2 else self._event(draft, batch)
        except Exception as error:
            if is_interrupt(error):
                raise
            self._accounts.dropped.add("normalize_failed")
            reason = type(error).__name__  # not its repr, which may be the program's own code
            self._notices.warn("normalize_failed", f"an event could not be normalised and was dropped: {reason}")
            return None

    def _foreign_event(self, draft: ForeignDraft, batch: _Batch) -> Event:
        sequence, record = draft
        event = self._foreign.event(record, uid_of(self.writer, sequence), batch.bound(record.bound, record.defaults))
        if not event.trace_id:
            event.trace_id, event.span_id, event.trace_flags = batch.process_ids
        return event

    def _event(self, draft: Draft, batch: _Batch) -> Event:
        sequence, now, name, message, given, fields, more, context, (bound, defaults, scope) = sorted_out(draft)
        severity, timestamp, exception = more or (None, None, None)
        definition = batch.catalog.find(name)
        attributes, unset = _own_attributes(given, fields)
        event = Event(
            name=name if definition is None else definition.name,
            timestamp=now,
            observed_timestamp=now,
            attributes=attributes,
            bound=batch.bound(bound, defaults),
            scope=scope,
            uid=uid_of(self.writer, sequence),
            context=context,
        )
        event.trace_id, event.span_id, event.trace_flags = batch.trace_ids(context)
        if definition is None:
            self._note_unknown(event, is_log=type(severity) is tuple)
        elif name != event.name:
            event.given_name = name
        self._set_severity(event, severity, definition)
        if timestamp is not None:
            self._set_timestamp(event, timestamp)
        if exception is not None:
            attributes.update(exception_attributes(exception))
        event.body = _body(message, attributes, definition)
        if unset or not event.bound.keys().isdisjoint(attributes):
            hidden = {*unset, *attributes}
            event.bound = {key: value for key, value in event.bound.items() if key not in hidden}
        if definition is not None and (departures := _departures(definition, event)):
            self._accounts.problems.add("departs_from_definition")
            self._notices.warn(f"departs:{event.name}", f"event '{event.name}': {'; '.join(departures)}")
        return event

    def _note_unknown(self, event: Event, *, is_log: bool) -> None:
        if not event.name:
            if not is_log:
                self._accounts.problems.add(_NAMELESS)
            return
        if len(event.name) > _MAX_NAME or not event.name.isascii():
            event.name = str(clean(event.name[:_MAX_NAME]))
        self._accounts.unknown_names.add(event.name)

    def _set_severity(self, event: Event, given: Any, definition: EventDefinition | None) -> None:
        severity = None
        if type(given) is tuple:  # by a log bridge: the number, and the source's own word for it
            event.severity, event.severity_text = given
            return
        if given is not None:
            severity = _parse(parse_severity, given)
            if severity is None:
                self._accounts.problems.add("bad_severity")
                told = f"{clean(given)!r:.80}"
                self._notices.warn("bad_severity", f"event '{event.name}': {told} is no severity; {SEVERITY_WORDS}")
        if severity is None and definition is not None:
            severity = definition.severity
        if severity is not None and severity is not _INFO:
            event.severity = severity
            event.severity_text = severity.name

    def _set_timestamp(self, event: Event, given: Any) -> None:
        parsed = _parse(parse_timestamp, given)
        if parsed is not None:
            event.timestamp = parsed
            return
        self._accounts.problems.add("bad_timestamp")
        self._notices.warn(
            "bad_timestamp",
            f"event '{event.name}': {clean(given)!r:.80} is no timestamp; give a datetime, float seconds or int nanoseconds",
        )


class _Batch:
    """What drafts of one batch share, worked out once: many come from one scope and one span."""

    def __init__(self, catalog_now: Catalog) -> None:
        self.catalog = catalog_now
        self._bound: dict[tuple[int, int], Mapping[str, Value]] = {}
        self._beside: dict[tuple[Shape, int], Mapping[str, Value]] = {}
        self._trace_ids: dict[int, _TraceIds] = {}
        self.commons: _Commons = {}
        parent = runtime.process_parent
        self.process_ids = (0, 0, 0) if parent is None else _ids_of(parent.get_span_context())

    # The keys are ids of objects that the batch's drafts keep alive. Shapes, which may be forgotten meanwhile, are kept here.

    def bound(self, bound: Mapping[str, Any] | None, defaults: Mapping[str, Any]) -> Mapping[str, Value]:
        key = (id(bound), id(defaults))
        merged = self._bound.get(key)
        if merged is None:
            raw = defaults if bound is None else {**defaults, **bound}
            merged = self._bound[key] = {name: clean(value) for name, value in raw.items() if value is not None}
        return merged

    def bound_beside(
        self, shape: Shape, bound: Mapping[str, Any] | None, defaults: Mapping[str, Any]
    ) -> Mapping[str, Value]:
        """Return what `bound` does, without what an event of *shape* has itself: one mapping for all of them."""
        merged = self.bound(bound, defaults)
        if merged.keys().isdisjoint(shape.keys):
            return merged
        beside = self._beside.get((shape, id(merged)))
        if beside is None:
            if len(self._beside) >= _MAX_BESIDE:
                self._beside.clear()
            beside = {name: value for name, value in merged.items() if name not in shape.keys}
            self._beside[shape, id(merged)] = beside
        return beside

    def trace_ids(self, context: Context) -> _TraceIds:
        if not context:
            return self.process_ids
        ids = self._trace_ids.get(id(context))
        if ids is None:
            span = trace.get_current_span(context).get_span_context()
            ids = self._trace_ids[id(context)] = _ids_of(span) if span.is_valid else self.process_ids
        return ids


def _parse(parse: Callable[[Any], Any], given: Any) -> Any:
    try:
        return parse(given)
    except Exception:  # a number of five thousand digits, say
        return None


def _ids_of(span: SpanContext) -> _TraceIds:
    return (span.trace_id, span.span_id, int(span.trace_flags))


def _own_attributes(given: dict[str, Any] | None, fields: dict[str, Any] | None) -> tuple[Attributes, list[str]]:
    """Return the event's own attributes, and the keys that were set to None: those unbind."""
    attributes: Attributes = {}
    unset: list[str] = []
    if given:
        for key, value in given.items():
            if value is None:
                unset.append(key)
            elif key:  # OpenTelemetry knows no attribute without a name
                attributes[key if key.isascii() else str(clean(key))] = clean(value)
    if fields:
        for key, value in fields.items():
            name = key if key[-1:] != "_" else attribute_name(key)
            if not name.isascii():
                name = str(clean(name))
            if value is None:
                unset.append(name)
                attributes.pop(name, None)
            else:
                attributes[name] = clean(value)
    return attributes, unset


def _departures(definition: EventDefinition, event: Event) -> list[str]:
    departures = catalog.check(definition, event.attributes)
    # What is required may be bound; not looked at first, because it seldom matters.
    return catalog.check(definition, event.all_attributes()) if departures else departures


def uid_of(writer: str, sequence: int) -> str:
    """Return the `log.record.uid` of the event that *writer* drew *sequence* for."""
    return f"{writer}-{sequence:x}"


def _body(message: str | None, attributes: Attributes, definition: EventDefinition | None) -> Value:
    if message is not None:
        return clean(message)
    said = attributes.get("message")
    if type(said) is str:
        return said
    return definition.message or None if definition is not None else None
