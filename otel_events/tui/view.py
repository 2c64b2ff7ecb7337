"""What of the events is shown, and how: the filter, roll-ups, groups."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from otel_events.filter_language import FilterSettings, parse_filter
from otel_events.reading.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.reading.record import Record

GroupBy: TypeAlias = Literal["", "episode", "cycle", "task"]
GROUPS: tuple[GroupBy, ...] = ("", "episode", "cycle", "task")
_KEYS = {"episode": "episode", "cycle": "cycle", "task": "task_id"}


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at events.

    Attributes:
        text: the filter, as it was written.
        filter: the same, parsed.
        rolls_up: frequent types are one row a second.
        group_by: a heading stands where this changes; empty for none.
        shows_own: what writers say of themselves is shown too.
        is_per_env: what is rolled up has a row for each environment. How many there are decides it, nobody asks for it: so views
            that differ in nothing else are the same.
    """

    text: str = ""
    filter: FilterSettings = FilterSettings()  # noqa: RUF009  # it is frozen
    rolls_up: bool = True
    group_by: GroupBy = ""
    shows_own: bool = False
    is_per_env: bool = field(default=True, compare=False)

    def with_filter(self, text: str) -> View:
        """Return the same with another filter, or raise FilterError."""
        return replace(self, text=text.strip(), filter=parse_filter(text))

    def next_group(self) -> View:
        """Return the same with the next way to group."""
        return replace(self, group_by=GROUPS[(GROUPS.index(self.group_by) + 1) % len(GROUPS)])

    def compile(self) -> Callable[[Record], bool] | None:
        """Return what tells whether a record is shown, None if every one is."""
        return Selection(self.filter, hides_own=not self.shows_own).compile()

    def group_of(self, record: Record) -> str:
        """Return the name of the group that *record* is in; empty if it is in none."""
        if not self.group_by:
            return ""
        value = record.text(_KEYS[self.group_by])
        if not value:
            return ""
        return f"{self.group_by} {record.text('task_name') or value if self.group_by == 'task' else value}"
