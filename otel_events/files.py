"""Files that belong to one process: private, never behind a symbolic link, let go of by its forked children."""

from __future__ import annotations

import errno
import os
import stat
import weakref
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

try:
    import fcntl

    _FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)
except ImportError:  # Windows
    _FULL_SYNC = None

if TYPE_CHECKING:
    from collections.abc import Callable

_FLAGS = (
    getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # never wait for the other end of a FIFO
    | getattr(os, "O_BINARY", 0)
)
_HAS_NOFOLLOW = hasattr(os, "O_NOFOLLOW")
_NO_FULL_SYNC = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY}


class OwnedFile:
    """An open regular file of this user.

    A child of a fork closes its copy at once: else it would keep its parent's locks after the parent's death, and two
    processes would append to one file.

    Attributes:
        fd: the file descriptor; -1 once closed.

    Raises:
        OSError: it cannot be opened, or is not a regular file of this user.
    """

    __slots__ = ("__weakref__", "fd")

    def __init__(self, path: str, flags: int) -> None:
        if not _HAS_NOFOLLOW and Path(path).is_symlink():
            raise OSError(errno.ELOOP, "it is a symbolic link", path)
        self.fd = os.open(path, flags | _FLAGS, 0o600)
        _owned.add(self)
        try:
            _check_file(os.fstat(self.fd), path)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of it. May be called again."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)


def make_private_directory(path: Path, root: Path) -> None:
    """Make *path*, beneath or equal to *root*, with what is missing above it; all of it for this user alone.

    Raises:
        OSError: a part of it, from *root* on, is a symbolic link, not a directory, or another user's; or it cannot be made.
    """
    _make_missing(root)
    _check_directory(root)
    part = root
    for name in path.relative_to(root).parts:
        part = part / name
        _make(part)
        status = _check_directory(part)
        if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
            part.chmod(0o700)


def may_others_write(path: Path) -> bool:
    """Return whether other users can replace what is in the directory at *path*."""
    mode = path.stat().st_mode
    return os.name == "posix" and bool(mode & (stat.S_IWGRP | stat.S_IWOTH)) and not mode & stat.S_ISVTX


def replace_file(path: Path, content: bytes) -> None:
    """Have *content* at *path*, wholly or not at all, for this user alone; or raise OSError."""
    beside = path.with_name(f"{path.name}.new")
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
    beside.replace(path)


def sync_file(fd: int) -> None:
    """Have the disk itself keep what was written to *fd*, or raise OSError.

    What macOS calls fsync stops at the disk's own cache: there is another call for what lies behind it.
    """
    if _FULL_SYNC is not None:
        try:
            fcntl.fcntl(fd, _FULL_SYNC)
            return
        except OSError as error:
            if error.errno not in _NO_FULL_SYNC:  # else the file system is one that does not know it
                raise
    _sync_data(fd)


_sync_data: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


def sync_directory(path: Path) -> None:
    """Ask the disk to keep the names in the directory at *path*, or raise OSError; Windows does so by itself."""
    if os.name != "posix":
        return
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _make_missing(folder: Path) -> None:
    missing: list[Path] = []
    while not os.path.lexists(folder) and folder != folder.parent:
        missing.append(folder)
        folder = folder.parent
    for folder in reversed(missing):
        _make(folder)


def _make(folder: Path) -> None:
    with suppress(FileExistsError):  # another process was quicker, perhaps
        folder.mkdir(mode=0o700)
        # What is safe in a directory is lost with the directory's name.
        with suppress(OSError):  # above may be what we may pass through, but not open
            sync_directory(folder.parent)


def _check_directory(path: Path) -> os.stat_result:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, "it is a symbolic link", str(path))
    if not stat.S_ISDIR(status.st_mode):
        raise OSError(errno.ENOTDIR, "it is not a directory", str(path))
    _refuse_foreign(status, str(path))
    return status


def _check_file(status: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", path)
    _refuse_foreign(status, path)


def _refuse_foreign(status: os.stat_result, path: str) -> None:
    if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        raise OSError(errno.EPERM, "it belongs to another user", path)


_owned: weakref.WeakSet[OwnedFile] = weakref.WeakSet()


def _let_go_in_child() -> None:
    for file in list(_owned):
        file.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
