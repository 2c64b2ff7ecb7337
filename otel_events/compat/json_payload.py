"""JSON that every consumer of a message can read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from otel_events.values import clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_json(text: str) -> Any:
    """Return what *text* says; None for NaN and the infinities, of which JSON knows none: null, as in browsers."""
    return json.loads(text, parse_constant=_no_number)


def to_payload(said: Mapping[str, Any]) -> bytes:
    """Return *said* as JSON in UTF-8; what is not ASCII stays readable, and no number that is none is in it."""
    try:
        text = json.dumps(said, ensure_ascii=False, allow_nan=False, default=str)
    except ValueError:
        text = json.dumps(read_json(json.dumps(said, default=str)), ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return clean_text(text).encode()


def _no_number(_word: str) -> None:
    """Stand for a word that is no number."""
