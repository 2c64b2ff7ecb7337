"""What is deleted: whole files of the ledger, the oldest first, by age and by size."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from otel_events.accounting import Accounts
    from otel_events.server.settings import ServerSettings
    from otel_events.server.store.catch_up import CatchUp
    from otel_events.server.store.followed import KnownFile
    from otel_events.server.store.index_file import IndexFile

_STEP = 5_000  # rows that are deleted while others wait


class Retention:
    """Deletes files, and from the index what stood in files that are gone, whoever deleted them."""

    def __init__(self, settings: ServerSettings, accounts: Accounts, clock: Callable[[], float] = time.time) -> None:
        self._bytes = settings.keep_bytes
        self._age = settings.keep_age
        self._accounts = accounts
        self._clock = clock

    def run(self, lock: AbstractContextManager[Any], index: IndexFile) -> None:
        """Delete what is due; *lock* is held only for a moment at a time."""
        with lock:
            self._delete_files(index.catch_up)
            gone = index.catch_up.events.look_around()[1]
            for file in index.catch_up.spans.look_around()[1]:
                index.connection.execute("DELETE FROM spans WHERE file = ?", (file.id,))
                index.catch_up.spans.forget(file)
        for file in gone:
            for first, last in _steps(file):
                with lock:
                    index.connection.execute(
                        "DELETE FROM events WHERE seq BETWEEN ? AND ? AND file = ?", (first, last, file.id)
                    )
            with lock:
                index.catch_up.events.forget(file)
        if gone:
            with lock:
                _forget_with(index)

    def _delete_files(self, catch_up: CatchUp) -> None:
        """Delete the rotated files that are too old or too much; those being written stay."""
        rotated: list[tuple[float, int, Path]] = []
        total = 0
        for followed in (catch_up.events, catch_up.spans):
            for file in followed.look_around()[0]:
                with suppress(OSError):  # somebody else has just deleted it
                    status = file.path.stat()
                    total += status.st_size
                    if not followed.is_current(file):
                        rotated.append((status.st_mtime, status.st_size, file.path))
        oldest = self._clock() - self._age if self._age is not None else float("-inf")
        for modified, size, path in sorted(rotated):
            if modified < oldest or (self._bytes is not None and total > self._bytes):
                try:
                    path.unlink()
                except OSError:  # a reader on Windows holds it, or the folder is not ours: tried again
                    self._accounts.problems.add("ledger_not_deleted")
                    continue
                total -= size
                self._accounts.cut.add("ledger_files_pruned")


def _steps(file: KnownFile) -> Iterator[tuple[int, int]]:
    if file.first_seq is None or file.last_seq is None:
        return
    for first in range(file.first_seq, file.last_seq + 1, _STEP):
        yield first, min(first + _STEP - 1, file.last_seq)


def _forget_with(index: IndexFile) -> None:
    """Delete what the index says of events that are all gone."""
    firsts = [file.first_seq for file in index.catch_up.events.files.values() if file.first_seq]
    first = min(firsts, default=index.catch_up.next_seq)
    connection = index.connection
    connection.execute("BEGIN IMMEDIATE")
    try:
        for table in ("tasks", "sessions", "cycles", "minutes"):
            connection.execute(f"DELETE FROM {table} WHERE last_seq < ?", (first,))  # noqa: S608  # named here
        connection.execute("DELETE FROM faults WHERE seq < ?", (first,))
        connection.execute("DELETE FROM seconds WHERE last_seq < ?", (first,))
        connection.execute(
            "DELETE FROM numbers WHERE writer IN (SELECT writer FROM writers WHERE last_seq < ?)", (first,)
        )
        connection.execute("DELETE FROM writers WHERE last_seq < ?", (first,))
        connection.execute(
            "UPDATE names SET (count, errors, first_time, last_time) = (SELECT ifnull(sum(count), 0),"
            " ifnull(sum(count * (level >= 5)), 0), min(second), max(second) FROM seconds WHERE seconds.name = names.id)"
        )
        connection.execute("DELETE FROM uids WHERE seq < ?", (first,))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    index.catch_up.index.forget()
