"""One event sent on the way of all events, and followed until it is accepted."""

from __future__ import annotations

import logging
import secrets
import sys
import tempfile
import time
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opentelemetry import trace

import otel_events as ev
from otel_events.cli.diagnosis.finding import Finding, Situation
from otel_events.ledger.read import LedgerReader
from otel_events.ledger.split import split_lines
from otel_events.notices import logger
from otel_events.sinks.ledger import default_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.stats import Stats

PROBE = "otel_events.doctor.probe"
_TOPIC = "probe"
_KEY = "probe_id"
_TAIL = 1 << 20
_EXIT_SECONDS = 1.0


def send_probe(situation: Situation) -> Iterator[Finding]:
    """Emit one event by the settings, and yield how far it came.

    It waits on disk in a directory of its own, not in the user's spool: what others have left there is not touched, and
    nothing is left if the receiver does not take it.
    """
    if situation.settings.destination.logs_none and not isinstance(situation.settings.ledger, str):
        yield Finding(_TOPIC, "note", "events go nowhere, as OTEL_SDK_DISABLED or OTEL_LOGS_EXPORTER=none wants it")
        return
    mark = secrets.token_hex(8)
    # An exporter may write to standard output, which is the answer's place.
    with (
        _listening() as told,
        redirect_stdout(sys.stderr),
        tempfile.TemporaryDirectory(prefix="otel-events-doctor-") as directory,
    ):
        begin = time.monotonic()
        try:
            trace_id = _emit(mark, directory)
            is_accepted = ev.flush(situation.timeout)
            seconds = time.monotonic() - begin
            stats = ev.stats()
        except Exception as error:  # whatever is wrong with the set-up is what is looked for
            yield Finding(_TOPIC, "error", f"no event can be emitted: {error}", "correct what the message names")
            return
        finally:
            ev.shutdown(_EXIT_SECONDS)
    yield from _judge(stats, mark, trace_id, seconds, is_accepted=is_accepted)
    if "ledger" in stats.delivered:
        yield _read_back(situation, mark)
    for message in told:
        if not any(warning in message for warning in situation.warnings):  # those are told already
            yield Finding(_TOPIC, "warning", message)


def _emit(mark: str, directory: str) -> str:
    ev.configure(spool_dir=directory, strict=False)
    with trace.get_tracer("otel_events.doctor").start_as_current_span(PROBE) as span:
        ev.emit(PROBE, "Probe of otel-events doctor", attributes={_KEY: mark})
        context = span.get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


def _judge(stats: Stats, mark: str, trace_id: str, seconds: float, *, is_accepted: bool) -> Iterator[Finding]:
    delivered = {name: count for name, count in stats.delivered.items() if count}
    dropped = {**stats.dropped, **{f"{reason} (spans)": count for reason, count in stats.spans_dropped.items()}}
    for reason in dropped:
        if reason == "filtered":
            yield Finding(_TOPIC, "note", "the filter holds back events like the probe", "see OTEL_EVENTS_FILTER")
        else:
            yield Finding(_TOPIC, "error", f"the probe was dropped: {reason}", "see `dropped` in docs/delivery.md")
    if dropped:
        return
    if not is_accepted or not delivered:
        text = f"the probe was not accepted within {seconds:.1f} s"
        yield Finding(_TOPIC, "error", text, "see what is said of the endpoint; --timeout gives it longer")
        return
    said = " and ".join(sorted(delivered))
    yield Finding(_TOPIC, "ok", f"one event was accepted by {said} after {seconds * 1000:.0f} ms: {_KEY}={mark}")
    if stats.spans_delivered and trace_id:
        yield Finding(_TOPIC, "ok", f"one span was accepted by {' and '.join(stats.spans_delivered)}: trace {trace_id}")


def _read_back(situation: Situation, mark: str) -> Finding:
    ledger = situation.settings.ledger
    path = None
    try:
        path = Path(ledger) if isinstance(ledger, str) else default_path()
        is_there = _stands_in(path, mark)
    except OSError as error:
        return Finding(
            _TOPIC, "error", f"{path or 'the ledger'} cannot be read back: {error.strerror}", "see its permissions"
        )
    if is_there:
        return Finding(_TOPIC, "ok", f"it was read back from {path}")
    return Finding(_TOPIC, "error", f"it cannot be found in {path}", "another process may have moved or cut the file")


def _stands_in(path: Path, mark: str) -> bool:
    reader = LedgerReader()
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        return any(
            recorded.event.attributes.get(_KEY) == mark
            for line in split_lines(file, _TAIL)
            if mark.encode() in line.text
            for recorded in reader.parse_line(line.text)
        )


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Give what the package warns of meanwhile, instead of its going to standard error."""
    told: list[str] = []
    ear = _Ear(told)
    propagates, logger.propagate = logger.propagate, False
    logger.addHandler(ear)
    try:
        yield told
    finally:
        logger.removeHandler(ear)
        logger.propagate = propagates


class _Ear(logging.Handler):
    def __init__(self, told: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._told = told

    def emit(self, record: Any) -> None:
        self._told.append(record.getMessage())
