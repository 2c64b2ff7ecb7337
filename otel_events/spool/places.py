"""Where spools are: beneath one root, in a directory for each service, destination and signal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from otel_events.lazy_pattern import lazy_pattern
from otel_events.spool.segment import read_name
from otel_events.state_directory import state_directory

_JOURNALS = ".journal"  # no service's own directory begins with a dot
_UNNAMED = "unknown_service"  # how OpenTelemetry begins the name of a service that has none
_MAX_SLUG = 64
_UNFIT = lazy_pattern(r"[^A-Za-z0-9._-]+")


def default_root() -> Path:
    """Return where the spools of this user are unless told otherwise, or raise OSError where the user has no home."""
    return state_directory() / "spool"


def spool_directory(root: Path, service: str, destination: str, signal: str, tenant: str = "") -> Path:
    """Return where *service* keeps what of *signal* waits for *destination*, as *tenant* there; that is a hash already."""
    key = f"{destination}\n{tenant}" if tenant else destination
    place = _hash(key.encode())[:16]
    return root / _slug(service) / place / signal


def journal_directory(root: Path, service: str) -> Path:
    """Return where *service* keeps events until its sinks have them.

    Of a service that nobody has named, each program has a journal of its own: they have nothing in common but that.
    """
    name = _slug(service)
    if service.startswith(_UNNAMED):
        name = f"{name}-{_short_hash(_program())}"
    return root / _JOURNALS / name


def find_spools(root: str | os.PathLike[str] | None = None) -> list[Path]:
    """Return the directory of every spool beneath *root*, None for the default; those of journals last."""
    try:
        base = default_root() if root is None else Path(root)
    except OSError:  # no home directory: nothing is there
        return []
    places = [*sorted(base.glob("*/*/*")), *sorted(base.glob(f"{_JOURNALS}/*"))]
    return [path for path in places if path.is_dir() and not path.is_symlink()]


def has_segments(directory: Path) -> bool:
    """Return whether anything was left in *directory*, as far as names tell."""
    try:
        return any(read_name(name) is not None for name in os.listdir(directory))  # noqa: PTH208  # names are enough
    except OSError:  # no such directory yet, or none that can be read: an append says what is wrong
        return False


def _slug(service: str) -> str:
    slug = _UNFIT.sub("_", service)[:_MAX_SLUG].strip(".") or "_"
    # What was changed may be like another's name.
    return slug if slug == service else f"{slug}-{_short_hash(service)}"


def _program() -> str:
    """Return what is being run: a script's path, the text behind `-c`, else the executable."""
    script: str | None = getattr(sys.modules.get("__main__"), "__file__", None)
    if script:
        return os.path.abspath(script)  # noqa: PTH100  # as it was called, so that a link to a new version stays the same
    return "\0".join(sys.orig_argv) if sys.argv[:1] == ["-c"] else sys.executable or ""


def _short_hash(text: str) -> str:
    return _hash(text.encode(errors="surrogateescape"))[:8]


def _hash(text: bytes) -> str:
    import hashlib  # with all of OpenSSL, which a program that sends nothing does without

    return hashlib.sha256(text).hexdigest()
