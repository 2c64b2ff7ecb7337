"""The terminal screen as an application. What stands behind a key is imported when it is pressed, so that the screen is there at once."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding
from textual.containers import Horizontal
from textual.events import Key
from textual.widgets import Input

from otel_events.reading.frequent import Frequent
from otel_events.reading.sources import SourceError
from otel_events.tui.errands import Errand
from otel_events.tui.event_log import EventLog
from otel_events.tui.panel_column import PanelColumn
from otel_events.tui.status_line import StatusLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Event, Resize

    from otel_events.reading.record import Record
    from otel_events.tui.answer import Answer
    from otel_events.tui.detail import Detail
    from otel_events.tui.errands import Work
    from otel_events.tui.source import Source

_WIDE, _ROOMY = 120, 150
_PANELS, _NARROW_PANELS = 44, 36
_AROUND = 6
_OF_ROWS = frozenset({"story", "trace", "alerts", "error_groups", "panels"})
_PAUSE, _SLOW_PAUSE = 0.5, 5.0  # seconds between two drawings of the panels


class Screen(App[None]):
    """Events, panels, and a line that says what is not seen.

    Args:
        source: where the events come from.
        filter: which are shown, in the filter language.
        rolls_up: show frequent types as one row a second.
        is_ascii: draw with ASCII signs alone; None to ask the terminal.
        is_slow: draw seldom: for a line of 64 kbit/s.

    Raises:
        FilterError: *filter* cannot be read.
    """

    TITLE = "otel-events"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "story", "Task", show=False),
        Binding("T", "trace", "Trace", show=False),
        Binding("a", "alerts", "Alerts", show=False),
        Binding("x", "error_groups", "Errors", show=False),
        Binding("p", "panels", "Panels", show=False),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q,ctrl+c", "quit", "Quit"),
    ]
    CSS: ClassVar[str] = """
    Screen > StatusLine { dock: bottom; }
    """

    def __init__(
        self,
        source: Source,
        *,
        filter: str = "",  # noqa: A002  # the word that everybody knows it by
        rolls_up: bool = True,
        is_ascii: bool | None = None,
        is_slow: bool = False,
    ) -> None:
        super().__init__()
        self.log_ = EventLog(
            source,
            filter=filter,
            rolls_up=rolls_up,
            observers=(self._note,),
            opens=self._open,
            has_status_line=False,  # it has one as wide as the screen
            is_ascii=is_ascii,
            is_slow=is_slow,
        )
        self.panels = PanelColumn(self.log_.groups, self.log_.signs)
        self._status = StatusLine(self.log_, lambda: len(self.panels.alerts))
        self._is_slow = is_slow
        self._wants_panels: bool | None = None

    def compose(self) -> ComposeResult:
        """Make the parts."""
        with Horizontal():
            yield self.log_
            yield self.panels
        yield self._status

    async def on_event(self, event: Event) -> None:
        """Do at once what a key asks for, unless somebody writes: the next key may be for what has the focus then.

        Textual first gives keys to the widget that has the focus when they come, all those of a slow line together: the letters
        after a slash to the list.
        """
        if not (isinstance(event, Key) and not event.is_forwarded and await self._does_at_once(event.key)):
            await super().on_event(event)

    async def _does_at_once(self, key: str) -> bool:
        self.app_focus = True
        if isinstance(self.focused, Input):
            return False
        return await self._check_bindings(key, priority=True) or await self._check_bindings(key)

    def on_mount(self) -> None:
        """Keep the panels up to date."""
        self.set_interval(_SLOW_PAUSE if self._is_slow else _PAUSE, self._draw)

    def use_theme(self, name: str) -> None:
        """Look like the theme *name*; `ansi` takes the terminal's own colours (of a dark one; `ansi-light` of a light one).

        Raises:
            SourceError: there is no such theme.
        """
        name = {"ansi": "ansi-dark"}.get(name, name)
        if name not in self.available_themes:
            raise SourceError(f"there is no theme {name}; there are {', '.join(sorted(self.available_themes))}")
        self.theme = name

    def on_resize(self, event: Resize) -> None:
        """Show the panels where there is room for them."""
        self._lay_out(event.size.width)

    def _lay_out(self, width: int) -> None:
        wants = self._wants_panels
        self.panels.display = width >= _WIDE if wants is None else wants
        self.log_.display = width >= _WIDE or not self.panels.display
        self.panels.styles.width = (_PANELS if width >= _ROOMY else _NARROW_PANELS) if self.log_.display else "100%"

    def _note(self, record: Record) -> None:
        self.panels.note(record)

    def _draw(self) -> None:
        self.panels.draw()
        self._show_status()

    def _show_status(self) -> None:
        self._status.draw()

    def on_event_log_changed(self) -> None:
        """Say so."""
        self._show_status()

    def _open(self, record: Record) -> None:
        """Show all of *record*, and then what is around it."""
        from otel_events.tui.detail import Detail

        if self._is_at_rows:  # else somebody has gone elsewhere since
            detail = Detail(record)
            self.push_screen(detail, lambda wanted: self._go_on(wanted, detail.record))
            self._find_neighbours(detail, self.log_.log_view.cursor_key.chunk)

    @work(thread=True)
    def _find_neighbours(self, detail: Detail, chunk: int) -> None:
        self.call_from_thread(detail.show_neighbours, self._neighbours(detail.record, chunk))

    @property
    def _is_at_rows(self) -> bool:
        return len(self.screen_stack) == 1

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        """Let keys that are about the rows do nothing where these are not seen."""
        return self._is_at_rows or action not in _OF_ROWS

    def _go_on(self, wanted: str | None, record: Record) -> None:
        if wanted == "t":
            self._tell_story(record)
        elif wanted == "T":
            self._tell_trace(record)

    def _neighbours(self, record: Record, chunk: int) -> list[Record]:
        """Return what happened in the same task right before and after *record*, with it."""
        task, uid = record.text("task_id"), record.text("uid")
        if not task:
            return []
        is_frequent = Frequent()  # a thousand steps beside an event tell nothing of it
        before: deque[Record] = deque(maxlen=_AROUND)
        after: list[Record] = []
        for other in self.log_.feed.timeline.records_near(chunk):
            is_here = other.text("uid") == uid
            if other.text("task_id") != task or (is_frequent(other) and not is_here):
                continue
            if after or is_here:
                after.append(other)
                if len(after) > _AROUND:
                    break
            else:
                before.append(other)
        return [*before, *after]

    def action_story(self) -> None:
        """Tell the story of the task of the event at the cursor."""
        self.log_.with_record(self._tell_story)

    def action_trace(self) -> None:
        """Tell the story of the trace of the event at the cursor."""
        self.log_.with_record(self._tell_trace)

    def _tell_story(self, record: Record) -> None:
        from otel_events.reading.analysis.story import OfTask

        task = record.text("task_id")
        if task:
            self._collect(f"task {task}", OfTask(task))
        else:
            self.log_.say("this event is in no task")

    def _tell_trace(self, record: Record) -> None:
        from otel_events.reading.analysis.story import of_trace

        trace = record.text("trace_id")
        if trace:
            self._collect(f"trace {trace}", of_trace(trace))
        else:
            self.log_.say("this event is in no trace")

    def _collect(self, title: str, belongs: Callable[[Record], bool]) -> None:
        from otel_events.reading.analysis.story import collect
        from otel_events.tui.story import Story

        story = Story(self._errand("reading the story"))

        def tell(errand: Errand) -> Callable[[], object]:
            records, is_cut = collect(errand.over(self.log_.feed.timeline.records()), belongs)
            name = next((name for each in records if (name := each.text("task_name"))), "")
            head = f"{title} {name}" if name and title.startswith("task") else title
            return lambda: story.tell(head, records, is_cut=is_cut, has_all=self.log_.older.has_all)

        self._answer(story, tell)

    def action_alerts(self) -> None:
        """Show alerts and what resolved them, or all again."""
        self._toggle_filter("alert.*, threshold.*, *.missed, *.stalled, *.resolved")

    def action_error_groups(self) -> None:
        """Group the errors by what is the same about them."""
        from otel_events.tui.error_groups import ErrorGroups, group_errors

        screen = ErrorGroups(self._errand("grouping errors"))

        def group(errand: Errand) -> Callable[[], object]:
            groups = group_errors(errand.over(self.log_.feed.timeline.records()))
            return lambda: screen.show(groups, has_all=self.log_.older.has_all)

        self._answer(screen, group)

    def _errand(self, what: str) -> Errand:
        return Errand(what, total=self.log_.feed.timeline.events)

    def _answer(self, screen: Answer, work: Work) -> None:
        """Show *screen*, which *work* fills, until somebody leaves it."""
        errand, errands = screen.errand, self.log_.errands
        self.log_.moves.forget()
        if self._is_at_rows and errands.begin(errand, work):
            self.push_screen(screen, lambda _: errands.end(errand))

    def action_panels(self) -> None:
        """Show the panels, or the events alone."""
        self._wants_panels = not self.panels.display
        self._lay_out(self.size.width)
        (self.log_.log_view if self.log_.display else self.panels).focus()
        self.call_after_refresh(self._draw)

    def action_help(self) -> None:
        """Show the keys."""
        from otel_events.tui.help import Help

        self.push_screen(Help(self.log_.digits.saved.views))

    def _toggle_filter(self, text: str) -> None:
        view = self.log_.view
        self.log_.show_as(view.with_filter("" if view.text == text else text))
