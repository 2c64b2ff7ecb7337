"""All of one event: typed attributes, the stack in colours, what else happened in its task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from rich.console import Group
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from otel_events.reading.harmless import harmless, harmless_json
from otel_events.reading.texts import show_local, show_seconds, show_value
from otel_events.reading.whereabouts import STACKS
from otel_events.tui.look import BOLD, DIM, by_severity, named
from otel_events.tui.panels.lines import fitting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from otel_events.reading.record import Record

_FACTS = ("trace_id", "span_id", "parent_span_id", "uid", "service", "scope", "given_name")
_KINDS = {str: "text", bool: "bool", int: "int", float: "double", list: "array", dict: "map", bytes: "bytes"}
_MAX_VALUE = 20_000
_MAX_STACK_LINES = 400
_MOST_COPIED = 75_000  # terminals take 100,000 bytes of base64; more they drop, or show
_WIDEST_KEY = 32


class Detail(ModalScreen[str]):
    """One event, raw and whole. Answers `t` or `T` if its task's story or its trace is wanted, else nothing.

    Args:
        record: the event.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,enter", "leave", "Back"),
        ("c,y", "copy", "Copy as JSON"),
        ("t", "answer('t')", "Story of the task"),
        ("T", "answer('T')", "Trace"),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    Detail { align: center middle; }
    Detail > VerticalScroll { width: 95%; max-width: 120; height: 90%; background: $surface; border: round $primary; padding: 0 1; }
    Detail Static { width: 100%; }
    """

    def __init__(self, record: Record) -> None:
        super().__init__()
        self.record = record

    def compose(self) -> ComposeResult:
        """Make the one scrolled text."""
        scroll = VerticalScroll(Static(Group(*self._parts())), Static(id="neighbours"))
        scroll.border_title = Text(harmless(self.record.name or "(log)"))
        scroll.border_subtitle = "c copy · t task · T trace · Esc back"
        yield scroll

    def show_neighbours(self, records: Sequence[Record]) -> None:
        """Add what happened around the event in its task, in order; they are read while the event is shown already."""
        if records and self.is_attached:
            lines = [Text("\nin the same task", style=DIM), *map(self._neighbour, records)]
            self.query_one("#neighbours", Static).update(Group(*lines))

    def action_leave(self) -> None:
        """Close it."""
        self.dismiss("")

    def action_answer(self, wanted: str) -> None:
        """Close it, and say what is wanted instead."""
        self.dismiss(wanted)

    def action_copy(self) -> None:
        """Give the event's line to the terminal's clipboard (OSC 52)."""
        text = harmless_json(self.record.line().decode("utf-8", "replace")).rstrip("\n")
        if len(text) > _MOST_COPIED:
            self.notify(
                f"{len(text):,} characters are too many for a terminal's clipboard", severity="warning", timeout=4
            )
            return
        self.app.copy_to_clipboard(text)
        self.notify("copied as JSON, if the terminal allows it (OSC 52)", timeout=2)

    def _parts(self) -> Iterator[RenderableType]:
        record = self.record
        yield Text.assemble(
            (show_local(record.timestamp), DIM), "  ", (record.severity_name, by_severity(record.severity))
        )
        message = record.text("message")
        if message:
            yield Text(harmless(message[:_MAX_VALUE]), style=BOLD)
        yield Text()
        attributes = [(key, value) for key, value in record.all_attributes.items() if key not in STACKS]
        facts = [(key, record.get(key)) for key in _FACTS if record.get(key)]
        width = min(
            _WIDEST_KEY, max((cell_len(harmless(key[:_MAX_VALUE])) for key, _ in attributes + facts), default=0)
        )
        yield _table(attributes, width)
        if facts:
            yield Text()
            yield _table(facts, width)
        for key in STACKS:
            if stack := record.text(key):
                yield Text(f"\n{key}", style=DIM)
                yield _stack(stack)

    def _neighbour(self, other: Record) -> Text:
        seconds = (other.timestamp - self.record.timestamp) / 1e9
        apart = ("+" if seconds >= 0 else "-") + show_seconds(abs(seconds)).replace(" ", "")
        is_here = other.text("uid") == self.record.text("uid")
        said = fitting(f"{other.name}  {other.text('message')}", 90, "…")
        return Text.assemble((f"{'here' if is_here else apart:>10} ", DIM), (said, by_severity(other.severity)))


def _table(pairs: Sequence[tuple[str, Any]], width: int) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(overflow="fold", width=width)
    table.add_column(width=6)
    table.add_column(overflow="fold")
    for key, value in pairs:
        table.add_row(
            Text(harmless(key[:_MAX_VALUE]), style=named(key)),
            Text(_KINDS.get(type(value), type(value).__name__), style=DIM),
            Text(show_value(value)[:_MAX_VALUE]),
        )
    return table


def _stack(text: str) -> Text:
    lines = text.splitlines()
    if len(lines) > _MAX_STACK_LINES:
        lines = [*lines[:5], f"... {len(lines) - _MAX_STACK_LINES:,} lines ...", *lines[5 - _MAX_STACK_LINES :]]
    safe = "\n".join(harmless(line[:500]) for line in lines)
    # Its text alone: a background of its own would be a box in the terminal's black.
    return Syntax("", "pytb", theme="ansi_dark").highlight(safe)
