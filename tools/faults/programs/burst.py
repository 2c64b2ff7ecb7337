"""Emits so many numbered events, flushes, ends in an orderly way, and says how long that took and what it was told."""

from __future__ import annotations

import time
from typing import Any

import otel_events as ev
from tools.faults.programs.telling import given, say


def main() -> None:
    """Emit, flush, shut down."""
    arguments = given()
    ev.configure(attributes={"run": arguments.get("run", "burst")}, **arguments.get("settings", {}))
    emit_numbers(arguments)
    began = time.monotonic()
    is_flushed = ev.flush(timeout=arguments.get("flush", 0.5))
    flushed = time.monotonic()
    before_end = ev.stats().as_dict()
    is_safe = ev.shutdown()
    ended = time.monotonic()
    say(
        flush=is_flushed,
        flush_seconds=flushed - began,
        at_flush=before_end,
        shutdown=is_safe,
        shutdown_seconds=ended - flushed,
    )


def emit_numbers(arguments: dict[str, Any]) -> None:
    """Emit, with the number as an attribute, and in the name too where the other side keeps names alone."""
    first, count = arguments.get("first", 1), arguments["count"]
    text, pause = "x" * arguments.get("size", 60), arguments.get("pause", 0.0)
    for number in range(first, first + count):
        name = f"n.{number}" if arguments.get("is_named") else "numbered.event"
        ev.emit(name, n=number, text=text)
        if pause and number % 100 == 0:
            time.sleep(pause)


if __name__ == "__main__":
    main()
