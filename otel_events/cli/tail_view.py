"""Events as single lines for people who watch: coloured, indented, frequent ones summed up."""

from __future__ import annotations

import shutil
import sys
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from otel_events.cli.colours import palette_for
from otel_events.reading.analysis.pairs import part_of
from otel_events.reading.frequent import Frequent, Rush
from otel_events.reading.harmless import harmless
from otel_events.reading.texts import own_message, show_local, show_pairs, show_seconds
from otel_events.reading.whereabouts import STACKS

if TYPE_CHECKING:
    from otel_events.reading.record import Record

_TIMES = "\N{MULTIPLICATION SIGN}"
_WARN = 13
_WINDOW = 1_000_000_000  # nanoseconds over which frequent types are summed up
_MAX_TASKS = 10_000
_DEEPEST = 8
_DELTA_WIDTH = 8
_SEVERITY_WIDTH = len("ERROR")
_SOURCE_WIDTH = 24
_LONG = frozenset({*STACKS, "duration", "task_name"})


class TailView:
    """Write a line for each event to standard output.

    Args:
        rolls_up: show types that the catalogue calls frequent as one line a second with a count; on a terminal also any
            other, while more of it come than anybody reads.
    """

    def __init__(self, *, rolls_up: bool) -> None:
        self._palette = palette_for()
        self._rolls_up = rolls_up
        self._is_frequent = Frequent()
        self._is_in_rush = Rush()
        self._depths: OrderedDict[str, int] = OrderedDict()
        self._names: OrderedDict[str, str] = OrderedDict()
        self._rolled: dict[tuple[str, str], _RolledUp] = {}
        self._before = 0
        self._day = time.strftime("%Y-%m-%d")
        self._width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None

    def show(self, record: Record) -> None:
        """Write *record*, or count it for a line to come."""
        self._finish_windows(record.timestamp)
        if self._rolls_up and (self._is_frequent(record) or (self._width is not None and self._is_in_rush(record))):
            key = (record.name, _source(record))
            rolled = self._rolled.get(key)
            if rolled is None:
                rolled = self._rolled[key] = _RolledUp(record)
            rolled.add(record)
            return
        self._write(record, 1)

    def tick(self) -> None:
        """Write what has been summed up for a second, and let it be seen."""
        now = time.monotonic()
        for key, rolled in list(self._rolled.items()):
            if now - rolled.began >= _WINDOW / 1e9:
                self._write(self._rolled.pop(key).last, rolled.count)
        sys.stdout.flush()

    def finish(self) -> None:
        """Write what is being summed up still."""
        for rolled in self._rolled.values():
            self._write(rolled.last, rolled.count)
        self._rolled.clear()
        sys.stdout.flush()

    def _finish_windows(self, timestamp: int) -> None:
        for key, rolled in list(self._rolled.items()):
            if abs(timestamp - rolled.first.timestamp) >= _WINDOW:
                self._write(self._rolled.pop(key).last, rolled.count)

    def _write(self, record: Record, count: int) -> None:
        palette = self._palette
        clock, delta = self._times(record, is_one=count == 1)
        source = _source(record)
        name = record.name or "(log)"
        times = f"{count:,}{_TIMES} " if count > 1 else ""
        head = harmless(f"{'│ ' * self._depth(record)}{times}{name}")
        said = self._said(record)
        taken = len(clock) + _DELTA_WIDTH + _SEVERITY_WIDTH + _SOURCE_WIDTH + len(head) + 9  # spaces between
        if self._width is not None and taken + len(said) > self._width:
            said = said[: max(0, self._width - taken - 1)] + "…" if taken < self._width else ""
        shown = palette.by_severity(f"{head}  {said}".rstrip(), record.severity)
        if record.severity < _WARN:
            shown = f"{palette.bold(head)}  {said}".rstrip()
        coloured = palette.named(harmless(source)[:_SOURCE_WIDTH].ljust(_SOURCE_WIDTH), source)
        severity = _severity(record).ljust(_SEVERITY_WIDTH)
        severity = palette.by_severity(severity, record.severity) if record.severity >= _WARN else palette.dim(severity)
        sys.stdout.write(f"{palette.dim(f'{clock} {delta.rjust(_DELTA_WIDTH)}')}  {severity}  {coloured}  {shown}\n")

    def _times(self, record: Record, *, is_one: bool) -> tuple[str, str]:
        text = show_local(record.timestamp) or "-"
        clock = text.removeprefix(f"{self._day} ")
        if not is_one:
            return clock, ""  # it is as late as its second was long
        seconds = (record.timestamp - self._before) / 1e9 if self._before and record.timestamp else None
        self._before = record.timestamp or self._before
        if seconds is None:
            return clock, ""
        return clock, ("+" if seconds >= 0 else "-") + show_seconds(abs(seconds)).replace(" ", "")

    def _said(self, record: Record) -> str:
        took = record.duration
        parts = [
            harmless(self._task_name(record)),
            harmless(own_message(record)),
            f"({show_seconds(took)})" if took is not None else "",
            show_pairs(record, leave_out=_LONG),
        ]
        return " ".join(filter(None, parts))

    def _task_name(self, record: Record) -> str:
        part = part_of(record.name)
        if part is None or part.family != "task":
            return ""
        task_id, name = record.text("task_id"), record.text("task_name")
        if name:
            self._names[task_id] = name
            if len(self._names) > _MAX_TASKS:
                self._names.popitem(last=False)
        return name or self._names.get(task_id, task_id)

    def _depth(self, record: Record) -> int:
        task = record.text("task_id")
        if not task:
            return 0
        parent = record.text("parent_task_id")
        depth = self._depths.get(task)
        if depth is None:
            depth = self._depths.get(parent, 0) + 1 if parent else 0
            self._depths[task] = min(depth, _DEEPEST)
            if len(self._depths) > _MAX_TASKS:
                self._depths.popitem(last=False)
        part = part_of(record.name)
        return depth if part is not None and part.family == "task" else depth + 1


class _RolledUp:
    """Events of one type and source that are being counted."""

    def __init__(self, first: Record) -> None:
        self.first = self.last = first
        self.count = 0
        self.began = time.monotonic()

    def add(self, record: Record) -> None:
        self.count += 1
        self.last = record


def _severity(record: Record) -> str:
    """Return the severity in five letters at most: that of its range, since few know what WARN3 is."""
    return record.severity_name.rstrip("234") if record.severity else ""


def _source(record: Record) -> str:
    service = record.text("service").removeprefix("unknown_service:")
    persona = record.text("persona")
    return f"{service}·{persona}" if service and persona else service or persona
