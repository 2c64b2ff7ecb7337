"""The queue before the store: what comes in meanwhile is stored together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_events.server.settings import ServerSettings
    from otel_events.server.store.store import Store


class Intake:
    """Takes requests and has them stored by a thread of its own."""

    def __init__(self, store: Store, settings: ServerSettings) -> None:
        self._store = store
        self._settings = settings

    def start(self) -> None:
        """Start the thread."""

    def stop(self) -> None:
        """Store what has come, and end the thread."""
