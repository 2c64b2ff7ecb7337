"""Errors by what is the same about them, as a list to choose from."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.widgets import OptionList

from otel_events.reading.analysis.error_groups import ErrorGroups as Groups
from otel_events.reading.failure import kind_of, said_of
from otel_events.reading.texts import show_ago
from otel_events.tui.answer import Answer
from otel_events.tui.detail import Detail
from otel_events.tui.look import BOLD, DIM, OLDER, by_severity
from otel_events.tui.panels.lines import fitting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import BindingType

    from otel_events.reading.analysis.error_groups import ErrorGroup
    from otel_events.reading.record import Record
    from otel_events.tui.errands import Errand

_MOST = 500
_MAX_TEXT = 400


def group_errors(records: Iterable[Record]) -> list[ErrorGroup]:
    """Return the groups of the errors among *records*, the largest first."""
    groups = Groups()
    for record in records:
        groups.add(record)
    return groups.largest()[:_MOST]


class ErrorGroups(Answer):
    """Groups of errors; Enter shows the latest of one.

    Args:
        errand: that makes them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("x", "dismiss", "Back"),
        ("j", "down", "Down"),
        ("k", "up", "Up"),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    ErrorGroups > OptionList { height: 1fr; }
    """

    def __init__(self, errand: Errand) -> None:
        self._groups: list[ErrorGroup] = []
        self._list = OptionList()
        super().__init__(errand, self._list)

    def show(self, groups: list[ErrorGroup], *, has_all: bool) -> None:
        """Show *groups*, the largest first.

        Args:
            groups: of all errors that are known.
            has_all: no older events wait to be read, among which may be more.
        """
        self._groups = groups
        self._list.add_options([_describe(group) for group in groups])
        self._list.action_first()
        errors, count = sum(group.count for group in groups), len(groups)
        said = f"{errors:,} error{'s' * (errors != 1)} in {count:,} group{'s' * (count != 1)}"
        self.answer(said + ("" if has_all else OLDER))

    def action_down(self) -> None:
        """Go to the next group."""
        self._list.action_cursor_down()

    def action_up(self) -> None:
        """Go to the group before."""
        self._list.action_cursor_up()

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
