"""What processes that were killed have left in the journal: the next one of the service gives it to its own sinks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from otel_events.spool.disk import DiskSpool
from otel_events.spool.journal import DESTINATION
from otel_events.spool.journal_record import unpack
from otel_events.stats import SpoolState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from otel_events.accounting import Accounts
    from otel_events.event import Event, Resource
    from otel_events.notices import Notices
    from otel_events.spool.queue import Batch

_BATCH = 512


class Leftovers:
    """The events of dead writers in the journal of a service, whatever its mode is now.

    Args:
        directory: of the journal.
        root: the directory from which on no part of *directory* may be a symbolic link or another user's.
        service: whose journal it is.
        writer_id: of this process.
        accounts: where losses and problems are counted.
        notices: where they are told.
        max_age: seconds after which what was left is dropped.
    """

    def __init__(
        self,
        directory: Path,
        *,
        root: Path,
        service: str,
        writer_id: str,
        accounts: Accounts,
        notices: Notices,
        max_age: float,
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._open = partial(
            DiskSpool,
            directory,
            root=root,
            service=service,
            signal="journal",
            destination=DESTINATION,
            writer_id=writer_id,
            accounts=accounts,
            notices=notices,
            max_age=max_age,
        )
        self._spool: DiskSpool | None = None
        self._resources: dict[str, Resource] = {}

    def take(self) -> tuple[list[Event], Callable[[], None]] | None:
        """Return the next events, and what to call when no kill can take them any more; None if there are none now.

        Those of many writers are taken over bit by bit: after some are settled there may be more.
        """
        spool = self._spool
        if spool is None:
            spool = self._spool = self._open()
        batches: list[Batch] = []
        while len(batches) < _BATCH and (batch := spool.take(0)) is not None:
            batches.append(batch)
        if not batches:
            return None
        unpacked = (unpack(taken.body, self._resources) for taken in batches)
        events = [event for event in unpacked if event is not None]
        lost = sum(taken.records for taken in batches) - len(events)
        if lost:
            self._accounts.dropped.add("journal_unreadable", lost)
        return events, partial(_release, spool, batches)

    def close(self) -> None:
        """Let go of the journal; what was not settled stays in it."""
        if self._spool is not None:
            self._spool.close()

    def state(self) -> SpoolState:
        """Return what was taken over, and what of it is not with the sinks yet."""
        spool = self._spool
        return SpoolState(
            signal="logs",
            destination=DESTINATION,
            directory=str(self._directory),
            records=spool.pending().records if spool is not None else 0,
            bytes=0,
            adopted=spool.adopted if spool is not None else 0,
            is_on_disk=True,
        )


def _release(spool: DiskSpool, batches: list[Batch]) -> None:
    for batch in batches:
        spool.release(batch)
