"""Source files beneath a path: found as ignore files say, and replaced as a whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.errors import OtelEventsError
from otel_events.watching.ignore_files import IgnoreFiles

if TYPE_CHECKING:
    from collections.abc import Iterator


SUFFIXES = (".py", ".pyw", ".ps1", ".psm1")
_NEVER = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules", "site-packages"})
_MAX_BYTES = 16 << 20  # what is larger was not written by a person


class SourceFileError(OtelEventsError):
    """A file cannot be read or written as it is; the message says why."""


def find_source_files(root: Path, *, honours_ignore_files: bool = True) -> Iterator[Path]:
    """Yield the files beneath *root* (or *root* itself) that may hold calls, in order; links are not followed.

    Raises:
        SourceFileError: *root* is not there, or is a link, or cannot be read.
    """
    try:
        status = root.lstat()
    except OSError as error:
        raise SourceFileError(f"{root}: {error.strerror}") from error
    if stat.S_ISLNK(status.st_mode):
        raise SourceFileError(f"{root} is a symbolic link to {os.readlink(root)}; name what it leads to")  # noqa: PTH115
    if stat.S_ISREG(status.st_mode):
        yield root
        return
    if not stat.S_ISDIR(status.st_mode):
        raise SourceFileError(f"{root} is neither a file nor a folder")
    yield from _walk(root, "", IgnoreFiles(str(root.absolute())) if honours_ignore_files else None)


def _walk(root: Path, beneath: str, ignored: IgnoreFiles | None) -> Iterator[Path]:
    """Yield those in the folder *beneath* root: empty for itself, else its name and a slash."""
    folder = root / beneath
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        raise SourceFileError(f"{folder} cannot be read: {error.strerror}") from error
    names = {entry.name for entry in entries}
    if "pyvenv.cfg" in names:  # other people's code
        return
    for entry in entries:
        is_folder = entry.is_dir(follow_symlinks=False)
        if not is_folder and not (entry.is_file(follow_symlinks=False) and entry.name.endswith(SUFFIXES)):
            continue
        name = beneath + entry.name
        if is_folder and entry.name in _NEVER:
            continue
        if ignored is not None and ignored.ignores(name, is_directory=is_folder):
            continue
        if is_folder:
            yield from _walk(root, f"{name}/", ignored)
        else:
            yield root / name


def read_source(path: Path) -> bytes:
    """Return what the regular file at *path* holds, or raise SourceFileError."""
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | _BINARY)
        with os.fdopen(fd, "rb") as file:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                raise SourceFileError(f"{path} is no regular file")
            if status.st_size > _MAX_BYTES:
                raise SourceFileError(f"{path} is larger than {_MAX_BYTES >> 20} MiB")
            return file.read()
    except OSError as error:
        raise SourceFileError(f"{path} cannot be read: {error.strerror}") from error


def replace_source(path: Path, before: bytes, after: bytes, *, root: Path) -> None:
    """Put *after* in the place of *before*, in one step, with the file's mode and owner; or raise SourceFileError.

    Args:
        path: a file beneath *root*.
        before: what it is known to hold; if it holds something else by now, it is left alone.
        after: what it is to hold.
        root: nothing outside of it is written.
    """
    if not path.parent.resolve().is_relative_to(root.resolve() if root.is_dir() else root.resolve().parent):
        raise SourceFileError(f"{path} is not beneath {root}")
    if read_source(path) != before:
        raise SourceFileError(f"{path} has changed meanwhile; nothing was written to it")
    status = path.lstat()
    if status.st_nlink > 1:
        raise SourceFileError(
            f"{path} has {status.st_nlink} names (hard links), of which this would be parted: give it a copy of its own, or change it by hand"
        )
    write_whole(path, after, like=status)


def write_whole(path: Path, content: bytes, *, like: os.stat_result | None = None) -> None:
    """Write *content* to a new file beside *path*, then let it take its name; or raise SourceFileError.

    Args:
        path: where it is to be.
        content: of it.
        like: whose mode and owner it is to have; those of any new file without.
    """
    name = None
    try:
        fd, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".tmp", dir=path.parent)
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(fd)
        if like is not None:
            _give_to_owner(name, like, path)
        Path(name).chmod(_usual_mode() if like is None else stat.S_IMODE(like.st_mode))
        Path(name).replace(path)
        name = None
    except OSError as error:
        raise SourceFileError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        if name is not None:
            with suppress(OSError):  # what is reported is why it could not be written
                Path(name).unlink()


def _give_to_owner(name: str, like: os.stat_result, path: Path) -> None:
    status = os.lstat(name)
    if (status.st_uid, status.st_gid) == (like.st_uid, like.st_gid):
        return
    try:
        os.chown(name, like.st_uid, like.st_gid)
    except PermissionError as error:
        raise SourceFileError(
            f"{path} belongs to another user or group, and would be yours: let its owner do it"
        ) from error


def _usual_mode() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


_BINARY = getattr(os, "O_BINARY", 0)
