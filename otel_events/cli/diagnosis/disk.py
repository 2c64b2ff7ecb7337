"""Whether spool and ledger can be written, and what is in them."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from otel_events import spool
from otel_events.cli.diagnosis.finding import Finding, Situation
from otel_events.cli.diagnosis.message_sinks import message_sinks
from otel_events.file_lock import take_lock
from otel_events.ledger.rotate import list_rotated
from otel_events.reading.texts import count_of
from otel_events.sinks.ledger import default_path
from otel_events.spool.places import default_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.cli.diagnosis.finding import Level
    from otel_events.spool import SpoolInfo

_SPOOL, _LEDGER = "spool", "ledger"
_LITTLE_SPACE = 64 << 20
_NEARLY_FULL = 0.8
_TAIL = 1 << 16
_SPOOL_CURE = "make it writable for this user, or set OTEL_EVENTS_SPOOL_DIR to a directory that is"
_LEDGER_CURE = "make it writable for this user, or set OTEL_EVENTS_LEDGER_PATH to a file that is"


def check_spool(situation: Situation) -> Iterator[Finding]:
    """Yield whether events can wait on disk, and what waits there."""
    settings = situation.settings
    is_used = settings.logs is not None or settings.traces is not None or bool(message_sinks(settings))
    try:
        root = default_root() if settings.spool_dir is None else Path(settings.spool_dir)
    except OSError as error:
        level: Level = "error" if is_used else "note"
        yield Finding(_SPOOL, level, f"there is no place for what waits: {error.strerror}", _SPOOL_CURE)
        return
    if settings.durability == "memory" and is_used:
        text = "durability is 'memory': a kill or an exit while the receiver is away loses what waits"
        yield Finding(_SPOOL, "warning", text, "unset OTEL_EVENTS_DURABILITY, or say async, journal or sync")
    problem = _directory_problem(root)
    if problem:
        meaning = "events cannot wait on disk while the receiver is away, only in memory" if is_used else "not used now"
        yield Finding(
            _SPOOL, "error" if is_used else "note", f"{root} cannot be used: {problem}; {meaning}", _SPOOL_CURE
        )
        return
    yield Finding(_SPOOL, "ok", f"{root} can be written" + ("" if is_used else " (not used: nothing is sent)"))
    yield from _check_space(root)
    try:
        spools = spool.list_spools(root)
    except OSError as error:
        yield Finding(_SPOOL, "error", f"{error.filename or root} cannot be read: {error.strerror}", _SPOOL_CURE)
        return
    for info in spools:
        yield from _check_one(info, settings.spool_max_bytes)


def check_ledger(situation: Situation) -> Iterator[Finding]:
    """Yield whether the ledger can be written, and how it stands."""
    settings = situation.settings
    if settings.ledger is False:
        yield Finding(_LEDGER, "note", "no ledger is kept")
        return
    is_given = isinstance(settings.ledger, str)
    is_used = is_given or not (settings.destination.wants_otlp_logs or settings.destination.logs_none)
    try:
        path = Path(settings.ledger) if isinstance(settings.ledger, str) else default_path()
    except OSError as error:
        yield Finding(_LEDGER, "error" if is_used else "note", f"there is no ledger: {error.strerror}", _LEDGER_CURE)
        return
    problem = _file_problem(path, may_be_link=is_given)
    if problem:
        level: Level = "error" if is_used else "note"
        meaning = "events cannot be kept there" if is_used else "not used now"
        yield Finding(_LEDGER, level, f"{path} cannot be written: {problem}; {meaning}", _LEDGER_CURE)
        return
    use = "" if is_used else " (not used: events are sent)"
    if not path.exists():
        yield Finding(_LEDGER, "ok", f"{path} can be made{use}")
        return
    rotated = list_rotated(path)
    more = f" and {len(rotated)} rotated file{'s' * (len(rotated) != 1)}" if rotated else ""
    yield Finding(_LEDGER, "ok", f"{path} can be written{use}: {path.stat().st_size:,} bytes{more}")
    if not _ends_whole(path):
        yield Finding(
            _LEDGER, "note", "its last line is torn, as a kill leaves it; readers pass it over, writers close it"
        )


def _waiting(info: SpoolInfo) -> str:
    return f"{count_of(info.records, 'record')} waiting"


def _check_one(info: SpoolInfo, cap: int) -> Iterator[Finding]:
    whose = f"{info.service or info.path} {info.signal}"
    if info.records and not info.living:
        where = f"for {info.destination}" if info.destination else "for the sinks of its service"
        text = f"{whose}: {_waiting(info)} {where}; no process of that service runs"
        is_journal = info.signal == "journal"
        advice = (
            "run a program of that service"
            if is_journal
            else f"`otel-events spool drain {shlex.quote(info.service or str(info.path))}`"
        )
        yield Finding(_SPOOL, "warning", text, advice)
    elif info.records:
        yield Finding(_SPOOL, "note", f"{whose}: {_waiting(info)}, which a running process sends")
    if info.bytes > _NEARLY_FULL * cap:
        text = f"{whose}: {info.bytes:,} of at most {cap:,} bytes are used; at the cap the oldest are dropped"
        yield Finding(_SPOOL, "warning", text, "see to the receiver, or raise OTEL_EVENTS_SPOOL_MAX_BYTES")
    if info.rejected:
        text = f"{whose}: {info.rejected} requests were refused and are in quarantine"
        yield Finding(_SPOOL, "warning", text, "`otel-events spool quarantine` says why")
    if info.unreadable:
        text = f"{whose}: {len(info.unreadable)} files could not be read whole, such as {info.unreadable[0]}"
        yield Finding(_SPOOL, "warning", text, "the disk may be failing; what could be read was sent")


def _check_space(root: Path) -> Iterator[Finding]:
    with suppress(OSError):
        free = shutil.disk_usage(_nearest(root)).free
        if free < _LITTLE_SPACE:
            text = f"only {free / (1 << 20):,.0f} MiB are free where {root} is"
            yield Finding(_SPOOL, "warning", text, "free space, or set OTEL_EVENTS_SPOOL_DIR to another disk")


def _directory_problem(directory: Path) -> str:
    """Return why files cannot be made and locked in *directory*; empty if they can. Leaves nothing behind."""
    try:
        status = directory.lstat()
    except FileNotFoundError:
        return _parent_problem(directory)
    except OSError as error:
        return error.strerror or str(error)
    if stat.S_ISLNK(status.st_mode):
        return "it is a symbolic link, which a spool does not follow"
    if not stat.S_ISDIR(status.st_mode):
        return "it is not a directory"
    if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        return "it belongs to another user"
    trial = directory / f".doctor-{secrets.token_hex(6)}"
    try:
        lock = take_lock(str(trial))
        if lock is not None:
            lock.let_go(delete=True)
        trial.unlink(missing_ok=True)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _file_problem(path: Path, *, may_be_link: bool) -> str:
    """Return why *path* cannot be appended to; empty if it can."""
    if path.is_symlink() and not may_be_link:
        return "it is a symbolic link, which the user's own ledger must not be"
    try:
        status = path.stat()
    except FileNotFoundError:
        return _parent_problem(path)
    except OSError as error:
        return error.strerror or str(error)
    if stat.S_ISDIR(status.st_mode):
        return "it is a directory"
    return "" if os.access(path, os.R_OK | os.W_OK) else "this user may not write it"


def _parent_problem(path: Path) -> str:
    parent = _nearest(path)
    if not parent.is_dir():
        return f"{parent} is not a directory"
    return "" if os.access(parent, os.W_OK | os.X_OK) else f"it is not there, and {parent} cannot be written"


def _nearest(path: Path) -> Path:
    """Return *path*, or what is nearest above it and exists."""
    path = path.absolute()
    while not os.path.lexists(path) and path != path.parent:
        path = path.parent
    return path


def _ends_whole(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            return not size or file.read().endswith(b"\n")
    except OSError:
        return True
