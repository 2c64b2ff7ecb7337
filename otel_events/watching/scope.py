"""Which files beneath a watched directory are watched."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from otel_events.watching.ignore_files import IgnoreFiles
from otel_events.watching.requirements import import_pathspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# What version control, editors and systems put beside the files that people mean.
NEVER = (".git/", ".hg/", ".svn/", ".jj/", "__pycache__/", ".DS_Store", "Thumbs.db", "desktop.ini")
EDITORS = ("*~", ".*.sw?", "4913", ".#*", "\\#*#", ".~lock.*#", "~$*", "*.kate-swp", ".goutputstream-*", "*.crswap")
_MOST_REMEMBERED = 65_536


class Scope:
    """Answers for one directory.

    Args:
        root: the directory, absolute.
        include: globs as in .gitignore; empty for every file.
        exclude: more globs; `!` takes one back.
        ignore_files: ask .gitignore and .otel-eventsignore too.
        is_own: tells files that this program writes itself, by their path.
        only: the single files to be watched, by their names in *root*; empty for all that is beneath.
    """

    def __init__(
        self,
        root: str,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        *,
        ignore_files: bool = True,
        is_own: Callable[[str], bool] = lambda _: False,
        only: Iterable[str] = (),
    ) -> None:
        make = import_pathspec().GitIgnoreSpec.from_lines
        self.root = root
        self._beginning = root.rstrip(os.sep) + os.sep
        self._start = len(self._beginning)
        self._only = frozenset(os.path.join(root, name) for name in only)  # strings: there are many
        include = tuple(include)
        self._include = make(include) if include else None
        self._exclude = make([*NEVER, *EDITORS, *exclude])
        self._ignore_files = IgnoreFiles(root) if ignore_files and not self._only else None
        self._is_own = is_own
        self._entered: dict[str, bool] = {}
        self._covered: dict[str, bool] = {}

    @property
    def is_of_single_files(self) -> bool:
        """Tell whether single files are watched, and not a directory."""
        return bool(self._only)

    def contains(self, other: Scope) -> bool:
        """Tell whether all that *other* may watch is watched here as well."""
        return not self._only and (other.root == self.root or self.reaches(other.root + os.sep))

    def covers(self, path: str) -> bool:
        """Tell whether the file at *path* is watched, provided that the directories that it is in are."""
        return self._remember(self._covered, path, self._decide_on_file)

    def enters(self, directory: str) -> bool:
        """Tell whether files in *directory* may be watched, provided that the directories that it is in are."""
        return directory == self.root or self._remember(self._entered, directory, self._decide_on_directory)

    def reaches(self, path: str) -> bool:
        """Tell whether every directory between the root and *path* is entered."""
        if not path.startswith(self._beginning):
            return False
        at = path.find(os.sep, self._start)
        while at >= 0:
            if not self.enters(path[:at]):
                return False
            at = path.find(os.sep, at + 1)
        return True

    def is_ignore_file(self, path: str) -> bool:
        """Tell whether *path* is a file that says what to ignore."""
        return self._ignore_files is not None and self._ignore_files.is_one(path)

    def has_other_ignore_files(self) -> bool:
        """Tell whether an ignore file is not what it was when it was read."""
        return self._ignore_files is not None and self._ignore_files.have_changed()

    def read_anew(self) -> None:
        """Forget what the ignore files said, for one of them has changed."""
        self._entered.clear()
        self._covered.clear()
        if self._ignore_files is not None:
            self._ignore_files.forget()

    def walk(self, top: str, unreadable: list[str]) -> Iterator[str]:
        """Yield the watched files beneath *top*; what cannot be listed goes into *unreadable*."""
        waiting = [top]
        while waiting:
            directory = waiting.pop()
            try:
                with os.scandir(directory) as found:
                    entries = list(found)
            except (FileNotFoundError, NotADirectoryError):
                continue  # gone meanwhile
            except OSError:
                unreadable.append(directory)
                continue
            for entry in entries:
                if _is_directory(entry):
                    if self.enters(entry.path):
                        waiting.append(entry.path)
                elif self.covers(entry.path):
                    yield entry.path

    def _remember(self, known: dict[str, bool], path: str, decide: Callable[[str], bool]) -> bool:
        answer = known.get(path)
        if answer is None:
            if len(known) >= _MOST_REMEMBERED:
                known.clear()
            answer = known[path] = decide(path)
        return answer

    def _decide_on_file(self, path: str) -> bool:
        if self._only:
            return path in self._only
        relative = self._relative(path)
        if self._exclude.match_file(relative) or self._is_own(path):
            return False
        if self._ignore_files is not None and self._ignore_files.ignores(relative, is_directory=False):
            return False
        return self._include is None or bool(self._include.match_file(relative))

    def _decide_on_directory(self, directory: str) -> bool:
        if self._only:
            return False
        relative = self._relative(directory)
        if self._exclude.match_file(relative + "/"):
            return False
        return self._ignore_files is None or not self._ignore_files.ignores(relative, is_directory=True)

    def _relative(self, path: str) -> str:
        relative = path[self._start :]
        return relative if os.sep == "/" else relative.replace(os.sep, "/")


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False) and not _is_junction(entry)
    except OSError:  # gone meanwhile
        return False


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Tell whether it is Windows' other kind of link, which may lead round in a circle."""
    if os.name != "nt":
        return False
    attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0)
    return bool(attributes & getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0x400))
