"""The event log as a widget: rows, their keys, and the line for a filter."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from otel_events.tui.choose_source import choose_source
from otel_events.tui.digits import Digits
from otel_events.tui.errands import Errand, Errands
from otel_events.tui.feed import Feed
from otel_events.tui.filter_bar import FilterBar
from otel_events.tui.finding import Finder, fitting, is_error
from otel_events.tui.log_view import LogView
from otel_events.tui.look import OLDER, signs
from otel_events.tui.moves import Moves
from otel_events.tui.older_events import OlderEvents
from otel_events.tui.panels.groups import Groups
from otel_events.tui.remaking import Remaking
from otel_events.tui.saving import save_records
from otel_events.tui.status_line import StatusLine
from otel_events.tui.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import DescendantFocus
    from textual.timer import Timer

    from otel_events.reading.record import Record
    from otel_events.tui.source import Source

_TICK, _SLOW_TICK = 1 / 12, 1.0
_FIRST_TICKS = (0.02, 0.05)  # seconds: the rows that are there already are seen at once
_AGING, _SLOW_AGING = 1.0, 10.0
_SAID = 3.0  # seconds
_MANY = 8  # environments: a row a second for each of more would be a list that nobody can follow


class EventLog(Vertical):
    """Events as they happen: single ones with what they say, frequent types as one row a second.

    Args:
        source: a ledger's path, the address of `otel-events serve`, or a source of your own; None for the configured ledger.
        filter: which events are shown, in the filter language.
        rolls_up: show types that the catalogue calls frequent as one row a second.
        observers: are called with every event that comes, shown or not.
        opens: is called with the event that somebody wants to see all of; None for the message `Opened`.
        has_status_line: say below the rows what is not seen: loss, lag, the filter in force.
        is_ascii: draw with ASCII signs alone; None to ask the terminal.
        is_slow: draw once a second, not twelve times, and with few colours: for a line of 64 kbit/s.

    Raises:
        FilterError: *filter* cannot be read.
        SourceError: *source* is not there.
    """

    DEFAULT_CSS: ClassVar[str] = """
    EventLog > #title { height: 1; color: $text-muted; text-style: underline; width: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "by(1)", "Down", show=False),
        Binding("k,up", "by(-1)", "Up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("g,home", "first", "First", show=False),
        Binding("G,end", "last", "Last", show=False),
        Binding("f", "follow", "Follow"),
        Binding("space", "pause", "Pause"),
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("n", "match(1)", "Next match", show=False),
        Binding("N", "match(-1)", "Match before", show=False),
        Binding("e", "error(1)", "Next error"),
        Binding("E", "error(-1)", "Error before", show=False),
        Binding("right_square_bracket", "group(1)", "Next episode or cycle", show=False),
        Binding("left_square_bracket", "group(-1)", "Episode or cycle before", show=False),
        Binding("r", "roll_up", "Roll up"),
        Binding("o", "group_by", "Group"),
        Binding("s", "save", "Save"),
        Binding("v", "save_view", "Save view", show=False),
        Binding("enter", "open", "Details"),
        Binding("escape", "clear", "Clear filter", show=False),
        *[Binding(str(digit), f"digit({digit})", f"View or group {digit}", show=False) for digit in range(1, 10)],
    ]

    class Changed(Message):
        """What the log shows, or how, is different."""

    class Opened(Message):
        """Somebody wants to see all of an event.

        Attributes:
            record: the event.
        """

        def __init__(self, record: Record) -> None:
            super().__init__()
            self.record = record

    def __init__(
        self,
        source: str | Path | Source | None = None,
        *,
        filter: str = "",  # noqa: A002  # the word that everybody knows it by
        rolls_up: bool = True,
        observers: Sequence[Callable[[Record], object]] = (),
        opens: Callable[[Record], object] | None = None,
        has_status_line: bool = True,
        is_ascii: bool | None = None,
        is_slow: bool = False,
        id: str | None = None,  # noqa: A002  # Textual's name
    ) -> None:
        super().__init__(id=id)
        self.groups = Groups()
        self.filter_bar = FilterBar(self)
        self.signs = signs(is_ascii=is_ascii)
        view = View(rolls_up=rolls_up).with_filter(filter)
        self.feed = Feed(choose_source(source), view, (self.filter_bar.words.note, self.groups.add, *observers))
        self.log_view = LogView(self.feed.timeline, self.signs, is_sparse=is_slow)
        self._is_slow = is_slow
        self._opens = opens or (lambda record: self.post_message(self.Opened(record)))
        self.problem = ""
        self._silence: Timer | None = None
        self.marked = ""
        self.older = OlderEvents(self)
        self.errands = Errands(self)
        self.remaking = Remaking(self)
        self.moves = Moves(self)
        self.digits = Digits(self)
        self._finder = Finder(self)
        self._status = StatusLine(self) if has_status_line else None

    @property
    def view(self) -> View:
        """Return how the events are looked at."""
        return self.feed.timeline.view

    @property
    def waiting(self) -> int:
        """Return how many rows came while paused."""
        return len(self.feed.timeline) - self.log_view.count

    def compose(self) -> ComposeResult:
        """Make the line of titles, the rows, the line for a filter and the one that says how things are."""
        yield Static(id="title", markup=False)
        yield self.log_view
        yield self.filter_bar
        if self._status is not None:
            yield self._status

    def on_mount(self) -> None:
        """Begin to read."""
        self.feed.start()
        self.digits.read()
        self.set_interval(_SLOW_TICK if self._is_slow else _TICK, self._tick)
        for moment in _FIRST_TICKS:
            self.set_timer(moment, self._tick)
        self.set_interval(_SLOW_AGING if self._is_slow else _AGING, self._age)
        self.log_view.focus()

    def on_unmount(self) -> None:
        """Let go of the source, and of what is being done."""
        self.errands.close()
        self.feed.source.close()

    def show_as(self, view: View) -> None:
        """Look at the events in another way; the event at the cursor, or the one nearest to it, keeps the cursor."""
        self.moves.forget()
        self.remaking.begin(replace(view, is_per_env=self.groups.environments <= _MANY))
        self.tell_of_change()

    def tell_of_change(self) -> None:
        """Say that what is shown, or how, is different; from any thread."""
        self.post_message(self.Changed())

    def on_event_log_changed(self) -> None:
        """Do what was to wait for that, and say what there is to be said."""
        self.moves.go_on()
        if self._status is not None:
            self._status.draw()

    def say(self, text: str) -> None:
        """Say something for a moment, where the filter's mistakes are said too."""
        self.problem = text
        if self._silence is not None:
            self._silence.stop()
        self._silence = self.set_timer(_SAID, self._say_no_more)
        self.tell_of_change()

    def _say_no_more(self) -> None:
        self.problem = ""
        self.tell_of_change()

    def _tick(self) -> None:
        is_begun = self.feed.source.condition().state != "starting"
        if self.feed.tick():
            self.log_view.note_facts(has_env=self.groups.has_env, has_persona=self.groups.has_persona)
            self.log_view.show_news()
            if self.view.is_per_env and self.groups.environments > _MANY:
                self.remaking.begin(replace(self.view, is_per_env=False))
        # Whether there is room for older ones is known when those that are there already have been taken in.
        if is_begun and not self.feed.is_filling and not self.remaking.is_under_way:
            self.older.fill()

    def _age(self) -> None:
        self.log_view.refresh()
        self.tell_of_change()

    def action_by(self, rows: int) -> None:
        """Move the cursor."""
        self.moves.do(partial(self.log_view.go_by, rows), rows=rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by windows."""
        self.action_by(pages * max(1, self.log_view.size.height - 1))

    def action_first(self) -> None:
        """Go to the first of all events, and fetch those before it."""
        self.moves.forget()
        self.moves.do(self._go_to_first, rows=-sys.maxsize)

    def action_last(self) -> None:
        """Go to the newest event and follow."""
        self.moves.forget()
        self.log_view.go_to(self.log_view.count - 1)

    def action_follow(self) -> None:
        """Follow, or stay here."""
        log = self.log_view
        if log.follows:
            self.moves.forget()
            log.follows = False
        else:
            log.pause(is_on=False)
            self.action_last()
        self.tell_of_change()

    def action_pause(self) -> None:
        """Let what comes wait, or show it."""
        self.log_view.pause(is_on=not self.log_view.is_paused)
        self.tell_of_change()

    def action_filter(self) -> None:
        """Let a filter be written."""
        self.filter_bar.open(self.marked or self.view.text)

    def action_clear(self) -> None:
        """Stop what goes on, one after the other: an errand, reading older events, marks, a saved view, the filter."""
        is_under_way = self.errands.current is not None or self.older.goes_to_first
        self.moves.forget()
        if self.errands.stop() or is_under_way:
            self.tell_of_change()
        elif self.marked:
            self._mark("")
        elif not self.digits.leave() and self.view.text:
            self.show_as(self.view.with_filter(""))

    def action_roll_up(self) -> None:
        """Show frequent types as rows of a second, or each event."""
        self.show_as(replace(self.view, rolls_up=not self.view.rolls_up))

    def action_group_by(self) -> None:
        """Group by episode, cycle, task, or not."""
        self.show_as(self.view.next_group())

    def action_open(self) -> None:
        """Show all of the event at the cursor."""
        self.with_record(self._opens)

    def action_error(self, step: int) -> None:
        """Go to the next error, or the one before."""
        self.moves.do(partial(self._finder.go, "error", step, is_error))

    def action_match(self, step: int) -> None:
        """Go to the next event that fits the filter or the mark, or the one before."""
        fits = self.view.with_filter(self.marked or self.view.text).compile()
        is_match = fitting(self.feed.timeline, fits or (lambda _: True))
        self.moves.do(partial(self._finder.go, "match", step, is_match))

    def action_group(self, step: int) -> None:
        """Go to where the next episode or cycle begins, or the one before."""
        self.moves.do(partial(self._go_to_group, step))

    def action_digit(self, digit: int) -> None:
        """Show a saved view, or one environment or persona alone; again shows what was shown before."""
        self.digits.press(digit)

    def action_save_view(self) -> None:
        """Save the present view under a digit."""
        self.digits.ask()

    def action_save(self) -> None:
        """Write what is shown into a file."""
        self.moves.forget()
        timeline, fits = self.feed.timeline, self.view.compile()

        def save(errand: Errand) -> Callable[[], None]:
            records = errand.over(timeline.records())
            try:
                path, count = save_records((each for each in records if fits is None or fits(each)), Path.cwd())
            except OSError as error:
                return partial(self.say, f"not saved: {error.strerror or error}")
            return partial(self.say, f"{count:,} events saved in {path}{'' if self.older.has_all else OLDER}")

        self.errands.begin(Errand("saving", total=timeline.events), save)

    def take_filter(self, text: str, *, only_marks: bool) -> None:
        """Use the filter *text*, which can be read; one that only marks hides nothing."""
        self.leave_filter()
        if only_marks:
            self._mark(text)
        else:
            self.marked = ""
            self.show_as(self.view.with_filter(text))

    def leave_filter(self) -> None:
        """Go back from the line for a filter to the rows."""
        self.problem = ""
        self.filter_bar.close()
        self.screen.set_focus(self.log_view)
        self.tell_of_change()

    def on_descendant_focus(self, _event: DescendantFocus) -> None:
        """Leave the line for a filter, if somebody clicks elsewhere."""
        is_left = self.screen.focused is self.log_view  # not so if this is told late, and the line is open again
        if is_left and self.filter_bar.is_open:
            self.leave_filter()

    def on_filter_bar_problem(self, event: FilterBar.Problem) -> None:
        """Say why the filter cannot be read."""
        event.stop()
        self.problem = event.text
        self.tell_of_change()

    def on_log_view_moved(self, event: LogView.Moved) -> None:
        """Say that the place is another, and show the columns as the rows have them."""
        event.stop()
        self.query_one("#title", Static).update(self.log_view.writer.title())
        self.tell_of_change()

    def on_log_view_opened(self, event: LogView.Opened) -> None:
        """Show all of the event that was clicked."""
        event.stop()
        self.action_open()

    def with_record(self, use: Callable[[Record], object]) -> None:
        """Call *use* with the event at the cursor, if there is one, when the cursor has its place."""

        def act() -> None:
            row = self.log_view.row()
            if row is not None and row.record is not None:
                use(row.record)

        self.moves.do(act)

    def _go_to_first(self) -> None:
        self.log_view.go_to(0)
        self.older.go_to_first()

    def _go_to_group(self, step: int) -> None:
        row = self.log_view.row()
        here = _group(row.record) if row is not None and row.record is not None else ""
        is_other = fitting(self.feed.timeline, lambda record: _group(record) not in {"", here})
        self._finder.go("episode or cycle", step, is_other)

    def _mark(self, text: str) -> None:
        self.marked = text.strip()
        fits = self.view.with_filter(text).compile() if self.marked else None
        self.log_view.mark(fits)
        self.tell_of_change()


def _group(record: Record) -> str:
    episode, cycle = record.text("episode"), record.text("cycle")
    return f"e{episode}" if episode else f"c{cycle}" if cycle else ""
