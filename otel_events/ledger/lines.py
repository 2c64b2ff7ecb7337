"""Whole lines, in their order, kept together until they are written."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, chain, repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from otel_events.event import Event


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines, each with its end.

    Attributes:
        text: all of them.
        count: how many they are.
    """

    text: bytes
    count: int


@dataclass(frozen=True, slots=True)
class PlacedLines:
    """Lines of some events of a batch, not put together yet.

    Attributes:
        places: of these events among all, ascending.
        parts: what each line consists of, one after the other; what is no list is the same in all of them.
    """

    places: Sequence[int]
    parts: Sequence[bytes | list[bytes]]

    def lines(self) -> list[bytes]:
        """Return each line by itself."""
        columns = [part if type(part) is list else repeat(part, len(self.places)) for part in self.parts]
        return list(map(b"".join, zip(*columns, strict=True)))

    def text(self) -> bytes:
        """Return all lines in one, in two thirds of the time."""
        texts = [part if type(part) is bytes else b"" for part in self.parts] * len(self.places)
        for number, part in enumerate(self.parts):
            if type(part) is list:
                texts[number :: len(self.parts)] = part
        return b"".join(texts)


def in_order(pieces: Sequence[PlacedLines]) -> Lines:
    """Return the lines in *pieces* in the order of their places."""
    if len(pieces) == 1:
        return Lines(pieces[0].text(), len(pieces[0].places))
    places = list(chain.from_iterable(piece.places for piece in pieces))
    lines = list(chain.from_iterable(piece.lines() for piece in pieces))
    order = sorted(range(len(places)), key=places.__getitem__)
    return Lines(b"".join(map(lines.__getitem__, order)), len(lines))


def encode_each(
    encode: Callable[[Event], bytes],
    events: Iterable[tuple[int, Event]],
    leave_out: Callable[[Event, Exception], None],
) -> dict[int, bytes]:
    """Return the line that *encode* makes of each of *events*; one for which it raises is left out, and told of."""
    lines: dict[int, bytes] = {}
    for number, event in events:
        try:
            lines[number] = encode(event)
        except Exception as error:  # noqa: PERF203  # one must not take its batch with it
            leave_out(event, error)
    return lines


class WaitingLines:
    """Lines that are not written yet, oldest first. They stay in the pieces in which they came, as far as can be.

    What a signal handler raises in the middle of a method leaves all in place.
    """

    def __init__(self) -> None:
        self._pieces: list[Lines] = []

    def __len__(self) -> int:
        return sum(piece.count for piece in self._pieces)

    def add(self, lines: Lines) -> None:
        """Let *lines* wait."""
        if lines.count:
            self._pieces.append(lines)

    def first(self, most_bytes: int) -> Lines:
        """Return the oldest lines, of which there must be some: at most *most_bytes*, or one line that is longer."""
        oldest, *others = self._pieces
        if len(oldest.text) > most_bytes:
            end = oldest.text.rfind(b"\n", 0, most_bytes) + 1 or oldest.text.index(b"\n") + 1
            self._pieces = [*_cut(oldest, end), *others]
        elif others:
            sizes = accumulate(len(piece.text) for piece in self._pieces)
            together = max(1, sum(size <= most_bytes for size in sizes))
            self._pieces = [_joined(self._pieces[:together]), *self._pieces[together:]]
        return self._pieces[0]

    def remove_first(self) -> None:
        """Remove what `first` returned."""
        del self._pieces[0]

    def drop_beyond(self, most_bytes: int) -> int:
        """Drop the oldest lines until no more than *most_bytes* wait; return how many these were."""
        pieces = self._pieces
        beyond = sum(len(piece.text) for piece in pieces) - most_bytes
        before = len(self)
        while beyond > 0:
            oldest, *pieces = pieces
            if len(oldest.text) > beyond:
                pieces = [*_cut(oldest, oldest.text.index(b"\n", beyond - 1) + 1)[1:], *pieces]
            beyond -= len(oldest.text)
        self._pieces = pieces
        return before - len(self)

    def clear(self) -> int:
        """Drop all; return how many these were."""
        count = len(self)
        self._pieces = []
        return count


def _joined(pieces: Sequence[Lines]) -> Lines:
    return Lines(b"".join(piece.text for piece in pieces), sum(piece.count for piece in pieces))


def _cut(lines: Lines, end: int) -> list[Lines]:
    """Return what is before *end*, where a line ends, and the rest if there is any."""
    count = lines.text.count(b"\n", 0, end)
    parts = Lines(lines.text[:end], count), Lines(lines.text[end:], lines.count - count)
    return [part for part in parts if part.count]
