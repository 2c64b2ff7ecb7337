"""Files of others, opened to be read: never through a link, never waiting for the other end of a pipe."""

from __future__ import annotations

import errno
import os
import stat
from typing import IO

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    # Who may put a link into a watched directory must not have us read what only we may read.
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
)


def open_plain(path: str) -> IO[bytes]:
    """Open the regular file at *path*, or raise OSError."""
    if not hasattr(os, "O_NOFOLLOW") and os.path.islink(path):  # strings: there are many
        raise OSError(errno.ELOOP, "it is a symbolic link", path)
    fd = os.open(path, _FLAGS)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "it is not a regular file", path)
    return os.fdopen(fd, "rb", buffering=0)
