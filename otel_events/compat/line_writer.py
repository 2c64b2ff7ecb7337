"""Lines appended to one file, in their order, by any number of threads."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from otel_events import runtime
from otel_events.compat.silent import count
from otel_events.interrupts import is_interrupt
from otel_events.ledger.lines import Lines, WaitingLines
from otel_events.ledger.write import LedgerFile

if TYPE_CHECKING:
    import os

_PIECE_BYTES = 4 << 20
_KEPT_BYTES = 8 << 20
_KEPT_LINES = 100_000


class LineWriter:
    """Appends whole lines, each in one write; other programs may append to the same file, with a lock or without.

    What cannot be written waits, and is tried again with the next line. Beyond 8 MiB, and beyond 100,000 lines that nobody
    has tried to write yet, the oldest are dropped and counted as `compat_line_dropped`. For use on any thread, also in a
    signal handler that interrupts itself.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = LedgerFile(
            path, make_header=bytes, rotation=None, follow_symlinks=True, accounts=runtime.capture.accounts
        )
        self._incoming: deque[bytes] = deque()
        self._waiting = WaitingLines()
        self._turn = threading.RLock()
        self._is_writing = False

    def append(self, line: bytes) -> None:
        """Write *line* and all that waits; *line* waits if that fails."""
        self.put(line)
        self.write()

    def put(self, line: bytes) -> None:
        """Let *line* wait for the next `write`."""
        self._incoming.append(line)
        if len(self._incoming) > _KEPT_LINES:
            self._incoming.popleft()
            count("compat_line_dropped")

    def write(self) -> None:
        """Write all that waits, and return when it is written, or cannot be."""
        while True:
            with self._turn:
                if self._is_writing:  # a signal handler: whom it has interrupted goes on with its line, too
                    return
                self._is_writing = True
                try:
                    is_done = self._write_waiting()
                finally:
                    self._is_writing = False
            if not is_done or not self._incoming:
                return

    def let_go(self) -> None:
        """Close the file, as a forked child does with its parent's; what waits is the parent's to write."""
        self._file.close()

    def _write_waiting(self) -> bool:
        while self._incoming or self._waiting:
            self._take_in()
            try:
                self._file.append(self._waiting.first(_PIECE_BYTES).text)
            except Exception as error:
                if is_interrupt(error):
                    raise
                count("compat_write_failed")
                if dropped := self._waiting.drop_beyond(_KEPT_BYTES):
                    count("compat_line_dropped", dropped)
                return False
            self._waiting.remove_first()
        return True

    def _take_in(self) -> None:
        # A copy, in one step: a signal handler may add to it between any two. And only then taken out: Ctrl-C in between may
        # write a line twice, but loses none.
        lines = self._incoming.copy()
        self._waiting.add(Lines(b"".join(lines), len(lines)))
        for _ in lines:
            self._incoming.popleft()
