"""The directory of this user for what outlives a program."""

from __future__ import annotations

import errno
from pathlib import Path


def state_directory() -> Path:
    """Return where it is, or raise OSError: a user without an entry in the system's list, and without HOME, has none."""
    import platformdirs

    try:
        path = platformdirs.user_state_path("otel-events", appauthor=False)
    except RuntimeError:
        path = Path("~")
    if path.parts[:1] == ("~",):  # left as it is by older versions of platformdirs
        raise OSError(errno.ENOENT, "this user has no home directory, and HOME is not set")
    return path.absolute()
