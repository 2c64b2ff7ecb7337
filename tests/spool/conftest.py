"""Spools on disk, closed at the end."""

import errno
import os

import pytest

from otel_events.accounting import Accounts
from otel_events.notices import Notices
from otel_events.spool import adoption, disk, stock
from otel_events.spool.disk import DiskSpool
from otel_events.spool.segment_file import DiskCalls


class FailingDisk:
    """A disk that fails on request: `error` is what it says, after `room` more bytes; `keeps` is whether it deletes nothing."""

    def __init__(self):
        self.error = None
        self.room = 0
        self.keeps = False
        self.calls = DiskCalls(write=self._write, sync=self._sync, unlink=self._unlink)

    def _write(self, fd, data):
        if self.error is None:
            return os.write(fd, data)
        if 0 < self.room < len(data):
            written, self.room = os.write(fd, data[: self.room]), 0
            return written
        if self.room >= len(data):
            self.room -= len(data)
            return os.write(fd, data)
        raise OSError(self.error, os.strerror(self.error))

    def _sync(self, fd):
        if self.error == errno.EIO:
            raise OSError(errno.EIO, "I/O error")
        os.fsync(fd)

    def _unlink(self, path):
        if self.keeps:
            raise PermissionError(errno.EACCES, "Permission denied")
        path.unlink()


@pytest.fixture
def impatient(monkeypatch):
    """Every take looks for dead writers, every append tries the disk again."""
    monkeypatch.setattr(disk, "_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(stock, "_RETRY_SECONDS", 0.0)


@pytest.fixture
def make_spool(tmp_path, request):
    """Make spools of one directory; each has `accounts`."""
    made = []

    def make(directory=None, **settings):
        accounts = Accounts()
        given = {"signal": "logs", "destination": "http://127.0.0.1:4318/v1/logs", "writer_id": "0123456789abcdef"}
        settings = given | {"accounts": accounts, "notices": Notices()} | settings
        spool = DiskSpool(directory or tmp_path / "spool", **settings)
        spool.accounts = accounts
        made.append(spool)
        return spool

    yield make
    for spool in made:
        spool.close()


def drain(spool):
    """Take and release all that waits; return the bodies."""
    bodies = []
    while (batch := spool.take(0)) is not None:
        bodies.append(batch.body)
        assert spool.release(batch)
    return bodies


def segments(directory):
    """Return the segments in a directory, in order of their names."""
    return sorted(directory.glob("*.spool"))


def kill(*spools):
    """Leave everything as a kill leaves it: files are closed by the system, and nothing more is written."""
    from otel_events import files

    files._let_go_in_child()
    for spool in spools:
        spool._closed = True


__all__ = ["FailingDisk", "adoption", "drain", "kill", "segments"]
