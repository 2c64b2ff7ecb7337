"""What the keys 1 to 9 do: show a saved view, or else one environment or persona alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from otel_events.reading.harmless import harmless
from otel_events.tui.saved_views import SavedViews, SavedViewsError, describe
from otel_events.tui.view import View

if TYPE_CHECKING:
    from otel_events.tui.panels.groups import Groups


class _Log(Protocol):
    """The widget that has the view."""

    groups: Groups

    @property
    def app(self) -> Any: ...
    @property
    def view(self) -> View: ...
    def show_as(self, view: View) -> None: ...
    def say(self, text: str) -> None: ...


class Digits:
    """Nine keys.

    Args:
        log: whose view they change.

    Attributes:
        saved: views, by digits.
    """

    def __init__(self, log: _Log) -> None:
        self._log = log
        self._before = View()
        self.saved = SavedViews()

    def read(self) -> None:
        """Read the saved views; say what is wrong with them."""
        try:
            self.saved.read()
        except SavedViewsError as error:
            self._log.say(str(error))
        self._log.groups.taken = frozenset(self.saved.views)

    def press(self, digit: int) -> None:
        """Show what *digit* stands for; if it is shown already, go back."""
        self.read()
        saved = self.saved.views.get(digit)
        if saved is None:
            self._show_alone(digit)
        elif saved != self._log.view:
            self._show(saved)
        else:
            self.leave()

    def leave(self) -> bool:
        """Go back from a saved view to what was shown before it; return whether one was shown."""
        is_shown = self.saved.digit_of(self._log.view) is not None
        if is_shown:
            self._log.show_as(self._before)
        return is_shown

    def ask(self) -> None:
        """Ask under which digit the present view is to be saved, and save it there."""
        from otel_events.tui.save_view import SaveView

        self.read()
        self._log.app.push_screen(SaveView(self._log.view, self.saved.views), self._save)

    def _save(self, digit: int | None) -> None:
        if digit is None:
            return
        view = self._log.view
        try:
            self.saved.save(digit, view)
        except SavedViewsError as error:
            self._log.say(str(error))
            return
        self._log.groups.taken = frozenset(self.saved.views)
        is_kept = digit in self.saved.views
        self._log.say(f"{digit} shows now: {harmless(describe(view))}" if is_kept else f"{digit} shows no view now")

    def _show(self, view: View) -> None:
        if self.saved.digit_of(self._log.view) is None:
            self._before = self._log.view
        self._log.show_as(view)

    def _show_alone(self, digit: int) -> None:
        listed = self._log.groups.listed()
        if digit > len(listed):
            return
        key, value = listed[digit - 1]
        sign = "'" if '"' in value else '"'
        is_word = value.replace("-", "").replace("_", "").isalnum()
        wanted = f"{key}={value}" if is_word else f"{key}={sign}{value}{sign}"
        if sign in value or harmless(value) != value:
            self._log.say("this name cannot be written in a filter")
            return
        view = self._log.view
        self._log.show_as(view.with_filter("" if view.text == wanted else wanted))
