"""Lines into records, whatever kind of line: the ledger's own by the quick way, every other by the tolerant one."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from otel_events import catalog
from otel_events.event import DEFAULT_SCOPE, Severity
from otel_events.ledger.instants import parse_instant
from otel_events.ledger.line import HEADER_EVENT
from otel_events.ledger.read import LedgerReader, ReadReport
from otel_events.ledger.tags import untag, untag_attributes
from otel_events.reading.record import Record
from otel_events.reading.spans import decode_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from otel_events.ledger.read import Recorded
    from otel_events.reading.lines import Block

_OURS = b'{"time":"'
_SPANS = b'{"resourceSpans"'
_HEADER = f'"event":"{HEADER_EVENT}"'.encode()
_SEVERITIES: dict[Any, int] = {
    **{severity.name: int(severity) for severity in Severity},
    **{int(severity): int(severity) for severity in Severity},
    0: 0,
}
# Braces of a line without nested values: its own and its attributes'.
_PLAIN_BRACES = 2
_INSTANT_LENGTH = len("2026-02-14T19:01:23.456789012Z")


class Decoder:
    """Turn the lines of any number of files into records; never raises over a line.

    Args:
        report: counts what was read and passed over.
        may_hold: tells of a ledger's line that it cannot hold what is wanted, by its bytes alone; such a line is counted
            and passed over unread.
    """

    def __init__(self, report: ReadReport | None = None, may_hold: Callable[[bytes], bool] | None = None) -> None:
        self.report = ReadReport() if report is None else report
        self._may_hold = may_hold
        self._tolerant = LedgerReader(self.report)

    def decode(self, block: Block) -> Iterator[Record]:
        """Yield the records of *block*."""
        self.report.oversized += block.oversized
        may_hold = self._may_hold
        loads, severities, second, quick = orjson.loads, _SEVERITIES, _second, 0
        for line in block.lines:
            if not line.startswith(_OURS):
                yield from self.decode_line(line)
                continue
            # Half a line and a header are read in any case: the one is counted as such, the other is needed by others.
            if may_hold is not None and not may_hold(line) and line.endswith(b"}") and _HEADER not in line[:120]:
                quick += 1
                continue
            try:
                facts = loads(line)
                name, time, attributes = facts["event"], facts["time"], facts["attributes"]
                severity = severities[facts["severity"]]
                if (
                    type(name) is not str
                    or type(attributes) is not dict
                    or len(time) != _INSTANT_LENGTH
                    or name == HEADER_EVENT
                ):
                    raise ValueError  # noqa: TRY301  # the tolerant way says what it is
                timestamp = second(time[:19]) + int(time[20:29])
            except (ValueError, KeyError, TypeError):
                yield from self.decode_line(line)
                continue
            if line.count(b"{") > _PLAIN_BRACES:
                attributes = untag_attributes(attributes)
                facts["message"] = untag(facts.get("message"))
            quick += 1
            yield Record(name, timestamp, severity, attributes, facts, raw=line)
        self.report.events += quick
        if block.tail:
            yield from self.decode_line(block.tail, is_whole=False)

    def decode_line(self, line: bytes, *, is_whole: bool = True) -> Iterator[Record]:
        """Yield the records of one line of any kind; count what it was."""
        if line.lstrip().startswith(_SPANS):
            try:
                spans = list(decode_spans(orjson.loads(line)))
            except (ValueError, TypeError):
                pass  # torn or tampered with: counted below, as what it is
            else:
                self.report.events += len(spans)
                yield from spans
                return
        for recorded in self._tolerant.parse_line(line, is_whole=is_whole):
            yield as_record(recorded)


def as_record(recorded: Recorded) -> Record:
    """Return what the tolerant way read as a record; *recorded* stays as it is."""
    event, is_flat = recorded.event, recorded.source_kind == "flat"
    facts: dict[str, Any] = {
        "message": event.body,
        "trace_id": f"{event.trace_id:032x}" if event.trace_id else "",
        "span_id": f"{event.span_id:016x}" if event.span_id else "",
        "uid": event.uid,
        "service": recorded.service or str(recorded.resource.get("service.name", "")),
        "given_name": event.name if is_flat else event.given_name,
    }
    if event.scope != DEFAULT_SCOPE and event.scope.name:
        facts["scope"] = {"name": event.scope.name, "version": event.scope.version}
    # A hand-written line does not say when it was recorded.
    if not is_flat and event.observed_timestamp != event.timestamp:
        facts["observed"] = event.observed_timestamp
    # Hand-written lines have the older spellings.
    name = catalog.current().canonical(event.name) if is_flat else event.name
    return Record(name, event.timestamp, int(event.severity), event.attributes, facts)


@lru_cache(maxsize=256)
def _second(text: str) -> int:
    instant = parse_instant(f"{text}Z")
    if instant is None:
        raise ValueError(text)
    return instant
