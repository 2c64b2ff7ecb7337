"""Who may ask for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.middleware import Middleware

    from otel_events.server.settings import ServerSettings


class Access:
    """Admits requests, or refuses them."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings

    def middleware(self) -> list[Middleware]:
        """Return what every request passes, outermost first."""
        return []

    def login_link(self, base_url: str) -> str:
        """Return an address that logs in once."""
        return base_url
