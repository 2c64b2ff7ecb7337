"""Tasks that run now: how long, and how far they are."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.style import Style

from otel_events.reading.analysis.pairs import part_of
from otel_events.reading.texts import show_seconds
from otel_events.tui.look import named
from otel_events.tui.panels.lines import both_ends, stack

if TYPE_CHECKING:
    from rich.text import Text

    from otel_events.reading.record import Record
    from otel_events.tui.panels.panel import Room

_MAX_TASKS = 10_000
_NUMBERS = frozenset({int, float})
_PERCENT = 100


@dataclass(slots=True)
class _Running:
    name: str
    persona: str
    began: float
    progress: float | None = None


class Tasks:
    """What began and has not ended, the latest first."""

    title = "Running"
    most_lines = 10

    def __init__(self) -> None:
        self._running: OrderedDict[str, _Running] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()
        self.done = self.failed = 0

    def __len__(self) -> int:
        return len(self._running)

    def add(self, record: Record) -> None:
        """Note a task's begin, progress or end."""
        task_id = record.text("task_id")
        if not task_id:
            return
        part = part_of(record.name)
        if part is None or part.family != "task":
            self._note_progress(task_id, record)
        elif part.role == "closes":
            self._end(task_id, record)
        elif task_id not in self._ended:
            name = record.text("task_name") or task_id
            self._running[task_id] = _Running(name, record.text("persona"), record.timestamp / 1e9)
            _bound(self._running)

    def _end(self, task_id: str, record: Record) -> None:
        self._running.pop(task_id, None)
        self._ended[task_id] = None  # its begin may be read later
        _bound(self._ended)
        self.failed += record.name == "task.failed"
        self.done += record.name == "task.completed"

    def _note_progress(self, task_id: str, record: Record) -> None:
        running = self._running.get(task_id)
        value = record.attributes.get("progress")
        if running is not None and type(value) in _NUMBERS and 0 <= value <= _PERCENT:  # type: ignore[operator]  # it is a number
            share = float(value)  # type: ignore[arg-type]  # it is a number
            running.progress = share / _PERCENT if share > 1 else share

    def draw(self, room: Room) -> Text:
        """Return a line for each, with its persona's colour."""
        lines: list[tuple[str, Style]] = []
        for each in sorted(self._running.values(), key=lambda task: -task.began):
            share = f" {each.progress:.0%}" if each.progress is not None else ""
            took = show_seconds(max(0.0, room.now - each.began)).replace(" ", "")
            left = f"{each.name} {each.persona}" if each.persona else each.name
            lines.append((both_ends(left, f"{took}{share}", room), named(each.persona) if each.persona else Style()))
        return stack(lines, room, nothing=f"none; {self.done:,} done, {self.failed:,} failed")


def _bound(table: OrderedDict[str, Any]) -> None:
    if len(table) > _MAX_TASKS:
        table.popitem(last=False)
