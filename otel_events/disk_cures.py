"""What people can do about a place on disk that cannot be written."""

from __future__ import annotations

import errno

# `{}` is how to choose another place.
_CURES = {
    errno.ENOSPC: "free space on its disk",
    getattr(errno, "EDQUOT", errno.ENOSPC): "free some of your disk quota",
    errno.EFBIG: "raise the limit of file sizes (ulimit -f)",
    errno.EACCES: "make it writable for this user, or {}",
    errno.EPERM: "make it this user's own, or {}",
    errno.EROFS: "mount its file system for writing, or {}",
    errno.ENOTDIR: "a part of its path is a file, not a folder: move that away, or {}",
    errno.EISDIR: "it is a folder: {}",
    errno.ELOOP: "put what it leads to in place of the symbolic link, or {}",
    errno.ENOLCK: "its file system knows no locks: {}",
    errno.EIO: "its disk is failing: {}",
}


def cure_of(error: OSError, elsewhere: str) -> str:
    """Return what to do about *error*, as the end of a sentence; *elsewhere* is how to choose another place."""
    return _CURES.get(error.errno or 0, "see to its disk, or {}").format(elsewhere)
