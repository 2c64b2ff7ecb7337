"""Append whole lines to a file that other processes append to as well."""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from otel_events.errors import OtelEventsError
from otel_events.files import sync_file
from otel_events.ledger.lock import ProcessLock
from otel_events.ledger.rotate import is_rotation_due, prune, rotate

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.accounting import Accounts
    from otel_events.ledger.rotate import RotationSettings

# Windows appends in two steps, and renames no file that anybody has open: there every batch opens the file anew, and
# nothing is written without the lock.
_IS_POSIX: Final = os.name == "posix"
_OPEN_FLAGS = (
    os.O_RDWR
    | os.O_APPEND
    | os.O_CREAT
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # never wait for the reader of a FIFO
    | getattr(os, "O_BINARY", 0)
)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_FIRST_INSTANT = re.compile(rb'"(?:unix|ts)": ?(\d{1,12}(?:\.\d+)?)')
_PATIENCE = 0.2
# A larger write takes Linux several times as long for each byte: it looks for as much memory in one piece.
_MOST_AT_ONCE = 128 << 10


class LedgerError(OtelEventsError):
    """The ledger's path cannot be written as it is; the message names the reason."""


class LedgerFile:
    """The file being written. Nothing is touched before the first `append`.

    Args:
        path: where it is; folders that are missing are made. None where there is no place for it: every `append` raises.
        make_header: gives the line that begins what this writer writes into each file; may be empty.
        rotation: when to begin a new file; None for never.
        follow_symlinks: False to refuse a symbolic link at *path*.
        accounts: counts torn tails that were closed, rotations that failed, files that were deleted.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        *,
        make_header: Callable[[], bytes],
        rotation: RotationSettings | None,
        follow_symlinks: bool,
        accounts: Accounts,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._given = None if path is None else os.fspath(path)
        self._make_header = make_header
        self._rotation = rotation
        self._follow_symlinks = follow_symlinks
        self._accounts = accounts
        self._clock = clock
        self._path = Path(self._given or "")
        self._lock: ProcessLock | None = None
        self._fd = -1
        self._identity: tuple[int, int] | None = None
        self._headed: tuple[int, int] | None = None
        self._began = 0.0

    def append(self, lines: bytes, *, patience: float = _PATIENCE) -> int:
        """Append *lines*, whole lines each with its newline, and return the offset behind them.

        Or raise OSError or LedgerError.

        After an error none of *lines* is in the file, as far as the file system lets itself be put back.

        Args:
            lines: the bytes.
            patience: seconds to wait for another process that is writing.
        """
        with self._find_lock().hold(patience) as is_locked:
            if not is_locked:
                self._accounts.problems.add("ledger_unlocked")
                if not _IS_POSIX:
                    raise LedgerError("another process holds the ledger's lock")
            try:
                return self._append(lines, is_locked=is_locked)
            finally:
                if not _IS_POSIX:
                    self._let_go()

    @property
    def is_open(self) -> bool:
        """Return True between an `append` and `close`; on Windows, where no file is held open, never."""
        return self._fd >= 0

    def sync(self) -> None:
        """Wait until the disk has what was appended, or raise OSError."""
        if self._fd >= 0:
            sync_file(self._fd)

    def close(self) -> None:
        """Let go of the file; a later `append` opens it again."""
        self._let_go()
        self._headed = None

    def _append(self, lines: bytes, *, is_locked: bool) -> int:
        size = self._follow()
        if self._rotation is not None and is_locked and self._is_full(size, len(lines)):
            size = self._begin_new_file()
        parts = [lines]
        if size == 0 or self._headed != self._identity:
            parts.insert(0, self._make_header())
        if size and not self._ends_in_newline(size):
            # A killed writer's half line: closed, so that it takes no whole line with it.
            self._accounts.problems.add("ledger_torn_tail")
            parts.insert(0, b"\n")
        self._write_whole(b"".join(parts), size, is_locked=is_locked)
        self._headed = self._identity
        return os.lseek(self._fd, 0, os.SEEK_CUR)

    def _find_lock(self) -> ProcessLock:
        if self._given is None:
            raise LedgerError("this user has no home directory, and HOME is not set")
        if self._lock is None:
            # A link that was put there on purpose: the lock and the rotated files belong beside the real file.
            self._path = Path(os.path.realpath(self._given)) if self._follow_symlinks else Path(self._given)
            _make_private_folders(self._path.parent)
            self._lock = ProcessLock(f"{self._path}.lock")
        return self._lock

    def _follow(self) -> int:
        """Make sure that the open file is the one at the path, and return its size."""
        if self._fd >= 0:
            try:
                at_path = self._path.stat(follow_symlinks=self._follow_symlinks)
            except FileNotFoundError:
                at_path = None
            if at_path is not None and (at_path.st_dev, at_path.st_ino) == self._identity:
                return at_path.st_size
            self.close()  # rotated by another process, or deleted by a person
        return self._open()

    def _open(self) -> int:
        if not self._follow_symlinks and self._path.is_symlink():
            raise LedgerError("it is a symbolic link, which the default path must not be")
        flags = _OPEN_FLAGS if self._follow_symlinks else _OPEN_FLAGS | _NO_FOLLOW
        try:
            self._fd = os.open(self._path, flags, 0o600)
        except FileNotFoundError:  # its folder was deleted meanwhile
            _make_private_folders(self._path.parent)
            self._fd = os.open(self._path, flags, 0o600)
        status = os.fstat(self._fd)
        if not stat.S_ISREG(status.st_mode):
            self._let_go()
            raise LedgerError("it is not a regular file")
        self._identity = (status.st_dev, status.st_ino)
        if self._rotation is not None:
            self._began = self._read_beginning(status)
        return status.st_size

    def _read_beginning(self, status: os.stat_result) -> float:
        """Return when the first line of the file was written, so that its age survives its writers."""
        os.lseek(self._fd, 0, os.SEEK_SET)
        match = _FIRST_INSTANT.search(os.read(self._fd, 4096))
        if match is not None:
            return float(match.group(1))
        return status.st_mtime if status.st_size else self._clock()

    def _is_full(self, size: int, added: int) -> bool:
        age = self._clock() - self._began
        return self._rotation is not None and is_rotation_due(self._rotation, size=size, added=added, age=age)

    def _begin_new_file(self) -> int:
        """Rotate and return the size of the file to write to, which is the old one if it cannot be renamed."""
        assert self._rotation is not None
        self._let_go()
        try:
            rotate(self._path, self._clock())
        except OSError:  # somebody on Windows reads it, or the folder is not ours: the next batch tries again
            self._accounts.problems.add("ledger_rotation_failed")
            return self._open()
        pruned = prune(self._path, self._rotation)
        if pruned.files:
            self._accounts.cut.add("ledger_files_pruned", pruned.files)
        return self._open()

    def _ends_in_newline(self, size: int) -> bool:
        os.lseek(self._fd, size - 1, os.SEEK_SET)
        return os.read(self._fd, 1) == b"\n"

    def _write_whole(self, data: bytes, start: int, *, is_locked: bool) -> None:
        written = 0
        try:
            with memoryview(data) as view:
                while written < len(data):
                    written += _write_some(self._fd, view[written : _end_of_piece(data, written)])
        except OSError:
            if written:
                self._cut_back(start, start + written, is_locked=is_locked)
            raise

    def _cut_back(self, start: int, end: int, *, is_locked: bool) -> None:
        # Only under the lock, and only if nobody who knows no lock has appended behind us.
        with suppress(OSError):  # the disk is failing: the next writer closes the half line
            if is_locked and os.fstat(self._fd).st_size == end:
                os.ftruncate(self._fd, start)
                return
        self._accounts.problems.add("ledger_torn_tail")

    def _let_go(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def _make_private_folders(folder: Path) -> None:
    """Make *folder* and its missing parents, for this user alone; what exists is left as it is."""
    missing: list[Path] = []
    while not folder.exists() and folder != folder.parent:
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        with suppress(FileExistsError):  # another writer was quicker
            made.mkdir(mode=0o700)


def _end_of_piece(data: bytes, start: int) -> int:
    """Return where the lines end that are to be written at once, from *start* on: never in the middle of one."""
    if len(data) - start <= _MOST_AT_ONCE:
        return len(data)
    return data.rfind(b"\n", start, start + _MOST_AT_ONCE) + 1 or data.find(b"\n", start) + 1 or len(data)


def _write_some(fd: int, data: memoryview) -> int:
    count = os.write(fd, data)
    if count == 0:
        raise OSError(errno.EIO, "nothing could be written")
    return count
