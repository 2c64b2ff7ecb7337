"""Source files beneath a path: found as ignore files say, and replaced as a whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.errors import OtelEventsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pathspec import GitIgnoreSpec

IGNORE_FILES = (".gitignore", ".otel-eventsignore")  # the later one of a folder has the last word
SUFFIXES = (".py", ".pyw", ".ps1", ".psm1")
_NEVER = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules", "site-packages"})
_MAX_BYTES = 16 << 20  # what is larger was not written by a person


class SourceFileError(OtelEventsError):
    """A file cannot be read or written as it is; the message says why."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the ignore files of one folder say, of names beneath it."""

    folder: Path
    spec: GitIgnoreSpec

    def verdict(self, path: Path, *, is_folder: bool) -> bool | None:
        """Return whether *path* is to be left out, None if these rules do not say."""
        name = path.relative_to(self.folder).as_posix()
        return self.spec.check_file(f"{name}/" if is_folder else name).include


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
    rules = list(_rules_above(root.absolute())) if honours_ignore_files else []
    yield from _walk(root, root.absolute(), rules if honours_ignore_files else None)


def _walk(shown: Path, folder: Path, rules: list[_Rules] | None) -> Iterator[Path]:
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        raise SourceFileError(f"{shown} cannot be read: {error.strerror}") from error
    names = {entry.name for entry in entries}
    if "pyvenv.cfg" in names:  # other people's code
        return
    if rules is not None:
        rules = [*rules, *_rules_of(folder, names)]
    for entry in entries:
        is_folder = entry.is_dir(follow_symlinks=False)
        if not is_folder and not (entry.is_file(follow_symlinks=False) and entry.name.endswith(SUFFIXES)):
            continue
        path = folder / entry.name
        if (is_folder and entry.name in _NEVER) or (rules and _is_ignored(path, rules, is_folder=is_folder)):
            continue
        if is_folder:
            yield from _walk(shown / entry.name, path, rules)
        else:
            yield shown / entry.name


def _is_ignored(path: Path, rules: list[_Rules], *, is_folder: bool) -> bool:
    verdicts = (each.verdict(path, is_folder=is_folder) for each in reversed(rules))
    return next((verdict for verdict in verdicts if verdict is not None), False)


def _rules_above(folder: Path) -> Iterator[_Rules]:
    """Yield the rules between the top of a repository and *folder*, which are none outside of one."""
    above: list[Path] = []
    for parent in folder.parents if not (folder / ".git").exists() else ():
        above.append(parent)
        if (parent / ".git").exists():
            for each in reversed(above):
                yield from _rules_of(each, set(IGNORE_FILES))
            return


def _rules_of(folder: Path, names: set[str]) -> Iterator[_Rules]:
    from pathspec import GitIgnoreSpec

    for name in IGNORE_FILES:
        if name in names:
            with suppress(OSError, ValueError):  # a folder of that name; a pattern that git does not know either
                lines = (folder / name).read_text(encoding="utf-8", errors="replace").splitlines()
                yield _Rules(folder, GitIgnoreSpec.from_lines(lines))


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
    """Put *after* in the place of *before*, in one step and with the file's mode; or raise SourceFileError.

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
    write_whole(path, after, mode=stat.S_IMODE(path.lstat().st_mode))


def write_whole(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write *content* to a new file beside *path*, then let it take its name; or raise SourceFileError."""
    name = None
    try:
        fd, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".tmp", dir=path.parent)
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(fd)
        Path(name).chmod(_usual_mode() if mode is None else mode)
        Path(name).replace(path)
        name = None
    except OSError as error:
        raise SourceFileError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        if name is not None:
            with suppress(OSError):  # what is reported is why it could not be written
                Path(name).unlink()


def _usual_mode() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


_BINARY = getattr(os, "O_BINARY", 0)
