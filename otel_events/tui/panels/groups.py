"""Who is at work: environments or personas, with their counts and what each did last."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_events.tui.look import named
from otel_events.tui.panels.lines import both_ends, stack
from otel_events.tui.row_text import show_age

if TYPE_CHECKING:
    from rich.text import Text

    from otel_events.reading.record import Record
    from otel_events.tui.panels.panel import Room

_MOST = 1_000
_ERROR = 17


@dataclass(slots=True)
class _Seen:
    events: int = 0
    errors: int = 0
    last_name: str = ""
    last: float = 0.0


class Groups:
    """Environments where there are any, else personas; the digit before each is the key that shows it alone.

    Attributes:
        environments: how many were named.
        has_persona: an event named a persona.
        taken: digits that stand for something else.
    """

    title = "Who"
    most_lines = 9

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str], _Seen] = OrderedDict()
        self.environments = 0
        self.has_persona = False
        self.taken: frozenset[int] = frozenset()

    def add(self, record: Record) -> None:
        """Count *record* for the one who said it."""
        env, persona = record.text("env_id"), record.text("persona")
        self.has_persona = self.has_persona or bool(persona)
        for key in (("env_id", env), ("persona", persona)):
            if key[1]:
                self._count(key, record)

    def _count(self, key: tuple[str, str], record: Record) -> None:
        seen = self._seen.get(key)
        if seen is None:
            if len(self._seen) >= _MOST:
                self._seen.popitem(last=False)
            seen = self._seen[key] = _Seen()
            self.environments += key[0] == "env_id"
        seen.events += 1
        seen.errors += record.severity >= _ERROR
        seen.last_name, seen.last = record.name, record.timestamp / 1e9

    @property
    def has_env(self) -> bool:
        """Return whether an event named an environment."""
        return self.environments > 0

    def listed(self) -> list[tuple[str, str]]:
        """Return attribute and value of each, in the order of their keys 1 to 9."""
        wanted = "env_id" if self.has_env else "persona"
        return sorted((key for key in self._seen if key[0] == wanted), key=_natural)

    def draw(self, room: Room) -> Text:
        """Return a line for each."""
        lines = []
        for number, key in enumerate(self.listed(), 1):
            seen, digit = self._seen[key], str(number) if number <= 9 and number not in self.taken else " "
            label = f"env {key[1]}" if key[0] == "env_id" else key[1]
            errors = f" {seen.errors:,}!" if seen.errors else ""
            right = f"{seen.events:,}{errors} {show_age(room.now - seen.last):>4}"
            lines.append((both_ends(f"{digit} {label} {seen.last_name}", right, room), named(key[1])))
        return stack(lines, room, nothing="no event names an environment or a persona")


def _natural(key: tuple[str, str]) -> tuple[int, int, str]:
    value = key[1]
    return (0, int(value), "") if value.isdecimal() and len(value) < 18 else (1, 0, value)
