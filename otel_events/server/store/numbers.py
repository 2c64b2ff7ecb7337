"""Which numbers of each writer are stored: one bit for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_BITS = 11  # of a number, within one chunk of marks
_CHUNK_BYTES = (1 << _BITS) // 8
_MASK = (1 << _BITS) - 1
_MAX_CHUNKS = 8_192  # in memory: 2 MiB


class Numbers:
    """Marks what was stored, so that it is known again."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._chunks: dict[tuple[str, int], bytearray] = {}
        self._changed: set[tuple[str, int]] = set()

    def has(self, writer: str, number: int) -> bool:
        """Return whether it is marked."""
        place = number & _MASK
        return bool(self._chunk(writer, number >> _BITS)[place >> 3] & (1 << (place & 7)))

    def mark(self, writer: str, number: int) -> bool:
        """Mark it; return False if it was."""
        place, key = number & _MASK, (writer, number >> _BITS)
        marks = self._chunk(*key)
        bit = 1 << (place & 7)
        if marks[place >> 3] & bit:
            return False
        marks[place >> 3] |= bit
        self._changed.add(key)
        return True

    def write(self) -> None:
        """Bring the table up to what was marked."""
        changed, self._changed = self._changed, set()
        self._connection.executemany(
            "INSERT OR REPLACE INTO numbers VALUES (?, ?, ?)", [(*key, bytes(self._chunks[key])) for key in changed]
        )
        if len(self._chunks) > _MAX_CHUNKS:
            self._chunks.clear()

    def forget(self) -> None:
        """Forget what was marked in a transaction that was taken back."""
        self._chunks.clear()
        self._changed.clear()

    def _chunk(self, writer: str, chunk: int) -> bytearray:
        marks = self._chunks.get((writer, chunk))
        if marks is None:
            row = self._connection.execute(
                "SELECT marks FROM numbers WHERE writer = ? AND chunk = ?", (writer, chunk)
            ).fetchone()
            marks = self._chunks[writer, chunk] = bytearray(row[0] if row else _CHUNK_BYTES)
        return marks
