"""Other writers of the directory: what the dead have left is taken over, or dropped."""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from otel_events.file_lock import take_lock
from otel_events.spool.claim import Claim, is_living
from otel_events.spool.segment import name_lock, read_lock_name, read_name
from otel_events.spool.segment_file import SegmentFile, read_began, set_aside
from otel_events.spool.stored import Segment

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from otel_events.spool.losses import Losses
    from otel_events.spool.segment_file import DiskCalls

# Unix seconds, 2026-01-01: what is dated earlier has its date from a clock that was not set, as machines without a battery have at first.
_CLOCKS_BEGIN = 1_767_225_600.0
_MOST_CLAIMS = 8  # each costs a lock that is held: what a thousand short-lived processes left is taken over bit by bit


class OtherSegment(NamedTuple):
    """A segment of another writer, dead or alive, that nobody has read yet.

    Attributes:
        began: when it was begun, on the monotonic clock.
    """

    path: Path
    token: str
    size: int
    began: float


class Adopted(NamedTuple):
    """What a look into the directory brought.

    Attributes:
        segments: with something to send, in order.
        claims: whose they are.
        lost: records that were lost there, by reason, counted by nobody yet.
        is_more: there are more dead writers.
    """

    segments: list[Segment]
    claims: list[Claim]
    lost: Counter[str]
    is_more: bool


