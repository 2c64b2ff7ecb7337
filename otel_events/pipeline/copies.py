"""The span-event copies of events: the same name and attributes, by the same stages, as the records have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.event import UID_ATTRIBUTE
from otel_events.pipeline.normalize import Normalize, uid_of
from otel_events.pipeline.stage import run_stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.accounting import Accounts
    from otel_events.event import Draft
    from otel_events.notices import Notices
    from otel_events.pipeline.stage import Stage


class CopyFinisher:
    """Work out copies when their spans are encoded. What happens to a copy is not counted as happening to the event."""

    def __init__(self, stages: tuple[Stage, ...], writer: str, accounts: Accounts, notices: Notices) -> None:
        self._normalize = Normalize(writer, accounts, notices)
        self._stages = stages
        self._accounts = accounts
        self._notices = notices

    def __call__(self, copies: Sequence[tuple[Draft, str]]) -> list[tuple[str, dict[str, Any]] | None]:
        """Return name and attributes of each copy, or None for one that a stage has held back.

        Args:
            copies: what `emit` captured, and whose draft it is; a span that was begun before a fork may hold drafts of two.
        """
        normalized = self._normalize([draft for draft, _ in copies])
        own = {event.uid: event for event in normalized}
        for draft, writer in copies:
            event = own.get(uid_of(self._normalize.writer, draft[0]))
            if event is not None:
                event.uid = uid_of(writer, draft[0])
        events = run_stages(self._stages, normalized, self._accounts, self._notices)
        finished = {
            event.uid: (event.name, {**event.attributes, **event.bound, UID_ATTRIBUTE: event.uid}) for event in events
        }
        return [finished.get(uid_of(writer, draft[0])) for draft, writer in copies]
