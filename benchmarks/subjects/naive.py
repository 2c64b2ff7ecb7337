"""The ledger that programs write by hand: lock, open, `json.dumps`, append, close."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.event import CORRELATION, METHOD, NAME, SERVICE, SOURCES, Say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.subjects.subject import Place


class NaiveLedger:
    """Written when the call returns."""

    def __init__(self, place: Place) -> None:
        self._path = place.directory / "naive.jsonl"
        self._lock = threading.Lock()

    def _append(self, event: str, attributes: dict[str, Any]) -> None:
        line = json.dumps({"time": time.time(), "event": event, "service": SERVICE, **attributes})
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    @contextmanager
    def speaking(self, *, in_span: bool = False) -> Iterator[Say]:  # noqa: ARG002  # knows no spans
        """Name correlation in each call."""
        append, bound = self._append, CORRELATION

        def say(i: int) -> None:
            append(NAME, {"source": SOURCES[i & 63], "quality": i * 0.001, "tokens": i, "method": METHOD, **bound})

        yield say

    def drain(self, timeout: float) -> bool:  # noqa: ARG002  # written already
        """Do nothing."""
        return True
