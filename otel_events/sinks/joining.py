"""Which batches go out together: single events are appended one by one, and must not become single requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_events.otlp.compression import compress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.spool.queue import Batch, Encoding, Spool


@dataclass(slots=True)
class Joining:
    """Joins what is not compressed: requests of one signal, one after the other, are one request in protobuf.

    Attributes:
        gather: seconds for which batches are gathered before they are sent.
        max_bytes: the bound of what is joined.
        max_records: the most records in it.
        is_gzip: what is not compressed is compressed when it is sent.
        apart: so many batches of those to come go out on their own.
    """

    gather: float = 0.0
    max_bytes: int = 1024 * 1024
    max_records: int = 512
    is_gzip: bool = False
    apart: int = 0

    def take_more(self, first: Batch, spool: Spool) -> list[Batch]:
        """Return *first* and what waits in *spool* and goes out with it."""
        batches, size, records = [first], len(first.body), first.records
        if self.apart > 0:
            self.apart -= 1
            return batches
        while first.encoding is None and (batch := spool.take(0)) is not None:
            size, records = size + len(batch.body), records + batch.records
            if batch.encoding is not None or size > self.max_bytes or records > self.max_records:
                spool.put_back(batch)
                break
            batches.append(batch)
        return batches

    def join(self, batches: Sequence[Batch]) -> tuple[bytes, Encoding]:
        """Return the request that all *batches* make, and how it is compressed."""
        encoding = batches[0].encoding
        body = batches[0].body if len(batches) == 1 else b"".join(batch.body for batch in batches)
        if self.is_gzip and encoding is None:
            return compress(body), "gzip"
        return body, encoding

    def leave_apart(self, count: int) -> None:
        """Send the next *count* batches one by one."""
        self.apart = count
