"""What the operating system tells of a directory, by watchdog."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from otel_events.watching.requirements import import_watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# (path, where it was renamed to or "", is a directory)
Notice = tuple[str, str, bool]
_FULL = {errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
_IN_CREATE, _IN_CLOEXEC = 0x100, 0o2000000


class NoRoomError(Exception):
    """The system takes no more watches of this user."""


class Notifications:
    """Calls *tell* for what happens beneath *directory*, on a thread of watchdog's.

    Raises:
        NoRoomError: the system takes no more watches, by `start`.
        OSError: the directory cannot be watched otherwise, by `start`.
    """

    def __init__(self, directory: str, tell: Callable[[Notice], None], *, recursive: bool) -> None:
        self._directory = directory
        self._tell = tell
        self._is_recursive = recursive
        self._observer: Any = None

    def start(self) -> None:
        """Begin."""
        observer = import_watchdog("observers").Observer()
        events = import_watchdog("events")
        wanted = [
            getattr(events, f"{what}{kind}Event")
            for what in ("File", "Dir")
            for kind in ("Created", "Modified", "Moved", "Deleted")
            if (what, kind) != ("Dir", "Modified")  # what is in it is told by itself
        ]
        # A directory may be told twice, and watchdog then warns with all that it watches; nothing is lost by it.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
        try:
            observer.schedule(
                _handler(events, self._tell), self._directory, recursive=self._is_recursive, event_filter=wanted
            )
            observer.start()
        except OSError as error:
            if error.errno in _FULL:
                raise NoRoomError(error.strerror or str(error)) from error
            raise
        self._observer = observer
        if not self.has_room():  # watchdog leaves out the directories for which there was none
            self.stop()
            raise NoRoomError("inotify watch limit reached")

    def has_room(self) -> bool:
        """Tell whether one more directory could be watched."""
        return has_room()

    def stop(self) -> None:
        """End, and wait until nothing more is told. May be called again."""
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            with suppress(RuntimeError):  # it ended by itself
                observer.join(2.0)

    def forget_parent(self) -> None:
        """Close, in the child of a fork, the file by which the system tells the parent: its thread is not there."""
        observer, self._observer = self._observer, None
        for inotify in _inotifies_of(observer):
            for name in ("_inotify_fd", "_kill_r", "_kill_w"):
                with suppress(OSError, AttributeError, TypeError):  # another system, or another version of watchdog
                    os.close(getattr(inotify, name))


def _inotifies_of(observer: Any) -> Iterator[Any]:
    """Return what holds the files by which the system tells *observer*; something without any on other systems."""
    yield getattr(observer, "_inotify_fd", None)  # of watchdog 7, one for all
    for emitter in getattr(observer, "emitters", ()):  # of watchdog 6, which is the last for Python 3.10
        yield getattr(getattr(emitter, "_inotify", None), "_inotify", None)


def _handler(events: Any, tell: Callable[[Notice], None]) -> Any:
    class Handler(events.FileSystemEventHandler):  # type: ignore[misc]  # imported when it is needed
        def dispatch(self, event: Any) -> None:
            target = os.fsdecode(event.dest_path) if event.dest_path else ""
            tell((os.fsdecode(event.src_path), target, event.is_directory))

    return Handler()


def has_room() -> bool:
    """Tell whether inotify takes one more watch of this user; True where there is no inotify."""
    if not sys.platform.startswith("linux"):
        return True
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "inotify_init1"):
        return True
    fd = libc.inotify_init1(_IN_CLOEXEC)
    if fd < 0:
        return True  # the instances are used up, which watchdog has told if it needed one more
    try:
        answer: int = libc.inotify_add_watch(fd, b"/", _IN_CREATE)
        return answer >= 0 or ctypes.get_errno() != errno.ENOSPC
    finally:
        os.close(fd)
