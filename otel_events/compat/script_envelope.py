"""What the collector of script errors is told of one log record: the envelope."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
import traceback
from dataclasses import dataclass
from pathlib import PurePath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from otel_events.accounting import Tally
from otel_events.interrupts import is_interrupt
from otel_events.notices import Notices
from otel_events.redaction import RedactionSettings, Redactor
from otel_events.values import freeze

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

MARKER = "<REDACTED>"
MAX_CONTENT = 500  # characters
MAX_STACK_LINES, MAX_STACK_BYTES = 60, 16 * 1024
MAX_BODY_BYTES = 64 * 1024
_CUT = "...<truncated>"
_FRAMES = 5
_GRADES = (
    (logging.CRITICAL, "critical", 0.95),
    (logging.ERROR, "error", 0.7),
    (logging.WARNING, "warn", 0.4),
    (0, "info", 0.2),
)


@dataclass(frozen=True, slots=True)
class Script:
    """Whose records they are.

    Attributes:
        name: of the script.
        path: of it, relative to the repository.
    """

    name: str
    path: str

    @property
    def citizen_id(self) -> str:
        """The path in one word: `code_substrate_a_b_c_py` for `a/b/c.py`."""
        return "code_substrate_" + re.sub(r"[\\/.]+", "_", self.path).strip("_")


def make_redactor(patterns: Sequence[tuple[Any, str]]) -> Redactor:
    """Return what takes secrets, and what *patterns* find, out of envelopes; or raise ConfigurationError."""
    settings = RedactionSettings(marker=MARKER, patterns=tuple((pattern, other) for pattern, other in patterns))
    return Redactor(settings, Tally(), Notices())


def make_envelope(record: logging.LogRecord, script: Script, redactor: Redactor) -> dict[str, Any]:
    """Return the envelope of *record*, without secrets."""
    message = redactor.text(_message(record))
    severity, urgency = next((word, urgency) for level, word, urgency in _GRADES if record.levelno >= level)
    kind, _, trace = record.exc_info if record.exc_info and record.exc_info[0] else (None, None, None)
    error_type = kind.__name__ if kind is not None else ""
    fingerprint = _fingerprint(trace, record)
    milliseconds = int(record.created * 1000)
    return {
        "type": "membrane.inject",
        "citizen_id": script.citizen_id,
        "channel": f"signals.script.{script.name}",
        "content": f"{script.name}: {message}"[:MAX_CONTENT],
        "severity": severity,
        "features_raw": {"urgency": urgency, "novelty": 0.25, "trust": 0.9},
        "metadata": {
            "stimulus_id": f"script_log_{script.name}_{milliseconds}_{secrets.token_hex(4)}",
            "origin": "script_logger",
            "timestamp_ms": milliseconds,
            "signal_type": "script_error",
            "dedupe_key": _sha1(f"{script.name}|{error_type}|{message}|{fingerprint}"),
            "stack_fingerprint": fingerprint,
            "script_name": script.name,
            "script_path": script.path,
            "module": record.module,
            "function": record.funcName,
            "line": record.lineno,
            "level": record.levelname,
            "error_type": error_type,
            "stack_trace": _stack(record, redactor),
        },
    }


def encode_envelope(envelope: dict[str, Any]) -> bytes:
    """Return *envelope* as JSON of 64 KB at most: the stack trace is the first to go."""
    body = _dump(envelope)
    if len(body) > MAX_BODY_BYTES:
        envelope["metadata"]["stack_trace"] = _CUT
        body = _dump({**_shortened(envelope), "metadata": _shortened(envelope["metadata"])})
    return body


def _shortened(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: value[:MAX_CONTENT] if isinstance(value, str) else value for key, value in mapping.items()}


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # arguments that do not fit: the console complains, and the collector has what there is
        if is_interrupt(error):
            raise
        return str(freeze(record.msg))  # also of an object that fails to say what it is


def _dump(envelope: dict[str, Any]) -> bytes:
    return json.dumps(envelope, ensure_ascii=False, default=str).encode("utf-8", "replace")


def _stack(record: logging.LogRecord, redactor: Redactor) -> str:
    """Return the stack trace within its limits; empty if the record has none."""
    text = record.exc_text or ""
    if record.exc_info:  # where there was no exception, the console has made "NoneType: None" of it
        text = "" if record.exc_info[0] is None else "".join(traceback.format_exception(*record.exc_info))
    text = redactor.text(text or record.stack_info or "").rstrip("\n")
    lines = text.split("\n")
    cut = "\n".join(lines[:MAX_STACK_LINES]).encode("utf-8", "replace")[:MAX_STACK_BYTES].decode("utf-8", "ignore")
    return text if len(cut) >= len(text) else f"{cut}\n{_CUT}"


def _fingerprint(trace: TracebackType | None, record: logging.LogRecord) -> str:
    """Return what tells one error from another, whatever line it is in and wherever the script lies."""
    frames = [(frame.f_code.co_filename, frame.f_code.co_name) for frame, _ in traceback.walk_tb(trace)]
    places = frames[-_FRAMES:] or [(record.pathname, record.funcName)]
    return _sha1("|".join(f"{_file_name(file)}::{function}" for file, function in places))


def _file_name(path: str) -> str:
    return PureWindowsPath(path).name if "\\" in path else PurePath(path).name


def _sha1(text: str) -> str:
    # Names an error, and protects nothing.
    return hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
