"""The segments that this process writes: their names, their lock, their directory."""

from __future__ import annotations

import errno
import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from otel_events.file_lock import take_lock
from otel_events.files import OwnedFile, make_private_directory, may_others_write
from otel_events.spool.segment import encode_header, make_token, name_lock, name_segment
from otel_events.spool.segment_file import SegmentFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from otel_events.file_lock import HeldLock
    from otel_events.spool.segment_file import DiskCalls

ABOUT = "about.json"
_LOCK_SECONDS = 0.5
_checked_roots: set[Path] = set()  # by this process


class OwnSegments:
    """Begins one segment after the other, under a lock that tells other processes that their writer lives.

    Attributes:
        token: names this writer: unlike the writer id, no other spool of the process shares it.
    """

    def __init__(self, directory: Path, root: Path, writer_id: str, about: Mapping[str, str], calls: DiskCalls) -> None:
        self.token = make_token(writer_id)
        self._directory = directory
        self._root = root
        self._about = about
        self._calls = calls
        self._count = 0
        self._lock: HeldLock | None = None

    def begin(self, number: int) -> SegmentFile:
        """Return a new segment whose first batch is *number*, or raise OSError."""
        make_private_directory(self._directory, self._root)
        self._hold_lock()
        self._say_what_it_is()
        self._count += 1
        path = self._directory / name_segment(self._count, self.token)
        return SegmentFile.create(path, encode_header(number, self.token, int(time.time())), self._calls)

    def find_weakness(self) -> str | None:
        """Return what is to be told of the root, once in a process; None if nothing is."""
        if self._root in _checked_roots:
            return None
        _checked_roots.add(self._root)
        # It may be shared on purpose: so it is left as it is.
        if not may_others_write(self._root):
            return None
        return (
            f"other users may write to {self._root}, and so take away or replace the directories in it:"
            " make it this user's alone (chmod go-w), or set OTEL_EVENTS_SPOOL_DIR to another directory"
        )

    def end(self, *, is_empty: bool) -> None:
        """Let others have what is left; with *is_empty* there is nothing."""
        if self._lock is not None:
            self._lock.let_go(delete=is_empty)
            self._lock = None

    def _hold_lock(self) -> None:
        if self._lock is not None and not self._lock.is_in_place():
            # Deleted, with its directory perhaps: whoever came now would take us for dead.
            self._lock.let_go(delete=False)
            self._lock = None
        if self._lock is None:
            self._lock = self._take_lock()

    def _take_lock(self) -> HeldLock:
        # Whoever looks for dead writers, or counts the living, tries each lock that is there: also one that we have made
        # and do not hold yet. They let go of it as soon as they see that there is nothing to take.
        until = time.monotonic() + _LOCK_SECONDS
        while (lock := take_lock(str(self._directory / name_lock(self.token)))) is None:
            if time.monotonic() > until:
                raise OSError(errno.EAGAIN, "somebody else holds the lock of this writer", str(self._directory))
            time.sleep(0.001)
        return lock

    def _say_what_it_is(self) -> None:
        # For people and the command line: the directory's name is a hash.
        with suppress(FileExistsError):
            file = OwnedFile(str(self._directory / ABOUT), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            try:
                os.write(file.fd, json.dumps(dict(self._about)).encode())
            finally:
                file.close()
