"""Lines of a panel that fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from otel_events.reading.harmless import harmless
from otel_events.tui.look import DIM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

    from otel_events.tui.panels.panel import Room


def fitting(text: str, width: int, ellipsis: str) -> str:
    """Return *text*, harmless, in no more than *width* cells."""
    text = harmless(text[: width * 4])
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + ellipsis


def both_ends(left: str, right: str, room: Room) -> str:
    """Return one line with *left* at its left and *right*, which is never cut, at its right."""
    left = fitting(left, max(1, room.width - len(right) - 1), room.signs.ellipsis)
    return left + " " * max(1, room.width - cell_len(left) - len(right)) + right


def stack(lines: Sequence[tuple[str, Style]], room: Room, *, nothing: str) -> Text:
    """Return *lines*, the last of them saying how many more there are, or *nothing* if there are none."""
    if not lines:
        return Text(fitting(nothing, room.width, room.signs.ellipsis), style="dim")
    shown = list(lines)
    if len(shown) > room.height:
        hidden = len(shown) - room.height + 1
        shown = [*shown[: room.height - 1], (f"{hidden:,} more", DIM)]
    text = Text(no_wrap=True, overflow="crop")
    for number, (line, style) in enumerate(shown):
        text.append(("\n" if number else "") + line, style)
    return text
