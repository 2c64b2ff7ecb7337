"""Lines that a child process writes about errors: passed through as they come, and made into events."""

from __future__ import annotations

import re
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import otel_events as ev

if TYPE_CHECKING:
    import subprocess

USUAL = re.compile(r"(?i)\b(?:error|exception|fatal|panic|critical|failed|traceback)\b")
_TRACEBACK = "Traceback (most recent call last):"
_LAST_LINE = re.compile(r"(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?")
_CHUNK = 1 << 16
_MAX_LINE = 1 << 16
_MAX_STACK = 500  # lines
# A grandchild may keep the pipe open for ever after the child has ended.
_PATIENCE = 1.0


def pass_through(process: subprocess.Popen[bytes], pattern: re.Pattern[str], source: str) -> None:
    """Write what *process* says on standard error to ours, and emit what *pattern* finds, until it has ended."""
    reader = threading.Thread(target=ev.carry(_read), args=(process, ErrorLines(pattern, source)), daemon=True)
    reader.start()
    process.wait()
    reader.join(_PATIENCE)


def _read(process: subprocess.Popen[bytes], lines: ErrorLines) -> None:
    assert process.stderr is not None
    ours = sys.stderr.buffer
    rest = b""
    while chunk := process.stderr.read1(_CHUNK):  # type: ignore[attr-defined]  # it is a BufferedReader
        with suppress(OSError):  # nobody reads ours any more: the child must not wait for that
            ours.write(chunk)
            ours.flush()
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            lines.add(line[:_MAX_LINE].decode("utf-8", "replace").rstrip("\r"))
        rest = rest[:_MAX_LINE]
    if rest:
        lines.add(rest.decode("utf-8", "replace"))
    lines.finish()


class ErrorLines:
    """Make events of lines: one of each that fits, one of a whole Python traceback.

    Args:
        pattern: what to look for in a line.
        source: what the events say they come from.
    """

    def __init__(self, pattern: re.Pattern[str], source: str) -> None:
        self._pattern = pattern
        self._source = source
        self._stack: list[str] = []

    def add(self, line: str) -> None:
        """Take the next line."""
        if line.strip() == _TRACEBACK:
            self.finish()
            self._stack = [line]
        elif self._stack and (not line or line[0].isspace()) and len(self._stack) < _MAX_STACK:
            self._stack.append(line)
        elif self._stack:
            self._emit_traceback(line)
        elif self._pattern.search(line):
            ev.emit("error", line.strip(), severity="error", source=self._source)

    def finish(self) -> None:
        """Emit a traceback that nothing follows."""
        if self._stack:
            self._emit_traceback("")

    def _emit_traceback(self, last: str) -> None:
        stack, self._stack = self._stack, []
        found = _LAST_LINE.fullmatch(last)
        attributes = {"source": self._source, "exception.stacktrace": "\n".join([*stack, last]).rstrip()}
        if found is not None:
            attributes |= {"exception.type": found["type"], "exception.message": found["message"] or ""}
        ev.emit("error", last.strip() or _TRACEBACK, severity="error", attributes=attributes)
