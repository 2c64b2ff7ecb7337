"""Views that somebody saved under the digits 1 to 9, in a private file that outlives the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from otel_events.files import make_private_directory, replace_file
from otel_events.filter_language import FilterError
from otel_events.state_directory import state_directory
from otel_events.tui.view import GROUPS, View

if TYPE_CHECKING:
    from pathlib import Path

DIGITS = range(1, 10)
_LARGEST = 1 << 16  # bytes; nobody's filters are longer


class SavedViewsError(Exception):
    """The file cannot be read or written; the text says why."""


class SavedViews:
    """The file, read anew whenever it matters: another screen may have saved something.

    Attributes:
        views: by their digits, as they were when the file was last read.
    """

    def __init__(self) -> None:
        self.views: dict[int, View] = {}

    def digit_of(self, view: View) -> int | None:
        """Return the digit under which *view* is saved, None if it is under none."""
        return next((digit for digit, saved in self.views.items() if saved == view), None)

    def read(self) -> None:
        """Read the file, or raise SavedViewsError; then there are no views."""
        self.views = {}
        try:
            path = _path()
            if not path.is_file():
                return
            with path.open("rb") as file:
                content = file.read(_LARGEST)
        except OSError as error:
            raise SavedViewsError(f"saved views cannot be read: {error.strerror or error}") from error
        self.views = _parse(content, path)

    def save(self, digit: int, view: View) -> None:
        """Save *view* under *digit*, or forget what is there if it is the view that everything begins with; or raise SavedViewsError."""
        self.read()  # what cannot be read is not written over
        views = {**self.views, digit: view}
        if view == View():
            del views[digit]
        try:
            _write(views)
        except OSError as error:
            raise SavedViewsError(f"not saved: {error.strerror or error}") from error
        self.views = views


def describe(view: View) -> str:
    """Return *view* in a few words."""
    words = [view.text or "all events"]
    words += [f"by {view.group_by}"] * bool(view.group_by)
    words += ["every event"] * (not view.rolls_up)
    return ", ".join(words)


def _path() -> Path:
    return state_directory() / "tui" / "views.json"


def _parse(content: bytes, path: Path) -> dict[int, View]:
    try:
        found = orjson.loads(content)
    except ValueError as error:
        raise SavedViewsError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise SavedViewsError(f"{path} must hold an object of views by their digits")
    views = {}
    for digit, facts in sorted(found.items()):
        if digit not in map(str, DIGITS):
            raise SavedViewsError(f"{path}: {digit!r} is no digit from 1 to 9")
        try:
            views[int(digit)] = _view(facts)
        except (FilterError, TypeError, ValueError) as error:
            raise SavedViewsError(f"{path}, view {digit}: {error}") from error
    return views


def _view(facts: Any) -> View:
    if not isinstance(facts, dict):
        raise TypeError("it must be an object")
    text, group, rolls_up = facts.get("filter", ""), facts.get("group_by", ""), facts.get("rolls_up", True)
    if not isinstance(text, str) or not isinstance(rolls_up, bool):
        raise TypeError("its filter must be a text, its rolls_up true or false")
    if group not in GROUPS:
        raise ValueError(f"group_by must be one of {', '.join(filter(None, GROUPS))}, or empty")
    return View(rolls_up=rolls_up, group_by=group).with_filter(text)


def _write(views: dict[int, View]) -> None:
    root, path = state_directory(), _path()
    make_private_directory(path.parent, root)
    facts = {
        str(digit): {"filter": view.text, "group_by": view.group_by, "rolls_up": view.rolls_up}
        for digit, view in sorted(views.items())
    }
    replace_file(path, orjson.dumps(facts, option=orjson.OPT_INDENT_2))
