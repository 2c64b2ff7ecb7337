"""Who we say we are to a server."""

from otel_events.version import VERSION

USER_AGENT = f"otel-events/{VERSION}"
