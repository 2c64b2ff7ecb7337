"""What a file was like when it was looked at, by which it is told whether it has changed."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass
from hashlib import blake2b

from otel_events.watching.plain_files import open_plain

# Of a larger file the time of its last change has to do.
MOST_HASHED = 16 * 1024 * 1024
_PIECE = 256 * 1024
# Times of files are as coarse as this on some systems: what was changed so short before it was looked at may have been
# changed again since, and show the same time.
_COARSE = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One file at one time.

    Attributes:
        size: in bytes.
        modified_at: the time of the last change of its content, nanoseconds since the epoch.
        changed_at: the same for content, name and rights.
        identity: which file of the system it is: two names of one file have the same, as has a file that was renamed.
        digest: of the content; None where that is too large, or cannot be read.
        looked_at: when.
    """

    size: int
    modified_at: int
    changed_at: int
    identity: tuple[int, int]
    digest: bytes | None
    looked_at: int

    def says_the_same(self, other: Entry) -> bool:
        """Tell whether both have the same content: a file that was only touched has."""
        if self.size != other.size:
            return False
        if self.digest is None or other.digest is None:
            return self.modified_at == other.modified_at
        return self.digest == other.digest

    def surely_holds(self, status: os.stat_result) -> bool:
        """Tell whether a file of *status* has not been changed since, without reading it."""
        return (
            self.size == status.st_size
            and self.modified_at == status.st_mtime_ns
            and self.changed_at == status.st_ctime_ns
            and self.identity == (status.st_dev, status.st_ino)
            and max(self.modified_at, self.changed_at) + _COARSE < self.looked_at
        )


def status_of(path: str) -> os.stat_result | None:
    """Return the status of the file or link at *path*; None if there is none, or it is something else."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode) else None


def look_at(path: str) -> Entry | None:
    """Return what the file at *path* is like; None if there is none."""
    looked_at = time.time_ns()
    status = status_of(path)
    if status is None:
        return None
    return Entry(
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        (status.st_dev, status.st_ino),
        _digest(path, status),
        looked_at,
    )


def _digest(path: str, status: os.stat_result) -> bytes | None:
    try:
        if stat.S_ISLNK(status.st_mode):  # a link says where it leads
            return blake2b(os.fsencode(os.readlink(path)), digest_size=16).digest()  # strings
        if status.st_size > MOST_HASHED:
            return None
        digest = blake2b(digest_size=16)
        left = MOST_HASHED  # though it may have grown: who writes as fast as we read would never let us go
        with open_plain(path) as file:
            while left > 0 and (piece := file.read(_PIECE)):
                digest.update(piece)
                left -= len(piece)
    except OSError:  # not for us to read, or locked by whoever writes it: its times tell enough
        return None
    return digest.digest()
