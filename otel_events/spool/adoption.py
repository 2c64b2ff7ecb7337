"""Taking over the segments of writers that have died."""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.file_lock import take_lock
from otel_events.spool.claim import Claim
from otel_events.spool.segment import name_lock, read_lock_name, read_name
from otel_events.spool.segment_file import SegmentFile, set_aside
from otel_events.spool.stored import Segment

if TYPE_CHECKING:
    from otel_events.spool.losses import Losses
    from otel_events.spool.segment_file import DiskCalls

_MOST_CLAIMS = 8  # each costs a lock that is held: what a thousand short-lived processes left is taken over bit by bit


@dataclass(frozen=True, slots=True)
class Adopted:
    """What a look into the directory brought.

    Attributes:
        segments: with something to send, in order.
        claims: whose they are.
        lost: records that were lost there, by reason, counted by nobody yet.
        others_bytes: what living writers have there.
        others: how many these are.
        is_more: there are more dead writers.
    """

    segments: list[Segment]
    claims: list[Claim]
    lost: Counter[str]
    others_bytes: int
    others: int
    is_more: bool


class Adoption:
    """Finds dead writers, of which at most a few are taken over at a time.

    A writer is dead if its lock can be had: the operating system lets go of it when its holder dies, not earlier.
    """

    def __init__(self, directory: Path, own_token: str, losses: Losses, calls: DiskCalls) -> None:
        self._directory = directory
        self._losses = losses
        self._calls = calls
        self._known = {own_token}

    def look(self, present: int) -> Adopted:
        """Take over writers that have died, with *present* taken over before; or raise OSError."""
        groups: list[list[Segment]] = []
        claims: list[Claim] = []
        lost: Counter[str] = Counter()
        others_bytes = others = 0
        is_more = False
        for token, (paths, size) in sorted(self._find_writers().items()):
            if present + len(claims) >= _MOST_CLAIMS:
                is_more = True
                break
            claim = self._claim(token)
            if claim is None:
                others += 1
                others_bytes += size
                continue
            group: list[Segment] = []
            self._read_all(claim, sorted(paths), group, lost)
            if claim.paths:
                claims.append(claim)
                groups.append(group)
                self._known.add(token)
            else:
                claim.let_go()
        groups.sort(key=lambda group: group[0].began)  # those of one writer stay in the order of their names
        segments = [segment for group in groups for segment in group]
        return Adopted(segments, claims, lost, others_bytes, others, is_more)

    def forget(self, claim: Claim) -> None:
        """Let go of *claim*."""
        if not claim.is_left:
            self._known.discard(claim.token)
        claim.let_go()

    def _find_writers(self) -> dict[str, tuple[list[Path], int]]:
        found: dict[str, tuple[list[Path], int]] = {}
        with os.scandir(self._directory) as listing:
            for entry in listing:
                name = read_name(entry.name)
                token = name[1] if name is not None else read_lock_name(entry.name)
                if token is None or token in self._known:
                    continue
                paths, size = found.get(token, ([], 0))
                if name is not None:
                    paths.append(Path(entry.path))
                    with suppress(OSError):  # just deleted
                        size += entry.stat(follow_symlinks=False).st_size
                found[token] = (paths, size)
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
        if claim.is_left:
            self._known.add(claim.token)  # once is enough

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
            segment = Segment(path, time.monotonic() - max(0.0, time.time() - began), 0, claim)
            segment.load(file, found)
            segment.unload()
            claim.paths.add(path)
            into.append(segment)
        finally:
            file.close()
