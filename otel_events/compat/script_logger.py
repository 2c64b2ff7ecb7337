"""Drop-in for the scripts' error logger: its calls, its console, its envelopes; see docs/migrate/script-logger.md.

What is logged at the collector's level or above goes to the collector as an envelope, and is an event of otel_events.
"""

from __future__ import annotations

import atexit
import logging
import os
import tempfile
from typing import TYPE_CHECKING, Any

from otel_events import process
from otel_events.compat.json_spool import JsonSpool
from otel_events.compat.script_courier import ScriptCourier
from otel_events.compat.script_envelope import MARKER, Script, encode_envelope, make_envelope, make_redactor
from otel_events.compat.silent import count
from otel_events.emit import emit
from otel_events.errors import ConfigurationError
from otel_events.interrupts import is_interrupt
from otel_events.state_directory import state_directory

if TYPE_CHECKING:
    import re
    from pathlib import Path

    from otel_events.redaction import Redactor

    _StreamHandler = logging.StreamHandler[Any]
else:
    _StreamHandler = logging.StreamHandler  # of Python 3.10, which knows no more

__all__ = ["BATCH_SIZE", "QUEUE_CAPACITY", "REDACTION_PATTERNS", "get_metrics", "setup_l2_logger"]

# May be set at any time.
QUEUE_CAPACITY = 1000
BATCH_SIZE = 25
REDACTION_PATTERNS: list[tuple[str | re.Pattern[str], str]] = []
# May be set before the first `setup_l2_logger`.
FLUSH_INTERVAL = 0.25  # seconds
COLLECTOR_URL = "http://localhost:8010/ingest"
SPOOL_DIRECTORY = (
    "/tmp/l2-logs-spool"  # noqa: S108  # the place that people know; used only if it is this user's own
    if os.name == "posix"
    else os.path.join(tempfile.gettempdir(), "l2-logs-spool")  # noqa: PTH118
)

_CONSOLE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_ON_EVENTS = (
    "script_name",
    "script_path",
    "module",
    "function",
    "line",
    "level",
    "error_type",
    "stack_trace",
    "stack_fingerprint",
    "dedupe_key",
)


def setup_l2_logger(script_name: str, script_path: str, l2_level: int | str = logging.ERROR) -> logging.Logger:
    """Return the script's logger: everything from INFO on goes to the console, from *l2_level* on to the collector as well."""
    logger = logging.getLogger(script_name)
    for handler in [handler for handler in logger.handlers if isinstance(handler, (_Console, _ToCollector))]:
        logger.removeHandler(handler)  # set up anew
    console = _Console()
    console.setFormatter(logging.Formatter(_CONSOLE))
    logger.addHandler(console)
    to_collector = _ToCollector(Script(str(script_name), str(script_path)), l2_level)
    logger.addHandler(to_collector)
    logger.setLevel(min(logging.INFO, to_collector.level))
    logger.propagate = False  # else a root logger would print each line again
    _ready_courier()
    return logger


def get_metrics() -> dict[str, int]:
    """Return the counts of this process: envelopes dropped, spooled, published, rejected by the collector, and waiting."""
    courier = _courier
    counts = courier.counts.counts() if courier is not None else {}
    names = ("dropped_logs", "spool_writes", "published", "rejected")
    return {**{name: counts.get(name, 0) for name in names}, "queued": courier.waiting if courier is not None else 0}


class _Console(_StreamHandler):
    """The console of a script."""


class _ToCollector(logging.Handler):
    """Sends records to the collector, and emits them."""

    def __init__(self, script: Script, level: int | str) -> None:
        super().__init__(level)
        self._script = script
        self._redactor: tuple[tuple[Any, ...], Redactor] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Hand *record* over; never raises, never waits."""
        try:
            envelope = make_envelope(record, self._script, self._current_redactor())
            _ready_courier().put(encode_envelope(envelope))
            self._emit_event(envelope)
        except Exception as error:
            if is_interrupt(error):
                raise
            count("compat_call_failed")

    def _current_redactor(self) -> Redactor:
        patterns = tuple(REDACTION_PATTERNS)
        if self._redactor is None or self._redactor[0] != patterns:
            self._redactor = patterns, _make_redactor(patterns)
        return self._redactor[1]

    def _emit_event(self, envelope: dict[str, Any]) -> None:
        # Of the envelope, from which the script's own patterns have taken their secrets already.
        metadata = envelope["metadata"]
        message = envelope["content"].removeprefix(f"{self._script.name}: ")
        attributes = {key: metadata[key] for key in _ON_EVENTS if metadata[key] != ""}
        attributes["citizen_id"] = envelope["citizen_id"]
        if metadata["error_type"]:
            attributes |= {
                "exception.type": metadata["error_type"],
                "exception.stacktrace": attributes.pop("stack_trace"),
            }
        emit("script_error", message, severity=envelope["severity"], attributes=attributes)


def _make_redactor(patterns: tuple[Any, ...]) -> Redactor:
    try:
        return make_redactor(patterns)
    except (ConfigurationError, TypeError, ValueError) as error:
        count("compat_bad_setting")
        process.current().notices.warn(
            "compat_patterns", f"texts of errors are withheld until REDACTION_PATTERNS can be used: {error}"
        )
        # What they were to hide nobody knows. That there was an error, and where, is told all the same.
        return make_redactor([(r"(?s).+", MARKER)])


_courier: ScriptCourier | None = None


def _ready_courier() -> ScriptCourier:
    """Return this process's courier, made and started if there is none."""
    global _courier
    courier = _courier
    if courier is None:
        courier = ScriptCourier(
            COLLECTOR_URL,
            JsonSpool(SPOOL_DIRECTORY, instead=_other_spool),
            capacity=lambda: QUEUE_CAPACITY,
            batch=lambda: BATCH_SIZE,
            interval=FLUSH_INTERVAL,
        )
        _courier = courier
        courier.start(_end)
    return courier


def _other_spool() -> Path:
    """Return where envelopes wait if that folder is another user's, as in /tmp it may be."""
    return state_directory() / "script-spool"


def _end() -> None:
    if _courier is not None:
        _courier.end()


def _begin_anew() -> None:
    """In a forked child: what waits is the parent's to bring, and its thread is not here."""
    global _courier
    _courier = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
atexit.register(_end)
