"""What people can do about a directory of spools that cannot be written."""

from __future__ import annotations

import errno

_ELSEWHERE = "or set OTEL_EVENTS_SPOOL_DIR to another directory"
_CURES = {
    errno.ENOSPC: "free space on its disk",
    getattr(errno, "EDQUOT", errno.ENOSPC): "free some of your disk quota",
    errno.EFBIG: "raise the limit of file sizes (ulimit -f)",
    errno.EACCES: f"make it writable for this user, {_ELSEWHERE}",
    errno.EPERM: f"make it this user's own, {_ELSEWHERE}",
    errno.EROFS: f"mount its file system for writing, {_ELSEWHERE}",
    errno.ENOTDIR: f"a part of its path is a file: move that away, {_ELSEWHERE}",
    errno.ELOOP: f"put a directory in place of the symbolic link, {_ELSEWHERE}",
    errno.ENOLCK: f"its file system knows no locks: {_ELSEWHERE[3:]}",
    errno.EIO: f"its disk is failing: {_ELSEWHERE[3:]}",
}


def cure_of(error: OSError) -> str:
    """Return what to do about *error*, as the end of a sentence."""
    return _CURES.get(error.errno or 0, f"see to it, {_ELSEWHERE}")
