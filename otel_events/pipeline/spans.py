"""The guards for spans: what they carry passes the same bounds, and the same search for secrets, as what events carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.interrupts import is_interrupt
from otel_events.span_events import finish_copies, is_copy
from otel_events.values import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opentelemetry.sdk.trace import Event as SpanEvent
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Link
    from opentelemetry.trace.status import Status

    from otel_events.accounting import Accounts
    from otel_events.event import Value
    from otel_events.notices import Notices
    from otel_events.pipeline.span_guards import SpanGuard

_SCALARS = frozenset({str, int, float, bool})


class GuardSpans:
    """Give for each span one that may go out: itself, or a view of it. The program's own span stays as it is."""

    def __init__(self, guards: Sequence[SpanGuard], accounts: Accounts, notices: Notices) -> None:
        self._guards = tuple(guards)
        self._accounts = accounts
        self._notices = notices

    def __call__(self, spans: Sequence[ReadableSpan]) -> list[ReadableSpan]:
        self._finish_copies(spans)
        guarded = []
        for span in spans:
            try:
                guarded.append(self._span(span))
            except Exception as error:  # noqa: PERF203  # each span for itself
                if is_interrupt(error):
                    raise
                self._accounts.dropped.add("guard_failed")
                self._tell(error)
        return guarded

    def _finish_copies(self, spans: Sequence[ReadableSpan]) -> None:
        """Work out the copies in all *spans* together; those of a span that fails are left to its own turn."""
        try:
            finish_copies(event for span in spans for event in span.events)
        except Exception as error:
            if is_interrupt(error):
                raise
            self._tell(error)

    def _span(self, span: ReadableSpan) -> ReadableSpan:
        name, status = self._text(span.name), self._status(span.status)
        attributes = self._attributes(span.attributes, span.dropped_attributes)
        events = [self._event(event) for event in span.events]
        links = [self._link(link) for link in span.links]
        if (
            attributes is None
            and (name is span.name and status is span.status)
            and all(map(_is_same, events, span.events))
            and all(map(_is_same, links, span.links))
        ):
            return span
        from otel_events.pipeline.span_view import SpanView

        return SpanView(span, name=name, attributes=attributes, events=events, links=links, status=status)

    def _event(self, event: SpanEvent) -> SpanEvent:
        if is_copy(event):  # it passed the stages itself
            return event
        name = self._text(event.name)
        attributes = self._attributes(event.attributes, event.dropped_attributes)
        if attributes is None and name is event.name:
            return event
        from otel_events.pipeline.span_view import event_view

        return event_view(event, name, event.attributes if attributes is None else attributes)

    def _link(self, link: Link) -> Link:
        attributes = self._attributes(link.attributes, link.dropped_attributes)
        return link if attributes is None else type(link)(link.context, attributes)

    def _status(self, status: Status) -> Status:
        before = status.description
        if before is None:
            return status
        description = self._text(before)
        return status if description is before else type(status)(status.status_code, description)

    def _attributes(self, attributes: Mapping[str, Any] | None, dropped: int) -> Any:
        """Return *attributes* guarded, in the SDK's mapping, which knows how many were dropped; None if unchanged."""
        if not attributes:
            return None
        plain = {key: value if type(value) in _SCALARS else clean(value) for key, value in attributes.items()}
        guarded: Mapping[str, Value] = plain
        for guard in self._guards:
            try:
                guarded, more = guard.attributes(guarded)
            except Exception as error:
                if is_interrupt(error):
                    raise
                self._tell(error)
                if not guard.fails_closed:
                    continue
                guarded, more = {}, len(guarded)
            dropped += more
        if guarded is plain or guarded == plain:
            return None
        from otel_events.pipeline.span_view import bounded

        return bounded(guarded, dropped)

    def _text(self, text: str) -> str:
        guarded = text
        for guard in self._guards:
            try:
                guarded = guard.text(guarded)
            except Exception as error:  # noqa: PERF203  # each guard for itself
                if is_interrupt(error):
                    raise
                self._tell(error)
                if guard.fails_closed:
                    return ""
        return guarded

    def _tell(self, error: Exception) -> None:
        self._accounts.problems.add("span_guard_failed")
        # Not the error's own words: they may quote the value.
        self._notices.warn("span_guard_failed", f"a guard failed on a span: {type(error).__name__}")


def _is_same(one: object, other: object) -> bool:
    return one is other