class Adoption:
    """Finds dead writers, of which at most a few are taken over at a time.

    A writer is dead if its lock can be had: the operating system lets go of it when its holder dies, not earlier.
    """

    def __init__(self, directory: Path, own_token: str, losses: Losses, calls: DiskCalls) -> None:
        self._directory = directory
        self._own_token = own_token
        self._losses = losses
        self._calls = calls
        self._claimed: set[str] = set()
        self._left: set[str] = set()  # of whom something is not for us: once is enough
        self._began: dict[Path, float | None] = {}  # what `read_began` says

    def look(self, present: int, limit: float) -> Adopted:
        """Take over writers that have died, with *present* taken over before, the oldest first; or raise OSError.

        Whatever dead writer's it is: what was begun before *limit*, on the monotonic clock, is dropped.
        """
        groups: list[list[Segment]] = []
        claims: list[Claim] = []
        lost: Counter[str] = Counter()
        is_more = False
        for token, paths in self._find_unclaimed(limit, lost):
            if present + len(claims) >= _MOST_CLAIMS:
                is_more = True
                break
            claim = self._claim(token)
            if claim is None:
                continue
            group: list[Segment] = []
            self._read_all(claim, paths, group, lost)
            if claim.paths:
                claims.append(claim)
                groups.append(group)
                self._claimed.add(token)
            else:
                self.forget(claim)
        groups.sort(key=lambda group: group[0].began)  # those of one writer stay in the order of their names
        segments = [segment for group in groups for segment in group]
        return Adopted(segments, claims, lost, is_more)

    def find_others(self, ours: Container[Path], spare: int) -> list[OtherSegment]:
        """Return the segments that are not *ours*, oldest first, if they take more than *spare* bytes; else none.

        What a later version wrote, or cannot be read, is not among them.
        """
        try:
            writers = self._list_writers()
        except OSError:  # just deleted: then nothing is there
            return []
        sizes = {
            path: (token, size)
            for token, files in writers.items()
            if token not in self._left
            for path, size in files
            if path not in ours
        }
        if sum(size for _, size in sizes.values()) <= spare:
            return []
        others = [OtherSegment(path, *sizes[path], began) for path, began in self._read_dates(sizes).items()]
        return sorted(others, key=lambda other: (other.began, other.path.name))

    def part(self, others: list[OtherSegment]) -> tuple[list[OtherSegment], int]:
        """Return those of *others* that dead writers left, and how many living writers have the rest."""
        tokens = {other.token for other in others} - self._claimed
        living = {token for token in tokens if is_living(self._directory, token)}
        return [other for other in others if other.token not in living], len(living)

    def drop(self, token: str, path: Path, reason: str, lost: Counter[str]) -> bool:
        """Delete a segment, its records *lost* for *reason*; False if its writer lives, or it is not for us to delete."""
        claim = self._claim(token)
        if claim is None:
            return False
        read: list[Segment] = []
        self._read_all(claim, [path], read, lost)
        try:
            for segment in read:
                self._calls.unlink(path)
                lost[reason] += segment.records
                claim.paths.clear()
        except OSError:
            self._losses.note("spool_delete_failed", f"{path} is of no use any more, and cannot be deleted")
            claim.is_left = True
        self.forget(claim)
        return not claim.is_left

    def forget(self, claim: Claim) -> None:
        """Let go of *claim*."""
        if claim.is_left:
            self._left.add(claim.token)
        self._claimed.discard(claim.token)
        claim.let_go()

    def _find_unclaimed(self, limit: float, lost: Counter[str]) -> list[tuple[str, list[Path]]]:
        """Return other writers and their segments, the oldest first; what was begun before *limit* is dropped instead."""
        writers = {
            token: [path for path, _ in files]
            for token, files in self._list_writers().items()
            if token not in self._claimed and token not in self._left
        }
        began = self._read_dates(path for paths in writers.values() for path in paths)
        found: list[tuple[float, str, list[Path]]] = []
        for token, listed in writers.items():
            paths = [
                path
                for path in sorted(listed)
                if began.get(path, math.inf) >= limit or not self.drop(token, path, "spool_expired", lost)
            ]
            if paths or not listed:
                found.append((min((began.get(path, -math.inf) for path in paths), default=-math.inf), token, paths))
        return [(token, paths) for _, token, paths in sorted(found)]

    def _read_dates(self, paths: Iterable[Path]) -> dict[Path, float]:
        """Return when each of *paths* was begun, on the monotonic clock; without those that are not for us."""
        began: dict[Path, float | None] = {}
        for path in paths:
            with suppress(OSError):  # just deleted, or nothing that we may read
                began[path] = self._began[path] if path in self._began else read_began(path)
        self._began = began  # two threads may be here: the one that is later has more to read
        return {path: _to_monotonic(since) for path, since in began.items() if since is not None}

    def _list_writers(self) -> dict[str, list[tuple[Path, int]]]:
        """Return the segments, with their sizes, of all writers but us; none of one of whom there is but the lock."""
        found: dict[str, list[tuple[Path, int]]] = {}
        with os.scandir(self._directory) as listing:
            for entry in listing:
                name = read_name(entry.name)
                token = name[1] if name is not None else read_lock_name(entry.name)
                if token is None or token == self._own_token:
                    continue
                files = found.setdefault(token, [])
                if name is not None:
                    with suppress(OSError):  # just deleted
                        files.append((Path(entry.path), entry.stat(follow_symlinks=False).st_size))
        return found

    def _claim(self, token: str) -> Claim | None:
        try:
            lock = take_lock(str(self._directory / name_lock(token)))
        except OSError:  # not ours to take, whatever it is
            self._losses.note("spool_adopt_failed")
            return None
        return None if lock is None else Claim(token, lock)

    def _read_all(self, claim: Claim, paths: list[Path], into: list[Segment], lost: Counter[str]) -> None:
        for path in paths:
            try:
                self._read(claim, path, into, lost)
            except FileNotFoundError:  # noqa: PERF203  # its writer has deleted it, and then ended
                continue
            except OSError as error:
                claim.is_left = True
                self._losses.note("spool_adopt_failed", f"{path.name} cannot be taken over: {error.strerror or error}")

    def _read(self, claim: Claim, path: Path, into: list[Segment], lost: Counter[str]) -> None:
        file = SegmentFile.open(path, self._calls)
        try:
            found = file.scan()
            if found.is_newer:
                claim.is_left = True
                self._losses.note(
                    "spool_newer", f"{path.name} is left for the later version of otel-events that wrote it"
                )
                return
            if found.is_empty and found.is_damaged:
                file.close()
                self._losses.note(
                    "spool_damaged", f"a file is no segment, or nothing of it can be read: see {set_aside(path)}"
                )
                return
            if found.header is None and not found.is_damaged:
                # A kill at its very beginning leaves it so; or a disk that has lost it.
                self._losses.note("spool_empty", f"{path.name} is empty: if anything was in it, that is lost")
            if not file.repair(found):
                self._losses.note("spool_cursor_failed")
            lost["spool_damaged"] += sum(records for _, records in found.missing)
            lost["spool_torn"] += found.cut_records
            if not found.waiting and not found.is_damaged:
                file.delete()
                return
            began = path.stat().st_mtime if found.header is None else float(found.header.began)
            segment = Segment(path, _to_monotonic(began), 0, claim)
            segment.load(file, found)
            segment.unload()
            claim.paths.add(path)
            into.append(segment)
        finally:
            file.close()


def _to_monotonic(began: float) -> float:
    # What is dated in the future, for the clock was set back, is new; and so is what says nothing of its age.
    return time.monotonic() - (max(0.0, time.time() - began) if began >= _CLOCKS_BEGIN else 0.0)
