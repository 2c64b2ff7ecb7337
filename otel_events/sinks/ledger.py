"""The sink that keeps events in a file on this machine."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from otel_events.disk_cures import cure_of
from otel_events.ledger.flat import FlatFormat
from otel_events.ledger.line import EventsFormat
from otel_events.ledger.lines import WaitingLines
from otel_events.ledger.rotate import RotationSettings
from otel_events.ledger.write import LedgerFile
from otel_events.state_directory import state_directory

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from otel_events.accounting import Accounts
    from otel_events.event import Event, Value
    from otel_events.ledger.lines import Lines
    from otel_events.notices import Notices

_KEPT_BYTES = 8 << 20
_PIECE_BYTES = 4 << 20
_PATIENCE = 0.2
_ELSEWHERE = "set OTEL_EVENTS_LEDGER_PATH to a file that can be written"


class _Format(Protocol):
    def header(self) -> bytes: ...
    def encode_all(self, events: Sequence[Event], leave_out: Callable[[Event, Exception], None]) -> Lines: ...


class LedgerSink:
    """Append events to a ledger; several processes may share one.

    A write that fails is told once a minute and tried again with the next batch: until then up to 8 MiB of lines wait
    in memory, and the oldest beyond that are dropped as `ledger_failed`. Nothing is touched before the first event.

    `flush` means: handed to the operating system, which keeps it if this process is killed. `close` also asks the disk.

    Args:
        path: the file; None for `default_path()`, which then must not be a symbolic link.
        format: `events`, which loses nothing, or `flat`, for readers of hand-written ledgers.
        resource: describes this program; stands in the header line.
        service: this program's `service.name`.
        writer_id: the prefix of this process's uids.
        rotation: None for the defaults of `RotationSettings`, which for `flat` is never; False for never.
        accounts: delivered events are counted as `ledger`, dropped ones as `ledger_failed` or `ledger_unencodable`.
        notices: tells that the file cannot be written, with the cure.
    """

    name = "ledger"

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        format: Literal["events", "flat"] = "events",  # noqa: A002  # the word users know from configure
        resource: Mapping[str, Value],
        service: str,
        writer_id: str,
        rotation: RotationSettings | Literal[False] | None = None,
        accounts: Accounts,
        notices: Notices,
    ) -> None:
        self._format: _Format
        if format == "flat":
            self._format = FlatFormat()
        else:
            self._format = EventsFormat(service=service, resource=resource, writer_id=writer_id)
        if rotation is None:
            rotation = False if format == "flat" else RotationSettings()
        self.path = _default_path() if path is None else Path(path)
        self._file = LedgerFile(
            self.path,
            make_header=self._format.header,
            rotation=rotation or None,
            follow_symlinks=path is not None,
            accounts=accounts,
        )
        self._accounts = accounts
        self._notices = notices
        self._waiting = WaitingLines()
        self._has_lost = False
        self._turn = threading.Lock()

    @property
    def outlives_process(self) -> bool:
        """Whether nothing waits in memory."""
        return not self._waiting

    def write(self, events: Sequence[Event]) -> None:
        """Append *events*; those that cannot be written now wait in memory."""
        lines = self._format.encode_all(events, self._leave_out)
        with self._turn:
            self._waiting.add(lines)
            self._append_waiting(_PATIENCE)

    def flush(self, deadline: float) -> bool:
        """Return True only if no event waits, and none was lost since the last flush."""
        if not self._turn.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return False
        try:
            return self._flush(deadline)
        finally:
            self._turn.release()

    def close(self, deadline: float) -> bool:
        """Flush, ask the disk until *deadline*, and close the file; what cannot be written is dropped."""
        if not self._turn.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return False
        try:
            is_safe = self._flush(deadline)
            self._count_lost(self._waiting.clear())
            if not _is_synced(self._file, deadline):
                # The file stays open for the thread that waits for the disk; the operating system has every line.
                self._accounts.problems.add("ledger_not_synced")
                return is_safe
            self._file.close()
            return is_safe
        finally:
            self._turn.release()

    def _flush(self, deadline: float) -> bool:
        self._append_waiting(min(_PATIENCE, deadline - time.monotonic()))
        has_lost, self._has_lost = self._has_lost, False
        return not self._waiting and not has_lost

    def _leave_out(self, event: Event, error: Exception) -> None:
        self._accounts.dropped.add("ledger_unencodable")
        self._has_lost = True
        self._notices.warn(
            "ledger_unencodable", f"event {event.name!r} cannot be written as a line of the ledger: {error}"
        )

    def _append_waiting(self, patience: float) -> None:
        while self._waiting:
            # In pieces: no write is so long that others wait for it.
            lines = self._waiting.first(_PIECE_BYTES)
            try:
                self._file.append(lines.text, patience=patience)
            except Exception as error:  # told and counted; a path may be wrong in ways that are no OSError
                self._count_lost(self._waiting.drop_beyond(_KEPT_BYTES))
                self._tell(error)
                return
            self._waiting.remove_first()
            self._accounts.delivered.add(self.name, lines.count)

    def _count_lost(self, count: int) -> None:
        if count:
            self._accounts.dropped.add("ledger_failed", count)
            self._has_lost = True

    def _tell(self, error: Exception) -> None:
        self._accounts.problems.add("ledger_write_failed")
        reason, cure = str(error), _ELSEWHERE
        if isinstance(error, OSError):
            reason = error.strerror or reason
            cure = cure_of(error, _ELSEWHERE)
        self._notices.warn(
            "ledger_failed",
            f"cannot write the ledger{f' {self.path}' if self.path else ''}: {reason}. {len(self._waiting)} events wait in memory and are tried"
            f" again with the next ones; beyond {_KEPT_BYTES >> 20} MiB the oldest are dropped and counted. Cure: {cure}.",
        )


def default_path() -> Path:
    """Return the ledger that all programs of this user share unless told otherwise; or raise OSError: the user has no home."""
    return state_directory() / "events.jsonl"


def _default_path() -> Path | None:
    try:
        return default_path()
    except OSError:  # told when there is something to write
        return None


def _is_synced(file: LedgerFile, deadline: float) -> bool:
    """Return True if the disk has everything by *deadline*; a disk cannot be hurried, so a thread waits for it."""
    if not file.is_open:
        return True
    done = threading.Event()

    def sync() -> None:
        try:
            file.sync()
        except OSError:  # an error here is none of writing: the lines are with the operating system
            return
        finally:
            done.set()

    try:
        threading.Thread(target=sync, name="otel_events-ledger-sync", daemon=True).start()
    except RuntimeError:  # the interpreter is going down and starts no more threads
        return True
    return done.wait(max(0.0, deadline - time.monotonic()))
