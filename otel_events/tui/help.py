"""The keys, and what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from otel_events.reading.harmless import harmless
from otel_events.tui.look import BOLD, DIM
from otel_events.tui.saved_views import describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from otel_events.tui.view import View

_KEYS = (
    ("j k, arrows, PgUp PgDn", "move"),
    ("g  G", "first of all events; newest, and follow"),
    ("f", "follow, or stay here"),
    ("Space", "pause: what comes waits, and is counted"),
    ("/", "filter; Tab completes, Ctrl+N only marks"),
    ("n  N", "next match, match before"),
    ("e  E", "next error, error before"),
    ("[  ]", "episode or cycle before, next one"),
    ("1-9", "a saved view, else one env or persona; or back"),
    ("v", "save filter, groups, roll-up under a digit"),
    ("r", "frequent types: by the second, or each event"),
    ("o", "group by episode, cycle, task, not at all"),
    ("Enter", "all of an event; there c copies it"),
    ("t  T", "story of its task; its trace"),
    ("a", "alerts"),
    ("x", "errors, by what is the same about them"),
    ("p", "panels beside the events"),
    ("s", "save what is shown as JSONL"),
    ("Esc", "end what takes long; back; no marks, no filter"),
    ("Ctrl+P", "themes and the like"),
    ("q", "end"),
)
_FILTER = (
    ("task.*", "events of that name; * ? [...] as in names of files"),
    ("persona=thesis", "an attribute or fact; != is the opposite"),
    ("quality>0.8  duration>50ms", "numbers and times: > >= < <="),
    ("severity>=warn", "trace debug info warn error fatal"),
    ('"timed out"', "a text anywhere in it"),
    ("a b, c   -a", "spaces: all of it; commas: one of them; minus: not"),
)


class Help(ModalScreen[None]):
    """A page of keys, of the filter language and of saved views.

    Args:
        saved: views, by digits.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,question_mark", "app.pop_screen", "Back")]
    DEFAULT_CSS: ClassVar[str] = """
    Help { align: center middle; }
    Help > VerticalScroll { width: 76; max-width: 100%; height: auto; max-height: 100%; background: $surface;
                            border: round $primary; padding: 0 1; }
    """

    def __init__(self, saved: Mapping[int, View]) -> None:
        super().__init__()
        self._saved = saved

    def compose(self) -> ComposeResult:
        """Make the tables."""
        views = [(str(digit), harmless(describe(view))) for digit, view in sorted(self._saved.items())]
        scroll = VerticalScroll(*_titled("", _KEYS), *_titled("Saved views", views), *_titled("A filter", _FILTER))
        scroll.border_title = "Keys"
        scroll.border_subtitle = "Esc back"
        yield scroll


def _titled(title: str, rows: Sequence[tuple[str, str]]) -> Iterator[Static]:
    if title and rows:
        yield Static(Text(f"\n{title}", style=DIM))
    if rows:
        yield Static(_table(rows))


def _table(rows: Sequence[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for key, text in rows:
        table.add_row(Text(key, style=BOLD), Text(text))
    return table
