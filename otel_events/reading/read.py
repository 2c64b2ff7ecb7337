"""Records out of any number of sources, one after the other, in memory that does not grow."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from otel_events.ledger.read import ReadReport
from otel_events.ledger.split import DamagedError
from otel_events.reading.decode import Decoder
from otel_events.reading.lines import read_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from otel_events.reading.record import Record
    from otel_events.reading.selection import Selection
    from otel_events.reading.sources import Source


def read_records(
    sources: Iterable[Source],
    *,
    selection: Selection | None = None,
    report: ReadReport | None = None,
    advance: Callable[[int], None] | None = None,
    complain: Callable[[str], None] | None = None,
) -> Iterator[Record]:
    """Yield the records that are wanted, in the order of the sources; what cannot be read is counted and passed over.

    Args:
        sources: see `find_sources`.
        selection: what is wanted; None for all.
        report: counts what was read and passed over.
        advance: is told now and then how many bytes were read since it was last told.
        complain: is told of a source that cannot be opened or read to its end.
    """
    report = ReadReport() if report is None else report
    is_wanted = selection.compile() if selection is not None else None
    decoder = Decoder(report, selection.compile_for_bytes() if selection is not None else None)
    sources = list(sources)
    try:
        for source in sources:
            try:
                records = _read_source(source, decoder, advance)
                yield from records if is_wanted is None else filter(is_wanted, records)
            except (DamagedError, OSError) as error:  # noqa: PERF203  # one source of many
                report.unreadable += 1
                if complain is not None:
                    reason = error.strerror if isinstance(error, OSError) else error
                    complain(f"{source.name} cannot be read to its end: {reason or error}")
    finally:
        for source in sources:  # whoever has enough leaves some that are open already
            source.close()


def _read_source(source: Source, decoder: Decoder, advance: Callable[[int], None] | None) -> Iterator[Record]:
    with ExitStack() as stack:
        stream = source.open()
        if stream is not sys.stdin.buffer:
            stack.enter_context(stream)
        told = 0
        for block in read_blocks(stream):
            yield from decoder.decode(block)
            if advance is not None and source.path is not None:
                position = stream.tell()
                advance(position - told)
                told = position
