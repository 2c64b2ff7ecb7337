"""The span-event copy of an event: the same name and attributes, by the same stages, as the record has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.event import UID_ATTRIBUTE
from otel_events.pipeline.normalize import Normalize, uid_of
from otel_events.pipeline.stage import run_stages

if TYPE_CHECKING:
    from otel_events.accounting import Accounts
    from otel_events.event import Draft
    from otel_events.notices import Notices
    from otel_events.pipeline.stage import Stage


class CopyFinisher:
    """Work out a copy when its span is encoded. What happens to the copy is not counted as happening to the event."""

    def __init__(self, stages: tuple[Stage, ...], writer: str, accounts: Accounts, notices: Notices) -> None:
        self._normalize = Normalize(writer, accounts, notices)
        self._stages = stages
        self._accounts = accounts
        self._notices = notices

    def __call__(self, draft: Draft, writer: str) -> tuple[str, dict[str, Any]] | None:
        """Return name and attributes of the copy, or None if a stage has held the event back.

        Args:
            draft: what `emit` captured.
            writer: whose draft it is; a span that was begun before a fork may hold drafts of two.
        """
        normalized = self._normalize([draft])
        for event in normalized:
            event.uid = uid_of(writer, draft[0])
        events = run_stages(self._stages, normalized, self._accounts, self._notices)
        if not events:
            return None
        event = events[0]
        return event.name, {**event.attributes, **event.bound, UID_ATTRIBUTE: event.uid}
