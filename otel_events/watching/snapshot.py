"""What the files of a watched directory were like, and what has become of them since."""

from __future__ import annotations

import os
from bisect import bisect_left
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.watching.change import Change
from otel_events.watching.content import Content
from otel_events.watching.entry import Entry, look_at, status_of
from otel_events.watching.moves import pair_moves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from otel_events.watching.scope import Scope


class Snapshot:
    """The truth about what changed: notifications only say where to look.

    So whatever an editor does in order to save a file, it is one change, a file that was only touched is none, and
    notifications that were lost are made up for by looking at everything.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._root = Path(scope.root)
        self._entries: dict[str, Entry] = {}
        self._paths: dict[tuple[int, int], str] = {}  # by the identity of the file, the last one of its names

    def take(self) -> None:
        """Take what is there now for what was there before."""
        self._entries.clear()
        self._paths.clear()
        for path in self._scope.walk(self._scope.root, []):
            if entry := look_at(path):
                self._keep(path, entry)

    def newest(self) -> Iterator[Change]:
        """Yield the files that are there, the one that was changed last first, each as a change."""
        newest = sorted(self._entries.items(), key=lambda item: item[1].modified_at, reverse=True)
        for path, entry in newest:
            yield self._change("modified", path, entry, is_initial=True)

    def __contains__(self, path: str) -> bool:
        return path in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def departing(self) -> list[str]:
        """Return the paths that look different now, or are new, or gone."""
        unreadable: list[str] = []
        there = set()
        departing = []
        for path in self._scope.walk(self._scope.root, unreadable):
            there.add(path)
            entry, status = self._entries.get(path), status_of(path)
            if entry is None or status is None or not entry.surely_holds(status):
                departing.append(path)
        closed = tuple(f"{directory}{os.sep}" for directory in unreadable)
        # What cannot be listed for now is not gone.
        departing += [path for path in self._entries if path not in there and not path.startswith(closed)]
        return departing

    def compare(self, paths: Iterable[str], renames: Iterable[tuple[str, str]] = ()) -> list[Change]:
        """Return what has become of the files at *paths* and of what is in directories among them, and remember it.

        Args:
            paths: absolute ones.
            renames: what the system says was renamed, in the order in which it was.
        """
        created: dict[str, Entry] = {}
        modified: dict[str, Entry] = {}
        deleted: dict[str, Entry] = {}
        for path in self._files_of(paths):
            before, now = self._entries.get(path), look_at(path)
            if now is None:
                if before is not None:
                    deleted[path] = self._drop(path)
                continue
            if before is None:
                created[path] = now
                # Of a rename the system may tell one end long before the other.
                if (source := self._paths.get(now.identity)) and status_of(source) is None:
                    deleted[source] = self._drop(source)
            elif not before.says_the_same(now):
                modified[path] = now
            self._keep(path, now)
        moves = pair_moves(created, deleted, modified.keys(), renames)
        return self._changes(created, modified, deleted, moves)

    def obey_ignore_files(self) -> None:
        """Forget what is ignored from now on, and take what is not ignored any more as it is: neither has changed."""
        self._scope.read_anew()
        covered = set(self._scope.walk(self._scope.root, []))
        for path in self._entries.keys() - covered:
            self._drop(path)
        for path in covered - self._entries.keys():
            if entry := look_at(path):
                self._keep(path, entry)

    def _keep(self, path: str, entry: Entry) -> None:
        if path in self._entries:
            self._drop(path)
        self._entries[path] = entry
        self._paths[entry.identity] = path

    def _drop(self, path: str) -> Entry:
        entry = self._entries.pop(path)
        if self._paths.get(entry.identity) == path:
            del self._paths[entry.identity]
        return entry

    def _files_of(self, paths: Iterable[str]) -> Iterator[str]:
        seen: set[str] = set()
        known: list[str] = []
        for path in paths:
            if path in seen:
                continue
            seen.add(path)
            if path in self._entries:
                yield path
            elif not self._scope.reaches(path):
                continue
            elif os.path.isdir(path) and not os.path.islink(path):  # strings: there are many
                yield from self._files_in(path, seen)
            elif os.path.lexists(path):
                if self._scope.covers(path):
                    yield path
            else:
                known = known or sorted(self._entries)
                yield from _known_in(path, known, seen)

    def _files_in(self, directory: str, seen: set[str]) -> Iterator[str]:
        if not self._scope.enters(directory):
            return
        unreadable: list[str] = []
        for path in self._scope.walk(directory, unreadable):
            if path not in seen:
                seen.add(path)
                yield path
        if not unreadable:
            yield from _known_in(directory, sorted(self._entries), seen)

    def _changes(
        self,
        created: dict[str, Entry],
        modified: dict[str, Entry],
        deleted: dict[str, Entry],
        moves: dict[str, str],
    ) -> list[Change]:
        sources = set(moves.values())
        changes = [
            *(self._change("moved", path, self._entries[path], source=source) for path, source in moves.items()),
            *(self._change("created", path, entry) for path, entry in created.items() if path not in moves),
            *(self._change("modified", path, entry) for path, entry in modified.items() if path not in moves),
            *(Change("deleted", Path(path), self._root) for path in deleted if path not in sources),
        ]
        # A file that was deleted has no time of its own: it is told first, so that what replaces it comes after it.
        changes.sort(key=lambda change: change.modified_at or 0)
        return changes

    def _change(
        self, kind: str, path: str, entry: Entry, *, source: str | None = None, is_initial: bool = False
    ) -> Change:
        return Change(
            kind,  # type: ignore[arg-type]  # one of four
            Path(path),
            self._root,
            None if source is None else Path(source),
            entry.size,
            entry.modified_at,
            Content(Path(path)),
            is_initial,
        )


def _known_in(directory: str, known: list[str], seen: set[str]) -> list[str]:
    """Return the paths among the sorted *known* that are in *directory* and not *seen* yet; they are then."""
    beginning = f"{directory.rstrip(os.sep)}{os.sep}"
    start = bisect_left(known, beginning)
    found = list(takewhile(lambda path: path.startswith(beginning), islice(known, start, None)))
    fresh = [path for path in found if path not in seen]
    seen.update(fresh)
    return fresh
