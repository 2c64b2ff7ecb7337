"""Which numbers of each writer are stored: one bit for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_BITS = 11  # of a number, within one chunk of marks
_CHUNK_BYTES = (1 << _BITS) // 8
_MASK = (1 << _BITS) - 1
_MAX_CHUNKS = 8_192  # in memory: 2 MiB


class Numbers:
    """Marks what was stored, so that it is known again."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._chunks: dict[tuple[str, int], int] = {}
        self._changed: set[tuple[str, int]] = set()

    def are_new(self, writer: str, numbers: Sequence[int]) -> bool:
        """Return whether none of *numbers* is marked, and none stands there twice."""
        marks = _marks(numbers)
        is_once = sum(each.bit_count() for each in marks.values()) == len(numbers)
        return is_once and not any(self._chunk(writer, chunk) & each for chunk, each in marks.items())

    def mark(self, writer: str, numbers: Sequence[int]) -> bool:
        """Mark *numbers*; return False, and mark none, unless they are all new."""
        if not self.are_new(writer, numbers):
            return False
        for chunk, marks in _marks(numbers).items():
            self._chunks[writer, chunk] |= marks
            self._changed.add((writer, chunk))
        return True

    def write(self) -> None:
        """Bring the table up to what was marked."""
        changed, self._changed = self._changed, set()
        self._connection.executemany(
            "INSERT OR REPLACE INTO numbers VALUES (?, ?, ?)",
            [(*key, self._chunks[key].to_bytes(_CHUNK_BYTES, "little")) for key in changed],
        )
        if len(self._chunks) > _MAX_CHUNKS:
            self._chunks.clear()

    def forget(self) -> None:
        """Forget what was marked in a transaction that was taken back."""
        self._chunks.clear()
        self._changed.clear()

    def _chunk(self, writer: str, chunk: int) -> int:
        marks = self._chunks.get((writer, chunk))
        if marks is None:
            row = self._connection.execute(
                "SELECT marks FROM numbers WHERE writer = ? AND chunk = ?", (writer, chunk)
            ).fetchone()
            marks = self._chunks[writer, chunk] = int.from_bytes(row[0], "little") if row else 0
        return marks


def _marks(numbers: Sequence[int]) -> dict[int, int]:
    """Return the bits of *numbers*, by the chunk that they are in."""
    first, last = numbers[0], numbers[-1]
    if last >> _BITS == first >> _BITS and last - first + 1 == len(numbers) and numbers == list(range(first, last + 1)):
        return {first >> _BITS: ((1 << len(numbers)) - 1) << (first & _MASK)}
    marks: dict[int, int] = {}
    for number in numbers:
        chunk = number >> _BITS
        marks[chunk] = marks.get(chunk, 0) | 1 << (number & _MASK)
    return marks
