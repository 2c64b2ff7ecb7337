"""Which batches go out together, and how one is halved: after an outage many small ones wait, and must not become as many requests."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, TypeAlias

from otel_events.otlp import encode
from otel_events.otlp.compression import compress, decompress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_events.spool.queue import Batch, Encoding, Spool

    Part: TypeAlias = tuple[bytes, int]


class Joining:
    """Joins what is not compressed: requests one after the other are one request, in protobuf as in lines.

    Attributes:
        max_bytes: the bound of what is joined.
        max_records: the most records in it.
        cut: returns the two halves of a body, with their records; None if it holds one, or none that can be read.
        apart: so many batches of those to come go out on their own.
    """

    __slots__ = ("apart", "cut", "max_bytes", "max_records")

    def __init__(
        self,
        max_bytes: int = 1024 * 1024,
        max_records: int = 512,
        cut: Callable[[bytes], tuple[Part, Part] | None] = encode.split,
    ) -> None:
        self.max_bytes = max_bytes
        self.max_records = max_records
        self.cut = cut
        self.apart = 0

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
        return body, encoding

    def halve(self, batch: Batch) -> list[Part] | None:
        """Return the two halves of *batch*, compressed as it is; None if it holds one record, or none that can be read."""
        try:
            halves = self.cut(batch.body if batch.encoding is None else decompress(batch.body))
        except (OSError, EOFError, zlib.error):
            return None
        if halves is None or batch.encoding is None:
            return None if halves is None else list(halves)
        return [(compress(body), records) for body, records in halves]

    def leave_apart(self, count: int) -> None:
        """Send the next *count* batches one by one."""
        self.apart = count
