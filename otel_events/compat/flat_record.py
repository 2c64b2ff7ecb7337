"""A record of a hand-written ledger, made of plain values and without secrets, as one flat line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from otel_events.compat.guard import current_guard
from otel_events.ledger.instants import format_instant_for_datetime
from otel_events.ledger.tags import clean_text, tag_attributes
from otel_events.values import freeze

if TYPE_CHECKING:
    from collections.abc import Mapping


def plain(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of *mapping* made of plain values that nobody else can change, or raise TypeError."""
    copied: Any = freeze(mapping)
    if not isinstance(copied, dict):
        raise TypeError(f"{type(mapping).__name__} is no mapping")
    return copied


def join(own: Mapping[str, Any], payload: Mapping[str, Any], timestamp: int) -> dict[str, Any]:
    """Return the record that says *own*, *payload* and when it was.

    Keys of the payload stay where they are, unless there is one of ours of that name: then they stand in an object
    `attributes`, as in the product's flat format.
    """
    ours = {**own, "timestamp": format_instant_for_datetime(timestamp), "ts": timestamp / 1e9}
    aside = {key: value for key, value in payload.items() if key in ours}
    if aside and "attributes" in payload:
        aside["attributes"] = payload["attributes"]
    beside = {key: value for key, value in payload.items() if key not in aside}
    record = {**own, **beside, "timestamp": ours["timestamp"], "ts": ours["ts"]}
    return {**record, "attributes": aside} if aside else record


def encode(record: Mapping[str, Any]) -> bytes:
    """Return *record* as a line without secrets, spaced as `json.dumps` does it, because scripts grep for that."""
    guard = current_guard()
    clean = tag_attributes(record if guard is None else guard.attributes(record))
    try:
        return f"{json.dumps(clean, ensure_ascii=False)}\n".encode()
    except UnicodeEncodeError:  # a lone surrogate
        return f"{json.dumps(clean_text(clean), ensure_ascii=False)}\n".encode()
