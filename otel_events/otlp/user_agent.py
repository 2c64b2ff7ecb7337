"""Who we say we are to a server."""

from __future__ import annotations

from importlib import metadata


def user_agent() -> str:
    """Return product and version, as HTTP's User-Agent wants them."""
    try:
        return f"otel-events/{metadata.version('otel-events')}"
    except metadata.PackageNotFoundError:  # run from a source tree
        return "otel-events"
