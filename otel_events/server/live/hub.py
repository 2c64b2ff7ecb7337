"""Who is told of what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.server.store.stored import StoredEvent


class Hub:
    """Lives on the event loop."""

    def publish(self, events: Sequence[StoredEvent]) -> None:
        """Hand *events* to all subscriptions."""
