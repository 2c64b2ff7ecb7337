"""The question under which digit the present view is to be saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from otel_events.reading.harmless import harmless
from otel_events.tui.look import BOLD, DIM
from otel_events.tui.saved_views import DIGITS, describe
from otel_events.tui.view import View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult
    from textual.binding import BindingType


class SaveView(ModalScreen["int | None"]):
    """What is saved under each digit. Answers the digit that is pressed, or nothing.

    Args:
        view: that is to be saved; the one that everything begins with frees a digit.
        saved: what there is, by digits.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,v", "dismiss(None)", "Back"),
        *[(str(digit), f"dismiss({digit})", f"Save as {digit}") for digit in DIGITS],
    ]
    DEFAULT_CSS: ClassVar[str] = """
    SaveView { align: center middle; }
    SaveView > VerticalScroll { width: 76; max-width: 100%; height: auto; max-height: 100%; background: $surface;
                                border: round $primary; padding: 0 1; }
    """

    def __init__(self, view: View, saved: Mapping[int, View]) -> None:
        super().__init__()
        self._view = view
        self._saved = saved

    def compose(self) -> ComposeResult:
        """Make the list of digits."""
        is_plain = self._view == View()
        scroll = VerticalScroll(Static(saved_table(self._saved)))
        scroll.border_title = "Saved views" if is_plain else Text(f"Save as view: {harmless(describe(self._view))}")
        does = "saves it there" if not is_plain else "forgets one" if self._saved else "after a filter, o or r"
        scroll.border_subtitle = f"1-9 {does} · Esc back"
        yield scroll


def saved_table(saved: Mapping[int, View]) -> Table:
    """Return what is saved under each digit."""
    table = Table.grid(padding=(0, 2))
    for digit in DIGITS:
        view = saved.get(digit)
        said = Text(harmless(describe(view))) if view is not None else Text("nothing saved", style=DIM)
        table.add_row(Text(str(digit), style=BOLD), said)
    return table
