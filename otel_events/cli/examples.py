"""Examples at the end of a command's help, left as they are written."""

from __future__ import annotations


def examples(*lines: str) -> str:
    """Return the epilog that shows *lines*, each a call of `otel-events` without that word."""
    return "\b\nExamples:\n" + "\n".join(f"  otel-events {line}" for line in lines)
