"""What the system knows of this process: memory and context switches."""

from __future__ import annotations

import os
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


class NotKnownError(RuntimeError):
    """This system does not tell."""


def resident_bytes() -> int:
    """Return the memory that this process holds, or raise NotKnownError where there is no /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError as error:
        raise NotKnownError("memory is read from /proc, which this system does not have") from error
    return pages * os.sysconf("SC_PAGE_SIZE")


def voluntary_switches() -> int:
    """Return how often threads of this process have gone to sleep so far, or raise NotKnownError."""
    if resource is None:
        raise NotKnownError("context switches are not known on this system")
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
