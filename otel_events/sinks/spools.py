"""The spools of one configuration: where each lies, of what kind it is, and what waits in them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from otel_events.files import sync_file
from otel_events.otlp.tenant import tenant_of
from otel_events.spool.disk import DiskSpool
from otel_events.spool.memory import MemorySpool
from otel_events.spool.places import has_segments, spool_directory
from otel_events.spool.segment import RECORD_OVERHEAD
from otel_events.spool.segment_file import DiskCalls
from otel_events.stats import SpoolState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from otel_events.accounting import Accounts
    from otel_events.notices import Notices
    from otel_events.otlp.endpoint import Endpoint, Signal


class SpoolSettings(NamedTuple):
    """How events wait for the network.

    Attributes:
        root: the directory of all spools; None to keep everything in memory.
        service: whose spools; programs of one name share them, and send what others of it have left.
        is_synced: whether the disk has a batch before it counts as taken.
        max_bytes: of one spool.
        max_age: seconds after which what was not delivered is dropped.
    """

    root: Path | None
    service: str
    is_synced: bool
    max_bytes: int
    max_age: float


class Spools:
    """Makes the spools of the network sinks, and tells what waits in them.

    Args:
        settings: of which kind they are.
        writer_id: of this process.
        notices: where warnings go.
        on_dropped: called with number, reason, signal and destination when caps or damage have cost records.
    """

    def __init__(
        self,
        settings: SpoolSettings,
        writer_id: str,
        notices: Notices,
        on_dropped: Callable[[int, str, str, str], None],
    ) -> None:
        self._settings = settings
        self._writer_id = writer_id
        self._notices = notices
        self._on_dropped = on_dropped
        self._made: list[_Made] = []

    def make(self, signal: Signal, endpoint: Endpoint, *, accounts: Accounts) -> DiskSpool | MemorySpool:
        """Return the spool for *signal* to *endpoint*; nothing is touched yet."""
        return self.make_for(signal, endpoint.address, tenant_of(endpoint), accounts=accounts)

    def make_for(self, signal: str, destination: str, tenant: str, *, accounts: Accounts) -> DiskSpool | MemorySpool:
        """Return the spool for what goes to *destination* as *signal*, the name of its sink if it is no OTLP.

        Args:
            signal: kept apart at one destination.
            destination: the address, without credentials.
            tenant: a hash of what tells apart whose data it is; may be empty.
            accounts: where losses are counted.
        """
        root = self._settings.root
        if root is None:
            spool: DiskSpool | MemorySpool = MemorySpool(accounts=accounts)
        else:
            spool = self._make_on_disk(root, signal, destination, tenant, accounts)
        self._made.append(_Made(signal, destination, spool))
        return spool

    def states(self) -> list[SpoolState]:
        """Return what is in each spool now; once it is closed, what it has left on disk."""
        return [made.state() for made in self._made]

    def find_leftovers(self) -> bool:
        """Have the spools look for what others have left; return whether there is anything, as far as names tell."""
        on_disk = [made.spool for made in self._made if isinstance(made.spool, DiskSpool)]
        for spool in on_disk:
            spool.look_around()
        return any(has_segments(spool.directory) for spool in on_disk)

    def _make_on_disk(self, root: Path, signal: str, destination: str, tenant: str, accounts: Accounts) -> DiskSpool:
        settings = self._settings

        def tell(records: int, reason: str) -> None:
            self._on_dropped(records, reason, signal, destination)

        return DiskSpool(
            spool_directory(root, settings.service, destination, signal, tenant),
            root=root,
            service=settings.service,
            signal=signal,
            destination=destination,
            writer_id=self._writer_id,
            accounts=accounts,
            notices=self._notices,
            max_bytes=settings.max_bytes,
            max_age=settings.max_age,
            on_dropped=tell,
            calls=DiskCalls(write=_write_and_sync) if settings.is_synced else DiskCalls(),
        )


class _Made(NamedTuple):
    signal: str
    destination: str
    spool: DiskSpool | MemorySpool

    def state(self) -> SpoolState:
        pending = self.spool.pending()
        is_on_disk = isinstance(self.spool, DiskSpool)
        return SpoolState(
            signal=self.signal,
            destination=self.destination,
            directory=str(self.spool.directory) if isinstance(self.spool, DiskSpool) else None,
            records=pending.records,
            bytes=pending.bytes,
            adopted=self.spool.adopted if isinstance(self.spool, DiskSpool) else 0,
            is_on_disk=is_on_disk and self.spool.outlives_process,
        )


def _write_and_sync(fd: int, data: bytes) -> int:
    written = os.write(fd, data)
    # A record without a body says that a batch is settled: without it that is only sent again.
    if len(data) != RECORD_OVERHEAD:
        sync_file(fd)
    return written
