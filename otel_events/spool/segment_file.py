"""One segment on disk: appended to, read from, deleted."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from otel_events.files import OwnedFile, sync_directory
from otel_events.spool.segment import (
    HEADER_BYTES,
    MAX_BODY_BYTES,
    RECORD_OVERHEAD,
    VERSION,
    Found,
    encode_batch,
    encode_settled,
    read_header,
    scan,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.spool.queue import Encoding
    from otel_events.spool.segment import Scan

_CREATE = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL
_OPEN = os.O_RDWR | os.O_APPEND
_CHUNK_BYTES = 1 << 20


class DiskCalls(NamedTuple):
    """The calls in which a disk fails; tests put failing ones in place."""

    write: Callable[[int, bytes], int] = os.write
    sync: Callable[[int], None] = os.fsync
    unlink: Callable[[Path], None] = Path.unlink


class SegmentFile:
    """A segment that no other process writes to.

    Attributes:
        path: where it is.
        size: its bytes, as far as we know.
    """

    def __init__(self, path: Path, file: OwnedFile, size: int, calls: DiskCalls) -> None:
        self.path = path
        self.size = size
        self._file = file
        self._calls = calls

    @classmethod
    def create(cls, path: Path, header: bytes, calls: DiskCalls) -> SegmentFile:
        """Return a new segment, its name and *header* safe on the disk; or raise OSError and leave nothing."""
        file = OwnedFile(str(path), _CREATE)
        made = cls(path, file, 0, calls)
        try:
            made.write(header)
            calls.sync(file.fd)
            sync_directory(path.parent)
        except OSError:
            made.delete()
            raise
        return made

    @classmethod
    def open(cls, path: Path, calls: DiskCalls) -> SegmentFile:
        """Return the segment at *path*, or raise OSError."""
        file = OwnedFile(str(path), _OPEN)
        return cls(path, file, os.fstat(file.fd).st_size, calls)

    def write(self, data: bytes) -> None:
        """Append *data*, made of whole records, in one write; or raise OSError and leave nothing of it, as far as that can be."""
        written = 0
        try:
            while written < len(data):  # once, as a rule: what a full disk cuts short is told by the second write
                count = self._calls.write(self._file.fd, data[written:] if written else data)
                if count == 0:
                    raise OSError(errno.ENOSPC, "nothing could be written", str(self.path))  # noqa: TRY301
                written += count
        except OSError:
            self._cut_back()
            raise
        self.size += written

    def append(self, number: int, records: int, encoding: Encoding, body: bytes) -> Found:
        """Append a batch, in one write; or raise OSError.

        After an error none of it is in the file, as far as the disk lets itself be put back, and the file is to be
        left as it is: what follows belongs into another.
        """
        record, crc = encode_batch(number, records, encoding, body)
        start = self.size
        self.write(record)
        return Found(number, records, encoding, start + RECORD_OVERHEAD, len(body), crc)

    def settle(self, number: int, records: int) -> None:
        """Note that a batch need not be sent again; or raise OSError, which costs a duplicate at worst."""
        self.write(encode_settled(number, records))

    def is_in_place(self) -> bool:
        """Return whether the file still has its name: somebody may have deleted it, or its directory."""
        return self._file.fd >= 0 and os.fstat(self._file.fd).st_nlink > 0

    def read(self, found: Found) -> bytes | None:
        """Return a batch's body, None if it is not what was written; or raise OSError."""
        body = self._read(found.offset, found.length)
        return body if found.is_body(body) else None

    def scan(self) -> Scan:
        """Return what is in it, or raise OSError."""
        size = os.fstat(self._file.fd).st_size
        if size > 2 * MAX_BODY_BYTES:
            raise OSError(errno.EFBIG, "it is larger than any segment can be", str(self.path))
        return scan(self._read(0, size))

    def repair(self, found: Scan) -> bool:
        """Take away what was cut short, and note what is missing as settled, for it is counted now; False if that failed."""
        try:
            if found.cut_at is not None:
                os.ftruncate(self._file.fd, found.cut_at)
                self.size = found.cut_at
            for number, records in found.missing:
                self.settle(number, records)
        except OSError:  # on a full disk we read all the same: that is what will free it
            return False
        return True

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def delete(self) -> None:
        """Close and delete the file, or raise OSError."""
        self.close()
        with suppress(FileNotFoundError):
            self._calls.unlink(self.path)

    def _cut_back(self) -> None:
        try:
            os.ftruncate(self._file.fd, self.size)
        except OSError:  # the disk is failing: readers get past a batch that was cut short
            self.size = os.fstat(self._file.fd).st_size

    def _read(self, offset: int, length: int) -> bytes:
        # Not pread, which Windows lacks. Appends do not mind where we stand.
        os.lseek(self._file.fd, offset, os.SEEK_SET)
        parts: list[bytes] = []
        while length > 0 and (part := os.read(self._file.fd, min(length, _CHUNK_BYTES))):
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


def read_began(path: Path) -> float | None:
    """Return when the segment at *path* was begun, in Unix seconds; None if a later version wrote it; or raise OSError."""
    file = OwnedFile(str(path), os.O_RDONLY)
    try:
        header = read_header(os.read(file.fd, HEADER_BYTES))
        if header is None:  # damaged, or not written yet
            return os.fstat(file.fd).st_mtime
    finally:
        file.close()
    return float(header.began) if header.version <= VERSION else None


def set_aside(path: Path) -> Path:
    """Rename a segment that cannot be read in full, for people to look at; or raise OSError."""
    return path.rename(path.with_name(path.name + ".bad"))
