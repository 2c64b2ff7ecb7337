"""A screen that is there as soon as it is asked for, and is filled when what it shows has been found."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.screen import Screen
from textual.widgets import Footer, Static

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.widget import Widget

    from otel_events.tui.errands import Errand

_PAUSE = 0.2  # seconds between two looks at how far the errand is


class Answer(Screen[None]):
    """Whatever is shown below a line that says what it is. So the keys that come after the question are the answer's.

    Args:
        errand: that finds what is to be shown.
        body: shows it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q", "dismiss", "Back")]
    DEFAULT_CSS: ClassVar[str] = """
    Answer > #head { height: 1; text-style: bold; padding: 0 1; }
    """

    def __init__(self, errand: Errand, body: Widget) -> None:
        super().__init__()
        self.errand = errand
        self._body = body
        self._is_answered = False

    def compose(self) -> ComposeResult:
        """Make the line and what is below it."""
        yield Static(str(self.errand), id="head", markup=False)
        yield self._body
        yield Footer()

    def on_mount(self) -> None:
        """Let the keys go to what is shown."""
        self._body.focus()
        self.set_interval(_PAUSE, self._say_how_far)

    def answer(self, text: str) -> None:
        """Say what is shown now."""
        self._is_answered = True
        self.query_one("#head", Static).update(text)

    def _say_how_far(self) -> None:
        if not self._is_answered:
            self.query_one("#head", Static).update(str(self.errand))
