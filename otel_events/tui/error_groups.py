"""Errors by what is the same about them, as a list to choose from."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static

from otel_events.reading.analysis.error_groups import ErrorGroups as Groups
from otel_events.reading.failure import kind_of, said_of
from otel_events.reading.texts import show_ago
from otel_events.tui.detail import Detail
from otel_events.tui.look import BOLD, DIM, OLDER, by_severity
from otel_events.tui.panels.lines import fitting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from otel_events.reading.analysis.error_groups import ErrorGroup
    from otel_events.reading.record import Record

_MOST = 500
_MAX_TEXT = 400


def group_errors(records: Iterable[Record]) -> list[ErrorGroup]:
    """Return the groups of the errors among *records*, the largest first."""
    groups = Groups()
    for record in records:
        groups.add(record)
    return groups.largest()[:_MOST]


class ErrorGroups(Screen[None]):
    """Groups of errors; Enter shows the latest of one.

    Args:
        groups: the largest first.
        has_all: no older events wait to be read, among which may be more.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,x", "app.pop_screen", "Back"),
        ("j", "down", "Down"),
        ("k", "up", "Up"),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    ErrorGroups > #head { height: 1; text-style: bold; padding: 0 1; }
    ErrorGroups > OptionList { height: 1fr; }
    """

    def __init__(self, groups: list[ErrorGroup], *, has_all: bool) -> None:
        super().__init__()
        self._groups = groups
        self._older = "" if has_all else OLDER

    def compose(self) -> ComposeResult:
        """Make the list."""
        errors, groups = sum(group.count for group in self._groups), len(self._groups)
        said = f"{errors:,} error{'s' * (errors != 1)} in {groups:,} group{'s' * (groups != 1)}"
        yield Static(said + self._older, id="head", markup=False)
        yield OptionList(*(_describe(group) for group in self._groups))
        yield Footer()

    def on_mount(self) -> None:
        """Let the keys go to the list."""
        self.query_one(OptionList).focus()

    def action_down(self) -> None:
        """Go to the next group."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Go to the group before."""
        self.query_one(OptionList).action_cursor_up()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show the latest error of the group."""
        self.app.push_screen(Detail(self._groups[event.option_index].example))


def _describe(group: ErrorGroup) -> Text:
    record = group.example
    now = time.time()
    return Text.assemble(
        (f"{group.count:>7,}", by_severity(max(record.severity, 17))),
        (f"  first {show_ago(group.first, now):<8} last {show_ago(group.last, now):<8}  ", DIM),
        (fitting(" ".join(filter(None, (record.name, kind_of(record)))), 60, "…"), BOLD),
        "  ",
        fitting(said_of(record), _MAX_TEXT, "…"),
        no_wrap=True,
        overflow="ellipsis",
    )
