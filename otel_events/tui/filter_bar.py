"""The line in which a filter is written, with completion."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from textual.events import Key
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from otel_events.catalog import current
from otel_events.filter_language import FilterError, parse_filter
from otel_events.reading.harmless import harmless

if TYPE_CHECKING:
    from textual.binding import BindingType

    from otel_events.reading.record import Record

_MAX_WORDS = 5_000
_LONGEST_WORD = 200
_KEYS = ("severity>=", "service=", "trace_id=", "task_id=", "persona=", "cycle=", "env_id=", "episode=", "duration>")


class Words(Suggester):
    """Completes the last word: names of events, attributes, and values that were seen."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._words: dict[str, None] = dict.fromkeys(_KEYS)
        self._words.update((each.name, None) for each in current().definitions())

    def note(self, record: Record) -> None:
        """Know the name, the attributes and the persona of *record*."""
        if record.name not in self._words:
            self._add(record.name)
            for key in record.attributes:
                self._add(f"{key}=")
        if persona := record.text("persona"):
            self._add(f"persona={persona}")

    def _add(self, word: str) -> None:
        is_known = word in self._words or len(self._words) >= _MAX_WORDS
        if not is_known and len(word) <= _LONGEST_WORD and harmless(word) == word:  # the line draws it as it is
            self._words[word] = None

    async def get_suggestion(self, value: str) -> str | None:
        """Return *value* with its last word whole."""
        head, _, last = value.rpartition(" ")
        if not last:
            return None
        found = min((word for word in self._words if word.startswith(last) and word != last), key=len, default=None)
        return f"{head} {found}" if head and found else found


class _Log(Protocol):
    """The widget whose events are filtered."""

    def take_filter(self, text: str, *, only_marks: bool) -> None: ...
    def leave_filter(self) -> None: ...


class FilterBar(Input):
    """Enter takes the filter, Ctrl+N marks what fits and hides nothing, Esc leaves it as it was.

    Args:
        log: whose events they are.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "give_up", "Back"),
        ("ctrl+n", "mark", "Mark"),
        ("tab", "complete", "Complete"),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    FilterBar { height: 1; border: none; padding: 0 1; display: none; }
    FilterBar:focus { border: none; }
    FilterBar.-wrong { color: $text-error; }
    """

    class Problem(Message):
        """What is written cannot be read.

        Attributes:
            text: why; empty if it can be.
        """

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, log: _Log) -> None:
        self._log = log
        self.words = Words()
        super().__init__(placeholder="filter: task.* persona=thesis severity>=warn", suggester=self.words)

    @property
    def is_open(self) -> bool:
        """Return whether a filter is being written."""
        return self.display

    def open(self, text: str) -> None:
        """Let a filter be written, beginning with *text*."""
        self.value = text
        self.cursor_position = len(text)
        self.display = True
        self.screen.set_focus(
            self
        )  # at once: `focus` would do it later, and the first letters would be keys of the list

    def close(self) -> None:
        """Go away."""
        self.display = False

    def on_input_changed(self, _event: Input.Changed) -> None:
        """Say at once whether it can be read."""
        problem = _problem(self.value)
        self.set_class(bool(problem), "-wrong")
        self.post_message(self.Problem(problem))

    async def _on_key(self, event: Key) -> None:
        """Write a letter, or take what is written: before the next key is looked at, which may be the list's."""
        if event.key == "enter" and self.is_open:
            event.stop()
            event.prevent_default()
            self._take(only_marks=False)
        elif self.is_open:
            await super()._on_key(event)
        else:  # it came together with the key that closed this
            event.stop()
            event.prevent_default()
            self.app.post_message(Key(event.key, event.character))

    def action_mark(self) -> None:
        """Mark what fits, and hide nothing."""
        self._take(only_marks=True)

    def action_complete(self) -> None:
        """Take what is suggested, as the right arrow does."""
        if self.cursor_position >= len(self.value):
            self.action_cursor_right()

    def action_give_up(self) -> None:
        """Leave all as it was."""
        self._log.leave_filter()

    def _take(self, *, only_marks: bool) -> None:
        problem = _problem(self.value)
        if problem:
            self.post_message(self.Problem(problem))
        else:
            self._log.take_filter(self.value, only_marks=only_marks)


def _problem(text: str) -> str:
    try:
        parse_filter(text)
    except FilterError as error:
        first = error.mistakes[0]
        return f"column {first.column}: {first.problem}"
    return ""
