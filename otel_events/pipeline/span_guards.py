"""What stages do to events, done to whatever else has attributes and texts: spans, their events, their links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from otel_events.pipeline.limit import limit_attributes
from otel_events.values import cut_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.accounting import Tally
    from otel_events.event import Value
    from otel_events.pipeline.limit import LimitSettings
    from otel_events.pipeline.redact import Guard


class SpanGuard(Protocol):
    """What a stage does to events, for whatever else has attributes and texts.

    Attributes:
        fails_closed: where it raises, nothing goes out that it has not seen; else it is passed over.
    """

    fails_closed: bool

    def attributes(self, attributes: Mapping[str, Value]) -> tuple[Mapping[str, Value], int]:
        """Return *attributes* as they may go out, the very same if they may as they are; and how many were dropped."""

    def text(self, text: str) -> str:
        """Return a name or a description as it may go out."""


class LimitSpans:
    """Keep attributes of spans, span events and links within their bounds in bytes; the SDK has counted them already."""

    fails_closed = False

    def __init__(self, settings: LimitSettings, cut: Tally) -> None:
        self._settings = settings._replace(attribute_count_limit=None)
        self._cut = cut

    def attributes(self, attributes: Mapping[str, Value]) -> tuple[Mapping[str, Value], int]:
        """Return *attributes* within the bounds; what is cut is counted."""
        limited, dropped = limit_attributes(attributes, self._settings, self._cut)
        if dropped:
            self._cut.add("attributes", dropped)
        return limited, dropped

    def text(self, text: str) -> str:
        """Return *text* within the bound of a message."""
        longest = self._settings.max_body_length
        return text if longest is None else cut_text(text, longest)


class RedactSpans:
    """Keep secrets out of spans."""

    fails_closed = True

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def attributes(self, attributes: Mapping[str, Value]) -> tuple[Mapping[str, Value], int]:
        """Return *attributes* without secrets."""
        return self._guard.attributes(attributes), 0

    def text(self, text: str) -> str:
        """Return *text* without secrets."""
        return self._guard.text(text)
