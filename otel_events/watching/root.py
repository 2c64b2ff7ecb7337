"""One watched path: whether it is there, how it is watched, and what has changed beneath it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_events.watching.notifications import NoRoomError, Notice, Notifications
from otel_events.watching.pending import Pending
from otel_events.watching.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.watching.change import Change
    from otel_events.watching.scope import Scope

    Observe = Callable[..., Notifications]

_MOST_CURES = "raise fs.inotify.max_user_watches (as root: sysctl fs.inotify.max_user_watches=524288)"
NO_ROOM_CURE = f"{_MOST_CURES}, or choose polling, which is used until then"
GONE_CURE = "make it again, or mount it: it is then watched as before"
REFUSED_CURE = "choose polling, which is used until then"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps a directory from being watched as it should be; nothing in *reason*: it is watched again."""

    directory: str
    reason: str = ""
    cure: str = ""


class Root:
    """One watched directory, or the directory of one watched file.

    Args:
        scope: which files in it are watched.
        tell: takes what the system tells, on any thread.
        debounce: seconds for which a file has to be left alone.
        polling: look again and again, and do not ask to be told.
        observe: makes the notifications.
    """

    def __init__(
        self,
        scope: Scope,
        tell: Callable[[Root, Notice], None],
        *,
        debounce: float,
        polling: bool,
        observe: Observe = Notifications,
    ) -> None:
        self.directory = scope.root
        self.pending = Pending(debounce)
        self.snapshot = Snapshot(scope)
        self.is_polled = polling
        self.is_there = True
        self._wants_polling = polling
        self._scope = scope
        self._tell = tell
        self._observe = observe
        self._notifications: Notifications | None = None
        self._identity: tuple[int, int] | None = None
        self._bare: tuple[int, int] | None = None  # the empty directory that is left where something was mounted
        self._had_no_room = False

    def open(self) -> Trouble | None:
        """Begin: what is there now has not changed. Return what is in the way."""
        trouble = self._attach()
        if self.is_there:
            self.snapshot.take()
        return trouble

    def close(self) -> None:
        """End."""
        self._detach()

    def forget_parent(self) -> None:
        """Let go of what the parent of a fork is told by."""
        if self._notifications is not None:
            self._notifications.forget_parent()

    def notice(self, notice: Notice, now: float) -> None:
        """Take what the system told at *now*."""
        path, target, _ = notice
        if target:
            self.pending.rename(path, target, now)
        elif path != self.directory:
            self.pending.mark(path, now)
        elif sys.platform.startswith("linux"):
            self._identity = (
                None  # it was deleted: what stands there by now may have its number, and nobody tells of it
            )

    def is_foreign(self, notice: Notice) -> bool:
        """Tell whether nothing of what *notice* tells is watched, at little cost."""
        path, target, is_directory = notice
        return not (self._may_matter(path, is_directory) or (target and self._may_matter(target, is_directory)))

    def poll(self, now: float) -> None:
        """Look at everything beneath it, and mark what is different."""
        for path in self.snapshot.departing():
            if path not in self.pending:
                self.pending.mark(path, now)

    def settle(self, now: float, allowance: float) -> list[Change]:
        """Return what has changed and come to rest."""
        due = self.pending.take(now, allowance)
        if due is None:
            return []
        if not self.is_as_before():
            for path in due.paths:  # perhaps for a moment; if it is gone, `check` forgets them
                self.pending.mark(path, now)
            return []
        paths = due.paths
        if due.is_storm:
            paths += tuple(self.snapshot.departing())
        elif self.is_polled and not all(map(os.path.lexists, paths)):
            # Nobody tells where a file went: it may have another name since we looked last.
            paths += tuple(path for path in self.snapshot.departing() if path not in self.snapshot)
        return self._compare(paths, due.renames)

    def settle_all(self) -> list[Change]:
        """Return all that has changed, at rest or not."""
        if not self.is_as_before():
            return []
        due = self.pending.take_all()
        return self._compare((*due.paths, *self.snapshot.departing()), due.renames)

    def is_as_before(self) -> bool:
        """Tell whether the directory is there, and the one that is being watched."""
        return self.is_there and _identity(self.directory) == self._identity

    def check(self, now: float, *, probes_room: bool) -> Trouble | None:
        """Look whether the directory is gone or back, or the system's room used up; return what is new about that."""
        identity = _identity(self.directory)
        if identity is None or identity == self._bare:
            return self._lose() if self.is_there else None
        if not self.is_there:
            return self._begin_again(now) or Trouble(self.directory)
        if identity != self._identity:
            if self._is_bare(identity):
                self._bare = identity
                return self._lose("what was mounted there is gone")
            return self._begin_again(now)
        if probes_room and self._notifications is not None and not self._notifications.has_room():
            self._detach()
            self.poll(now)
            return self._fall_back("the system's notifications are used up (inotify watch limit reached)", NO_ROOM_CURE)
        return None

    def _may_matter(self, path: str, is_directory: bool) -> bool:
        if path == self.directory:
            return True
        # Windows does not tell what a thing was that is gone.
        is_anything = is_directory or (os.name == "nt" and not os.path.lexists(path))
        return self._scope.reaches(path) and (
            is_anything or self._scope.covers(path) or self._scope.is_ignore_file(path)
        )

    def _is_bare(self, identity: tuple[int, int]) -> bool:
        """Tell whether *identity* is what is left where something was mounted."""
        if self._identity is None or identity[0] == self._identity[0]:
            return False
        try:
            return not os.listdir(self.directory)
        except OSError:
            return True

    def _begin_again(self, now: float) -> Trouble | None:
        self._detach()
        trouble = self._attach()
        self.poll(now)
        return trouble

    def _compare(self, paths: tuple[str, ...], renames: tuple[tuple[str, str], ...]) -> list[Change]:
        changes = self.snapshot.compare(paths, renames)
        # Afterwards: what changed in the same moment is a change by what held until then.
        if (self.is_polled or any(map(self._scope.is_ignore_file, paths))) and self._scope.has_other_ignore_files():
            self.snapshot.obey_ignore_files()
        return changes

    def _lose(self, reason: str = "the watched directory is gone") -> Trouble:
        # Its files are not deleted one by one: perhaps it is only not mounted.
        self._detach()
        self.pending.take_all()
        self.is_there = False
        return Trouble(self.directory, reason, GONE_CURE)

    def _attach(self) -> Trouble | None:
        self._identity = _identity(self.directory)
        self.is_there = self._identity is not None
        self.is_polled = self._wants_polling
        if not self.is_there:
            return Trouble(self.directory, "the watched directory is gone", GONE_CURE)
        if self.is_polled:
            return None
        notifications = self._observe(self.directory, self._on_notice, recursive=not self._scope.is_of_single_files)
        try:
            notifications.start()
        except NoRoomError as error:
            return self._fall_back(f"the system's notifications are used up ({error})", NO_ROOM_CURE)
        except OSError as error:
            return self._fall_back(f"the system does not tell of its changes ({error})", REFUSED_CURE)
        self._notifications = notifications
        return None

    def _fall_back(self, reason: str, cure: str) -> Trouble | None:
        self.is_polled = True
        if self._had_no_room:  # told once
            return None
        self._had_no_room = True
        return Trouble(self.directory, reason, cure)

    def _detach(self) -> None:
        notifications, self._notifications = self._notifications, None
        if notifications is not None:
            notifications.stop()

    def _on_notice(self, notice: Notice) -> None:
        self._tell(self, notice)


def _identity(directory: str) -> tuple[int, int] | None:
    try:
        status = os.stat(directory)
    except OSError:
        return None
    return (status.st_dev, status.st_ino)
