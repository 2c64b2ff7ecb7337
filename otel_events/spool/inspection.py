"""Looking at spools from outside, sending what is left in them, deleting them."""

from __future__ import annotations

import json
import math
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from otel_events.errors import OtelEventsError
from otel_events.files import OwnedFile
from otel_events.spool.claim import is_living
from otel_events.spool.disk import DiskSpool
from otel_events.spool.own import ABOUT
from otel_events.spool.places import find_spools
from otel_events.spool.rejected import QUARANTINE, read_rejected_name
from otel_events.spool.segment import read_lock_name, read_name, scan

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.accounting import Accounts
    from otel_events.notices import Notices
    from otel_events.spool.queue import Batch, Encoding


_T = TypeVar("_T", str, int, float)


class SpoolInUseError(OtelEventsError):
    """A living process uses the spool."""


class JournalError(OtelEventsError):
    """A journal cannot be drained: its events have not passed the sinks of their service."""


@dataclass(frozen=True, slots=True)
class SpoolInfo:
    """What is in a spool, at one moment.

    Attributes:
        path: its directory.
        service: whose it is; empty if that is not known. *signal* and *destination* likewise.
        signal: `logs` or `traces`; `journal` for events that no sink has yet.
        destination: the address.
        batches: requests that wait.
        records: log records or spans that wait.
        bytes: what the segments take on disk.
        living: writers that are running.
        dead: writers that have left something to send.
        unreadable: segments of which something could not be read, now or when they were set aside.
        rejected: requests in quarantine.
    """

    path: Path
    service: str
    signal: str
    destination: str
    batches: int
    records: int
    bytes: int
    living: int
    dead: int
    unreadable: tuple[Path, ...]
    rejected: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A request that its destination would not take: *path* holds it as it was posted."""

    path: Path
    time: float
    cause: str
    reason: str
    records: int


def list_spools(root: str | os.PathLike[str] | None = None) -> list[SpoolInfo]:
    """Return every spool beneath *root*, None for the user's state directory."""
    return [inspect(path) for path in find_spools(root)]


