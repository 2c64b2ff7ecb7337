"""The list of rows: one view that draws the lines it is asked for, however many rows there are."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from otel_events.tui.look import CURSOR, MATCH, PLAIN, by_severity
from otel_events.tui.row_text import Columns, RowWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events

    from otel_events.reading.record import Record
    from otel_events.tui.look import Signs
    from otel_events.tui.timeline import Key, Row, Timeline

_MAX_STRIPS = 500


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows of a timeline. Where somebody reads, nothing moves: rows before it are added above, new ones below.

    Args:
        timeline: has the rows.
        signs: what the terminal can show.
        is_sparse: few bytes matter more than colours.
    """

    DEFAULT_CSS: ClassVar[str] = """
    LogView { height: 1fr; background: $background; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """

    class Moved(Message):
        """The cursor is somewhere else, or the view follows or no longer does."""

    class Opened(Message):
        """Somebody wants to see all of the row at the cursor."""

    def __init__(self, timeline: Timeline, signs: Signs, *, is_sparse: bool = False) -> None:
        super().__init__()
        self.timeline = timeline
        self.writer = RowWriter(signs, is_sparse=is_sparse)
        self.cursor = 0
        self.follows = True
        self._is_going = False  # the cursor moves, and the rows only with it
        self._marks: Callable[[Record], bool] | None = None
        self._limit: int | None = None
        self._has_env = self._has_persona = self._has_rates = False
        self._strips: OrderedDict[tuple[Key, int], list[Segment]] = OrderedDict()

    @property
    def count(self) -> int:
        """Return how many rows can be seen: while paused, those that there were."""
        return len(self.timeline) if self._limit is None else self._limit

    @property
    def is_paused(self) -> bool:
        """Return whether new rows wait unseen."""
        return self._limit is not None

    def pause(self, *, is_on: bool) -> None:
        """Let new rows wait, or show them."""
        self._limit = len(self.timeline) if is_on else None
        self.show_news()

    def show_news(self) -> None:
        """Show what came below, if the view follows."""
        self.cursor = max(0, min(self.cursor, self.count - 1))
        self.virtual_size = Size(self.size.width, self.count)
        if self.follows and not self.is_paused:
            self.cursor = max(0, self.count - 1)
            # Not `scroll_end`, which waits for the next drawing: by then somebody may have gone elsewhere.
            self._scroll_to_row(self.max_scroll_y)
        self.refresh()

    def show_inserted(self, index: int, count: int) -> None:
        """Show that *count* rows were put before the one that was at *index*: what is at the cursor stays where it is."""
        if not count:
            return
        if self._limit is not None:
            self._limit += count
        is_above = index <= self.cursor
        top = self.scroll_offset.y + (count if is_above else 0)
        self.cursor += count if is_above else 0
        self.show_news()
        if is_above and not (self.follows and not self.is_paused):
            self._scroll_to_row(top)

    def mark(self, fits: Callable[[Record], bool] | None) -> None:
        """Mark the rows whose events fit; None for no marks."""
        self._marks = fits
        self.refresh()

    def forget_rows(self) -> None:
        """Begin anew: the timeline is looked at in another way."""
        self._strips.clear()
        if self._limit is not None:
            self._limit = len(self.timeline)

    def go_to(self, index: int) -> None:
        """Put the cursor on the row at *index* and bring it into view; at the last one the view follows again."""
        self.cursor = max(0, min(index, self.count - 1))
        self._bring_into_view()
        self.follows = self.cursor >= self.count - 1
        self.refresh()
        self.post_message(self.Moved())

    def go_by(self, rows: int) -> None:
        """Move the cursor by so many rows."""
        self.go_to(self.cursor + rows)

    @property
    def cursor_key(self) -> Key:
        """Return which row has the cursor."""
        return self.timeline.key(self.cursor)

    def row(self) -> Row | None:
        """Return the row at the cursor, None if there is none."""
        return self.timeline.row(self.cursor) if 0 <= self.cursor < self.count else None

    def note_facts(self, *, has_env: bool, has_persona: bool) -> None:
        """Take note of which columns there is something for."""
        if (has_env, has_persona) != (self._has_env, self._has_persona):
            self._has_env, self._has_persona = has_env, has_persona
            self._lay_out()

    def render_line(self, y: int) -> Strip:
        """Return the line at *y* of the window."""
        index, width = self.scroll_offset.y + y, self.size.width
        if index >= self.count:
            return Strip.blank(width, self.rich_style)
        row = self.timeline.row(index)
        segments = [*self._segments(row), self.writer.ending(row, time.time())]
        strip = Strip(segments).adjust_cell_length(width).apply_style(self.rich_style)
        if self._marks is not None and row.record is not None and self._marks(row.record):
            strip = strip.apply_style(MATCH)
        if index != self.cursor or self._is_at_end(index):
            return strip
        # In one colour: reversed one by one, those of the columns would be patches.
        loud = by_severity(row.record.severity) if row.record is not None else PLAIN
        return Strip([Segment(strip.text, self.rich_style + loud + CURSOR)], strip.cell_length)

    def _bring_into_view(self) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if self.cursor < top:
            self._scroll_to_row(self.cursor)
        elif self.cursor >= top + height:
            self._scroll_to_row(self.cursor - height + 1)

    def _scroll_to_row(self, index: int) -> None:
        self._is_going = True
        self.scroll_to(y=index, animate=False, force=True)
        self._is_going = False

    def _is_at_end(self, index: int) -> bool:
        return self.follows and not self.has_focus and index == self.count - 1

    def _segments(self, row: Row) -> list[Segment]:
        key = (row.key, getattr(row.extra, "count", 0))
        found = self._strips.get(key)
        if key[1] > 1 and not self._has_rates:
            self._has_rates = True
            self.call_later(self._lay_out)
        if found is None:
            found = self._strips[key] = self.writer.segments(row)
            if len(self._strips) > _MAX_STRIPS:
                self._strips.popitem(last=False)
        return found

    def _lay_out(self) -> None:
        self.writer.columns = Columns.fitting(
            self.size.width, has_env=self._has_env, has_persona=self._has_persona, has_rates=self._has_rates
        )
        self._strips.clear()
        self.refresh()
        self.post_message(self.Moved())

    def on_resize(self, _event: events.Resize) -> None:
        """Lay the columns out for the new width; the row at the cursor stays in view."""
        self._lay_out()
        self.show_news()
        if not self.follows:
            self._bring_into_view()

    def on_scroll_to(self) -> None:
        """Stop following: somebody drags the scrollbar."""
        self.follows = False
        self.post_message(self.Moved())

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        """Stop following: somebody reads."""
        self.follows = False
        self.post_message(self.Moved())

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        """Follow again, if that leads to the end."""
        self.call_next(self._follow_at_end)

    def _follow_at_end(self) -> None:
        if not self.follows and self.scroll_offset.y >= self.max_scroll_y:
            self.go_to(self.count - 1)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Take the cursor along, if it was the wheel or the scrollbar that moved the rows."""
        super().watch_scroll_y(old_value, new_value)
        if not self._is_going and not self.follows:
            top, height = self.scroll_offset.y, max(1, self.size.height)
            self.cursor = max(top, min(self.cursor, top + height - 1, self.count - 1))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the click was; a second click opens the row."""
        index = self.scroll_offset.y + event.y
        if index < self.count:
            is_again = index == self.cursor and event.chain > 1
            self.go_to(index)
            if is_again:
                self.post_message(self.Opened())
