"""Records with all that a file says of them, as the events that they were."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from otel_events import catalog
from otel_events.event import Resource
from otel_events.ledger.read import LedgerReader
from otel_events.ledger.split import DamagedError
from otel_events.reading.decode import as_record
from otel_events.reading.lines import read_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from otel_events.cli.replaying.spans import SpanBatch
    from otel_events.event import Event
    from otel_events.ledger.read import ReadReport, Recorded
    from otel_events.reading.record import Record
    from otel_events.reading.selection import Selection
    from otel_events.reading.sources import Source

# Says of a record that it was replayed, and when. What has it is not replayed again, so that no loop can come about.
REPLAYED = "otel_events.replayed_at"

_SPANS = b'{"resourceSpans"'


@dataclass(slots=True)
class PassedOver:
    """What is not replayed.

    Attributes:
        replayed: records that an earlier replay has sent.
        spans: spans, where those cannot be sent.
    """

    replayed: int = 0
    spans: int = 0


def read_items(
    sources: Iterable[Source],
    selection: Selection,
    report: ReadReport,
    passed_over: PassedOver,
    complain: Callable[[str], None],
    *,
    with_spans: bool,
) -> Iterator[Event | SpanBatch]:
    """Yield the events that are wanted, each with the resource it came from, and the spans, in the order of the sources.

    What the quick way of `reading` leaves out (severity text, scope, flags, resource) is needed here, so each line takes
    the tolerant one.
    """
    lines = _Lines(selection, report, passed_over, with_spans=with_spans)
    for source in sources:
        try:
            for line, is_whole in _read_lines(source, report):
                yield from lines.spans(line) if line.startswith(_SPANS) else lines.events(line, is_whole=is_whole)
        except (DamagedError, OSError) as error:  # noqa: PERF203  # one source of many
            report.unreadable += 1
            reason = error.strerror if isinstance(error, OSError) else error
            complain(f"{source.name} cannot be read to its end: {reason or error}")


class _Lines:
    """What is wanted of each line."""

    def __init__(self, selection: Selection, report: ReadReport, passed_over: PassedOver, *, with_spans: bool) -> None:
        self._is_wanted = selection.compile() or _is_any
        self._report = report
        self._passed_over = passed_over
        self._with_spans = with_spans
        self._reader = LedgerReader(report)
        self._resources = _Resources()

    def events(self, line: bytes, *, is_whole: bool) -> Iterator[Event]:
        for recorded in self._reader.parse_line(line, is_whole=is_whole):
            if not self._is_wanted(as_record(recorded)):
                continue
            if REPLAYED in recorded.event.attributes:
                self._passed_over.replayed += 1
            else:
                yield _as_it_was(recorded, self._resources)

    def spans(self, line: bytes) -> Iterator[SpanBatch]:
        from otel_events.cli.replaying.spans import read_spans  # protobuf's JSON is for traces files alone

        try:
            spans, replayed = read_spans(line, self._is_wanted, REPLAYED)
        except ValueError:
            self._report.malformed += 1
            return
        self._passed_over.replayed += replayed
        if spans is None:
            return
        if self._with_spans:
            yield spans
        else:
            self._passed_over.spans += spans.count


def _is_any(_record: Record) -> bool:
    return True


def _read_lines(source: Source, report: ReadReport) -> Iterator[tuple[bytes, bool]]:
    """Yield each line, and whether a newline ends it."""
    with ExitStack() as stack:
        stream = source.open()
        if stream is not sys.stdin.buffer:
            stack.enter_context(stream)
        for block in read_blocks(stream):
            report.oversized += block.oversized
            for line in block.lines:
                yield line, True
            if block.tail:
                yield block.tail, False


def _as_it_was(recorded: Recorded, resources: _Resources) -> Event:
    event = recorded.event
    if event.resource is None:
        event.resource = resources.of(recorded.resource)
    if recorded.source_kind == "flat":
        # Hand-written lines have the older spellings; what is sent has the catalogue's.
        canonical = catalog.current().canonical(event.name)
        if canonical != event.name:
            event.given_name, event.name = event.name, canonical
    return event


class _Resources:
    """One Resource for each mapping, since encoders know resources by identity."""

    _MOST = 64

    def __init__(self) -> None:
        self._known: dict[int, Resource] = {}  # by the id of its mapping, which it keeps alive

    def of(self, attributes: Mapping[str, Any]) -> Resource:
        known = self._known.get(id(attributes))
        if known is None:
            if len(self._known) >= self._MOST:
                self._known.clear()
            known = self._known[id(attributes)] = Resource(attributes)
        return known
