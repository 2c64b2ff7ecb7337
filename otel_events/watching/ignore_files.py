"""What .gitignore and .otel-eventsignore leave out, in each directory as git reads them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_events.watching.requirements import import_pathspec

if TYPE_CHECKING:
    from collections.abc import Iterator

# The later one of a directory has the last word.
NAMES = (".gitignore", ".otel-eventsignore")
_MOST_BYTES = 256 * 1024


class IgnoreFiles:
    """The ignore files of a watched directory, of those in it, and of those above it up to the top of the repository."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._make = import_pathspec().GitIgnoreSpec.from_lines
        self._specs: dict[str, Any] = {}
        self._states: dict[Path, tuple[int, int] | None] = {}
        self._above = self._find_above()

    def ignores(self, relative: str, *, is_directory: bool) -> bool:
        """Tell whether what is at *relative*, with `/` between its parts, is ignored, provided that its directory is not."""
        return self._decide(relative, relative + "/" if is_directory else relative)

    def is_one(self, path: str) -> bool:
        """Tell whether *path* is an ignore file."""
        return path.endswith(NAMES)

    def have_changed(self) -> bool:
        """Tell whether any of them is not what it was when it was read."""
        return any(_state(path) != state for path, state in self._states.items())

    def forget(self) -> None:
        """Read all of them again when they are needed."""
        self._specs.clear()
        self._states.clear()
        self._above = self._find_above()

    def _decide(self, relative: str, asked: str) -> bool:
        for directory, part in self._chain(relative, asked):
            spec = self._spec(directory)
            if spec is not None:
                answer: bool | None = spec.check_file(part).include
                if answer is not None:
                    return answer
        return False

    def _chain(self, relative: str, asked: str) -> Iterator[tuple[str, str]]:
        """Yield the directories whose ignore files have a say, the nearest first, and what is asked as seen from each."""
        at = relative.rfind("/")
        while at >= 0:
            yield f"{self._root}{os.sep}{relative[:at]}", asked[at + 1 :]
            at = relative.rfind("/", 0, at)
        yield self._root, asked
        for directory, prefix in self._above:
            yield directory, prefix + asked

    def _spec(self, directory: str) -> Any:
        if directory not in self._specs:
            paths = [Path(directory, name) for name in NAMES]
            self._states |= {path: _state(path) for path in paths}
            lines = [line for path in paths for line in _lines(path)]
            if os.path.isdir(os.path.join(directory, ".git")):  # False where we may not look
                lines = [*_lines(Path(directory, ".git", "info", "exclude")), *lines]
            lines = list(filter(self._is_pattern, lines))
            self._specs[directory] = self._make(lines) if lines else None
        return self._specs[directory]

    def _is_pattern(self, line: str) -> bool:
        """Tell whether *line* can be used: git passes over one that cannot, such as one that ends in a lone backslash."""
        try:
            self._make([line])
        except ValueError:
            return False
        return True

    def _find_above(self) -> list[tuple[str, str]]:
        """Return the directories above the root up to the top of its repository; none if they ignore the root itself."""
        root = Path(self._root)
        found: list[tuple[str, str]] = []
        for directory in (root, *root.parents):
            if directory != root:
                found.append((str(directory), root.relative_to(directory).as_posix() + "/"))
            if (directory / ".git").exists():
                break
        else:
            return []
        answers = (self._spec(directory) for directory, _ in found)
        is_ignored = any(
            spec is not None and spec.match_file(prefix) for spec, (_, prefix) in zip(answers, found, strict=True)
        )
        # Somebody has asked for just this directory.
        return [] if is_ignored else found


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8-sig", "replace").splitlines()
    except OSError:  # most directories have none
        return []


def _state(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:  # there is none
        return None
    return (status.st_mtime_ns, status.st_size)