def inspect(path: str | os.PathLike[str]) -> SpoolInfo:
    """Return what is in the spool at *path*. Changes nothing; living writers go on meanwhile."""
    directory = Path(path)
    about = _read_json(directory / ABOUT)
    segments = [entry for entry in _entries(directory) if read_name(entry.name) is not None]
    unreadable = [entry for entry in _entries(directory) if entry.name.endswith(".spool.bad")]
    batches = records = size = 0
    for segment in segments:
        try:
            data = _read(segment)
        except OSError:
            unreadable.append(segment)
            continue
        found = scan(data)
        size += len(data)
        batches += len(found.waiting)
        records += sum(batch.records for batch in found.waiting)
        if found.is_damaged or found.is_newer:
            unreadable.append(segment)
    living, dead = _count_writers(directory, segments)
    return SpoolInfo(
        path=directory,
        service=_get(about, "service", ""),
        signal=_get(about, "signal", ""),
        destination=_get(about, "destination", ""),
        batches=batches,
        records=records,
        bytes=size,
        living=living,
        dead=dead,
        unreadable=tuple(unreadable),
        rejected=len(quarantine(directory)),
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A batch will never be taken: it is to go to quarantine.

    Attributes:
        cause: what its records count as.
        reason: in the receiver's words.
    """

    cause: str
    reason: str


def drain(
    path: str | os.PathLike[str], deliver: Callable[[Batch], bool | Refusal], *, accounts: Accounts, notices: Notices
) -> tuple[int, int]:
    """Hand what dead writers have left at *path* to *deliver*, until that says False; return records delivered and left.

    What living writers have there is theirs to send. Whatever *deliver* took is not sent again. Nothing is too old. A batch
    of which it says Refusal goes to quarantine, and counts as dropped; if it cannot be kept there, it stays and all ends.

    Raises:
        JournalError: it is a journal: what is in it is no request yet.
    """
    if inspect(path).signal == "journal":
        raise JournalError(f"{path} is a journal: any program of its service delivers it, once `configure` has run")
    spool = DiskSpool(
        path, signal="", destination="", writer_id="drain", accounts=accounts, notices=notices, max_age=math.inf
    )
    delivered = 0
    try:
        while (batch := spool.take(0)) is not None:
            verdict = deliver(batch)
            if isinstance(verdict, Refusal):
                if not spool.quarantine(batch, verdict.cause, verdict.reason, must_be_kept=True):
                    break
                continue
            if not verdict:
                break
            spool.release(batch)
            delivered += batch.records
    finally:
        spool.close()
    return delivered, inspect(path).records


def quarantine(path: str | os.PathLike[str]) -> list[Rejected]:
    """Return the requests that are kept in quarantine in the spool at *path*."""
    found = []
    for entry in _entries(Path(path) / QUARANTINE):
        note, is_request = read_rejected_name(entry.name) or ("", False)
        if is_request:
            about = _read_json(entry.with_name(note))
            found.append(
                Rejected(
                    path=entry,
                    time=_get(about, "time", 0.0),
                    cause=_get(about, "cause", ""),
                    reason=_get(about, "reason", ""),
                    records=_get(about, "records", 0),
                )
            )
    return found


def resend(path: str | os.PathLike[str], deliver: Callable[[Rejected, bytes, Encoding], bool | None]) -> int:
    """Give each request in quarantine in the spool at *path* to *deliver*; delete those that it says were taken.

    Args:
        path: the spool's directory.
        deliver: returns True for what was taken, False for what was not, None to stop there.

    Returns:
        How many requests are still there.

    Raises:
        OSError: one cannot be read, or deleted.
    """
    waiting = quarantine(path)
    left = len(waiting)
    for rejected in waiting:
        is_taken = deliver(rejected, _read(rejected.path), "gzip" if rejected.path.suffix == ".gz" else None)
        if is_taken is None:
            break
        if is_taken:
            note, _ = read_rejected_name(rejected.path.name) or ("", False)
            rejected.path.unlink(missing_ok=True)
            rejected.path.with_name(note).unlink(missing_ok=True)
            left -= 1
    return left


def delete(path: str | os.PathLike[str]) -> int:
    """Delete all of ours in the spool at *path*, sent or not, and the directory if nothing else is in it.

    Returns:
        The number of records that were waiting to be sent.

    Raises:
        SpoolInUseError: a living process uses it.
    """
    info = inspect(path)
    if info.living:
        raise SpoolInUseError(f"{path} is used by {info.living} running processes: end them first")
    rejected = info.path / QUARANTINE
    ours = [entry for entry in _entries(info.path) if _is_ours(entry.name)]
    ours += [entry for entry in _entries(rejected) if read_rejected_name(entry.name) is not None]
    for entry in ours:
        if entry.is_file() and not entry.is_symlink():
            with suppress(FileNotFoundError):
                entry.unlink()
    for directory in (rejected, info.path):
        with suppress(OSError):  # not there, or somebody else's files are in it
            directory.rmdir()
    return info.records


def _count_writers(directory: Path, segments: list[Path]) -> tuple[int, int]:
    named = {token for entry in _entries(directory) if (token := read_lock_name(entry.name)) is not None}
    living = {token for token in named if is_living(directory, token)}
    left = {name[1] for entry in segments if (name := read_name(entry.name)) is not None}
    return len(living), len(left - living)


def _is_ours(name: str) -> bool:
    is_segment = read_name(name.removesuffix(".bad")) is not None
    return is_segment or read_lock_name(name) is not None or name == ABOUT


def _entries(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _read(path: Path) -> bytes:
    file = OwnedFile(str(path), os.O_RDONLY)
    try:
        with os.fdopen(file.fd, "rb", closefd=False) as stream:
            return stream.read()
    finally:
        file.close()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        about = json.loads(_read(path))
    except (OSError, ValueError, RecursionError):  # cut short by a kill, or not there, or odd: it only names things
        return {}
    return about if isinstance(about, dict) else {}


def _get(about: dict[str, Any], key: str, default: _T) -> _T:
    value = about.get(key)
    return value if type(value) is type(default) else default
