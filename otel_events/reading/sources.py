"""Where records come from: files, folders, standard input, the ledger of this user."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from otel_events.errors import OtelEventsError
from otel_events.ledger.rotate import list_rotated

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STANDARD_INPUT = "-"
SUFFIXES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".json", ".json.gz")


class SourceError(OtelEventsError):
    """What was to be read is not there; the message says what was looked for."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or standard input.

    Attributes:
        path: None for standard input.
        size: in bytes, 0 if it is not known.
        stream: open already, because the path may soon be another file's.
    """

    path: Path | None
    size: int = 0
    stream: BinaryIO | None = None

    @property
    def name(self) -> str:
        """Return what to call it."""
        return "standard input" if self.path is None else str(self.path)

    def open(self) -> BinaryIO:
        """Return it open for reading, or raise OSError."""
        if self.stream is not None:
            return self.stream
        return sys.stdin.buffer if self.path is None else self.path.open("rb")

    def close(self) -> None:
        """Let go of it, unread."""
        if self.stream is not None:
            self.stream.close()


def find_sources(paths: Sequence[str]) -> list[Source]:
    """Return what *paths* name, oldest first within a folder; the configured ledger if there are none.

    Args:
        paths: files, folders (their files of events), `-` for standard input.

    Raises:
        SourceError: a path is not there, a folder has no files of events, or no ledger is kept.
    """
    if not paths:
        return ledger_sources(ledger_path())
    found: dict[Path | None, Source] = {}
    for path in paths:
        for source in [Source(None)] if path == STANDARD_INPUT else _at(Path(path)):
            found.setdefault(source.path and source.path.absolute(), source)
    return list(found.values())


def ledger_sources(path: Path) -> list[Source]:
    """Return the files of the ledger at *path*, rotated ones first, or raise SourceError if there are none."""
    # Opened first: if it is rotated from now on, it is still read here, and known again in the list.
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        current, identity = [], None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    else:
        status = os.fstat(stream.fileno())
        current, identity = [Source(path, status.st_size, stream)], (status.st_dev, status.st_ino)
    rotated = [source for source in _sized(list_rotated(path)) if _identify(source.path) != identity]
    if not current and not rotated:
        raise SourceError(f"there are no events yet: {path} does not exist. Emit one, or name a file to read.")
    return rotated + current


def ledger_path() -> Path:
    """Return where the ledger is, by the environment; or raise SourceError if none is kept."""
    from otel_events.settings import resolve
    from otel_events.sinks.ledger import default_path

    settings, _ = resolve({}, os.environ)
    if settings.ledger is False:
        raise SourceError("no ledger is kept (OTEL_EVENTS_LEDGER_PATH says so); name a file to read")
    if isinstance(settings.ledger, str):
        return Path(settings.ledger)
    try:
        return default_path()
    except OSError as error:
        raise SourceError(f"there is no ledger: {error.strerror}; name a file to read") from error


def _at(path: Path) -> list[Source]:
    if path.is_dir():
        try:
            found = sorted(child for child in path.iterdir() if child.name.endswith(SUFFIXES) and child.is_file())
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}") from error
        if not found:
            raise SourceError(f"{path} has no files of events ({', '.join(SUFFIXES)})")
        return _sized(found)
    if not os.path.lexists(path):
        raise SourceError(f"{path} does not exist")
    return _sized([path])


def _sized(paths: Iterable[Path]) -> list[Source]:
    return [Source(path, status.st_size) for path in paths if (status := _status(path)) is not None]


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:  # pruned meanwhile
        return None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error


def _identify(path: Path | None) -> tuple[int, int] | None:
    status = path and _status(path)
    return (status.st_dev, status.st_ino) if status else None
