"""How many events of each name there were, altogether and in each second."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from otel_events import catalog
from otel_events.server.store.own import is_own

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from otel_events.server.store.entry import Entry

_SECOND = 1_000_000_000
_ERROR_LEVEL = 5


class Totals:
    """Counts what is noted and writes the sums once for each batch."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._names: dict[str, int] = {}
        self._seconds: dict[tuple[int, int, int], list[int]] = {}

    def note(self, entries: Sequence[Entry], times: Sequence[int], severities: Sequence[int]) -> list[int]:
        """Count *entries*, which happened at *times*; return the numbers of their names."""
        known = self._names
        names = [known.get(entry.record.name) or self._learn(entry.record.name) for entry in entries]
        seqs = [entry.seq for entry in entries]
        places = list(zip([time // _SECOND for time in times], names, severities, strict=True))
        firsts = dict(zip(reversed(places), reversed(seqs), strict=True))
        lasts = dict(zip(places, seqs, strict=True))
        for place, count in Counter(places).items():
            second, name, severity = place
            sums = self._seconds.setdefault((second, name, (severity + 3) // 4), [0, firsts[place], 0])
            sums[0] += count
            sums[1:] = [min(sums[1], firsts[place]), max(sums[2], lasts[place])]
        return names

    def write(self) -> None:
        """Add what was counted to the tables."""
        seconds, self._seconds = self._seconds, {}
        self._connection.executemany(
            "INSERT INTO seconds VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (second, name, level) DO UPDATE SET count = count + excluded.count,"
            " first_seq = min(first_seq, excluded.first_seq), last_seq = max(last_seq, excluded.last_seq)",
            [(*place, *sums) for place, sums in seconds.items()],
        )
        names: dict[int, list[int]] = {}
        for (second, name, level), (count, first, last) in seconds.items():
            total = names.setdefault(name, [0, 0, second, second, first, last])
            total[0] += count
            total[1] += count if level >= _ERROR_LEVEL else 0
            total[2:] = [min(total[2], second), max(total[3], second), min(total[4], first), max(total[5], last)]
        self._connection.executemany(
            "UPDATE names SET count = count + ?1, errors = errors + ?2, first_time = min(ifnull(first_time, ?3), ?3),"
            " last_time = max(ifnull(last_time, ?4), ?4), first_seq = min(ifnull(first_seq, ?5), ?5),"
            " last_seq = max(ifnull(last_seq, ?6), ?6) WHERE id = ?7",
            [(*total, name) for name, total in names.items()],
        )

    def forget(self) -> None:
        """Forget what was noted in a transaction that was taken back."""
        self._names.clear()
        self._seconds.clear()

    def _learn(self, name: str) -> int:
        definition = catalog.current().find(name)
        category = definition.category if definition is not None else name.partition(".")[0]
        self._connection.execute(
            "INSERT OR IGNORE INTO names (name, category, is_own, count, errors) VALUES (?, ?, ?, 0, 0)",
            (name, category or "", is_own(name)),
        )
        number: int
        (number,) = self._connection.execute("SELECT id FROM names WHERE name = ?", (name,)).fetchone()
        self._names[name] = number
        return number
