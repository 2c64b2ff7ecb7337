"""A folder in which envelopes wait for the collector, one file of JSON each."""

from __future__ import annotations

import errno
import json
import os
import secrets
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.compat.silent import count
from otel_events.file_lock import take_lock
from otel_events.files import make_private_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_FILES = 10_000
_LOCK = ".lock"
_LARGEST = 1 << 20  # bytes; an envelope has 64 KB at most
_NOT_OURS = frozenset({errno.EPERM, errno.EACCES, errno.ELOOP, errno.ENOTDIR, errno.EROFS})


class JsonSpool:
    """Files that any process of this user may adopt; one of them at a time does.

    Args:
        folder: for this user alone: another's, or a link, is not used.
        instead: gives the one that is used then, or raises OSError. Without one every method that writes raises OSError.
    """

    def __init__(self, folder: str | os.PathLike[str], instead: Callable[[], Path] | None = None) -> None:
        self._folder = Path(folder).absolute()
        self._instead = instead

    @property
    def folder(self) -> Path:
        """Where they wait."""
        return self._folder

    def add(self, body: bytes) -> int:
        """Keep *body*; return how many of the oldest had to go for it. Or raise OSError."""
        self._ready()
        name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}"
        part = self._folder / f"{name}.part"
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(body)
            # Whoever reads it never sees half of it.
            part.replace(part.with_suffix(".json"))
        except OSError:  # a full disk, on which half a file must not stay
            part.unlink(missing_ok=True)
            raise
        return self._drop_beyond()

    def has_any(self) -> bool:
        """Tell whether anything waits."""
        if self._instead is not None and os.path.lexists(self._folder):
            with suppress(OSError):  # told when something has to wait
                self._ready()
        return bool(self._files())

    @contextmanager
    def adopt(self) -> Iterator[Iterator[tuple[Path, bytes]]]:
        """Yield what waits, oldest first, with its file, which whoever delivers it deletes; nothing if another has it."""
        lock = None
        try:
            if self._files():
                self._ready()  # what others put there is not for us to send
                lock = take_lock(str(self._folder / _LOCK)) if self._files() else None
        except OSError:  # somebody else's folder
            count("compat_spool_failed")
        try:
            yield self._bodies() if lock is not None else iter(())
        finally:
            if lock is not None:
                lock.let_go(delete=False)

    def _ready(self) -> None:
        """Have a folder that is this user's alone, or raise OSError."""
        try:
            make_private_directory(self._folder, self._folder)
        except OSError as error:
            if self._instead is None or error.errno not in _NOT_OURS:
                raise
            other, self._instead = self._instead(), None
            make_private_directory(other, other)
            self._folder = other

    def _bodies(self) -> Iterator[tuple[Path, bytes]]:
        for path in self._files():
            try:
                body = path.read_bytes() if path.stat().st_size <= _LARGEST else b""
                is_envelope = isinstance(json.loads(body or b"0"), dict)
            except OSError:  # another has delivered it
                continue
            except ValueError:
                is_envelope = False
            if is_envelope:
                yield path, body
            else:  # for a person to look at, and out of the way
                count("compat_spool_unreadable")
                path.replace(path.with_suffix(".unreadable"))

    def _files(self) -> list[Path]:
        try:
            entries = [Path(entry.path) for entry in os.scandir(self._folder) if entry.is_file(follow_symlinks=False)]
        except OSError:  # there is no such folder, so nothing waits
            return []
        return sorted(path for path in entries if path.suffix == ".json")

    def _drop_beyond(self) -> int:
        # Rarely: to count what waits costs as much as there is.
        if secrets.randbelow(100):
            return 0
        oldest = self._files()[:-MAX_FILES]
        for path in oldest:
            path.unlink(missing_ok=True)
        return len(oldest)
