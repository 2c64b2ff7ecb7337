"""A line of the ledger in the shape of the older broadcaster: `{"type", "ts", "cycle", "day", "data"}`, and a `uid` beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events import catalog
from otel_events.event import CORRELATION

if TYPE_CHECKING:
    from collections.abc import Mapping

_MILLISECONDS = len("2026-02-14T19:01:23.456")
# These have the day in their data as well, as the broadcaster's programs wrote them.
_DAY_IN_DATA = frozenset({"cycle.start"})


def as_broadcast_line(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return *line* as consumers of the broadcaster know it: the name as the program wrote it, all else in `data`."""
    name = line["event"]
    data = dict(line["attributes"])
    for key in CORRELATION:
        is_beside = key == "cycle" or (key == "day" and name not in _DAY_IN_DATA)
        if key in line and not is_beside:
            data.setdefault(key, line[key])
    definition, message = catalog.current().find(name), line.get("message")
    if isinstance(message, str) and message and (definition is None or message != definition.message):
        data.setdefault("message", message)
    return {
        "type": line.get("given_name") or name,
        "ts": line["time"][:_MILLISECONDS] + "Z",
        "cycle": line.get("cycle", 0),
        "day": line.get("day", 0),
        "data": data,
        "uid": line.get("uid", ""),
    }
