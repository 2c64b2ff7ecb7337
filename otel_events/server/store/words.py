"""Numbers for texts, by which the index knows them."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_MAX_KNOWN = 50_000
_MAX_TEXT = 300


@lru_cache(maxsize=65_536)
def key_of(text: str) -> int:
    """Return the 63 bits that stand for *text*; of others they are the same once in a very great while."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


class Words:
    """Numbers texts of one kind; a text's number stays."""

    def __init__(self, connection: sqlite3.Connection, kind: str) -> None:
        self._connection = connection
        self._kind = kind
        self._known: dict[str, int] = {}

    def number(self, text: str) -> int:
        """Return the number of *text*, a new one if it has none."""
        try:
            return self._known[text]
        except KeyError:
            return self._learn(text)

    def forget(self) -> None:
        """Forget what was numbered in a transaction that was taken back."""
        self._known.clear()

    def _learn(self, text: str) -> int:
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        row = (self._kind, text[:_MAX_TEXT])
        self._connection.execute("INSERT OR IGNORE INTO words (kind, text) VALUES (?, ?)", row)
        number: int
        (number,) = self._connection.execute("SELECT id FROM words WHERE kind = ? AND text = ?", row).fetchone()
        self._known[text] = number
        return number
