"""Which files are to be looked at, and when: once they are left alone, and many of them together."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Parts of the time for which a file has to be left alone: both ends of a rename are looked at together.
_SLACK = 0.25
# A file that is written to all the time is looked at after so many times the debounce all the same, a storm after more.
_LONGEST = 10
_LONGEST_STORM = 40
# A storm pauses for breath: while git or tar read, nothing changes.
_STORM_QUIET = 2

# Of more than these the system may have lost some: everything is looked at, even if each change is told alone.
_MOST_TRUSTED = 2_000


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be looked at now.

    Attributes:
        paths: the files, and directories with all that is in them.
        renames: what the system says was renamed, in the order in which it was.
        is_storm: so much has changed that notifications may have been lost: everything is to be looked at.
    """

    paths: tuple[str, ...]
    renames: tuple[tuple[str, str], ...]
    is_storm: bool


class Pending:
    """What notifications have named beneath one directory.

    Args:
        debounce: seconds for which a file has to be left alone.
    """

    def __init__(self, debounce: float) -> None:
        self._debounce = debounce
        self._last: dict[str, float] = {}
        self._first: dict[str, float] = {}
        self._renames: list[tuple[str, str]] = []
        self._began = self._latest = 0.0

    def __len__(self) -> int:
        return len(self._last)

    def __contains__(self, path: str) -> bool:
        return path in self._last

    def mark(self, path: str, now: float) -> None:
        """Note that something happened to *path*."""
        if not self._last:
            self._began = now
        self._first.setdefault(path, now)
        self._last[path] = self._latest = now

    def rename(self, source: str, target: str, now: float) -> None:
        """Note that *source* was renamed to *target*."""
        self.mark(source, now)
        self.mark(target, now)
        self._renames.append((source, target))

    def next_time(self, allowance: float) -> float:
        """Return when something will be due, if nothing more happens."""
        if not self._last:
            return math.inf
        if len(self._last) > min(allowance, _MOST_TRUSTED):
            return self._end_of_storm()
        return min(self._due_times().values())

    def take(self, now: float, allowance: float) -> Due | None:
        """Return what is due *now*, and forget it; None if nothing is.

        Args:
            now: `time.monotonic()` seconds.
            allowance: how many changes may be told one by one.
        """
        if not self._last:
            return None
        is_storm = len(self._last) > min(allowance, _MOST_TRUSTED)
        if is_storm:
            return self.take_all(is_storm=True) if now >= self._end_of_storm() else None
        times = self._due_times()
        if now < min(times.values()):
            return None
        until = now + _SLACK * self._debounce
        paths = tuple(path for path, time in times.items() if time <= until)
        chosen = set(paths)
        renames = tuple(pair for pair in self._renames if chosen.issuperset(pair))
        self._renames = [pair for pair in self._renames if not chosen.issuperset(pair)]
        for path in paths:
            del self._last[path], self._first[path]
        if not self._last:
            self._renames.clear()
        return Due(paths, renames, is_storm=False)

    def take_all(self, *, is_storm: bool = False) -> Due:
        """Return all that waits, and forget it."""
        due = Due(tuple(self._last), tuple(self._renames), is_storm)
        self._last.clear()
        self._first.clear()
        self._renames.clear()
        return due

    def _due_times(self) -> dict[str, float]:
        debounce = self._debounce
        times = {
            path: min(last + debounce, self._first[path] + _LONGEST * debounce) for path, last in self._last.items()
        }
        # Both ends of a rename wait for each other: perhaps somebody writes on under the new name.
        for source, target in (*self._renames, *reversed(self._renames)):
            if source in times and target in times:
                times[source] = times[target] = max(times[source], times[target])
        return times

    def _end_of_storm(self) -> float:
        return min(self._latest + _STORM_QUIET * self._debounce, self._began + _LONGEST_STORM * self._debounce)


class Allowance:
    """How many changes may be told one by one: so many at once, a tenth of them for each second.

    Args:
        burst: the most at once; 0 for no bound.
    """

    def __init__(self, burst: int) -> None:
        self._most = burst or math.inf
        self._left = self._most
        self._at = 0.0

    def left(self, now: float) -> float:
        """Return how many there are *now*."""
        if self._most < math.inf:
            self._left = min(self._most, self._left + (now - self._at) * self._most / 10)
            self._at = now
        return self._left

    def use(self, count: int) -> None:
        """Take *count* away."""
        self._left -= count
