"""The page, as it was built."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from otel_events.server.server import Server


def routes(server: Server) -> list[BaseRoute]:  # noqa: ARG001
    """Return its routes."""
    return []
