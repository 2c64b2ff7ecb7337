"""Stacks with their weights as text for other tools, and as a picture."""

from __future__ import annotations

import html
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.sampling import Stack

_Place: TypeAlias = tuple[str, int, int, int]  # name, level, left edge, weight
_WIDTH, _HEIGHT, _LETTER = 1600, 18, 7.0
_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="monospace" font-size="11">'
    "<style>rect:hover{{stroke:#000}}text{{pointer-events:none}}</style>"
)
_BOX = '<g><title>{title}</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{high}" rx="2" fill="{colour}"/>{label}</g>'
_LABEL = '<text x="{x:.1f}" y="{y}">{text}</text>'


def collapsed(stacks: Mapping[Stack, int]) -> str:
    """Return a line for each stack, `outer;inner microseconds`, which flamegraph.pl and speedscope read."""
    return "".join(f"{';'.join(stack)} {round(weight / 1e3)}\n" for stack, weight in sorted(stacks.items()))


def svg(stacks: Mapping[Stack, int]) -> str:
    """Return a flame graph: width is CPU, callers are beneath, and the pointer tells the figures."""
    total, depth = sum(stacks.values()), max(map(len, stacks))
    boxes = [_box(place, total, depth) for place in _places(stacks, 0, 0)]
    return _HEAD.format(width=_WIDTH, height=depth * _HEIGHT) + "".join(boxes) + "</svg>\n"


def _places(stacks: Mapping[Stack, int], level: int, left: int) -> Iterator[_Place]:
    """Give name, level, left edge and weight of every function, those that it calls above it."""
    inside: defaultdict[str, Counter[Stack]] = defaultdict(Counter)
    for stack, weight in stacks.items():
        if len(stack) > level:
            inside[stack[level]][stack] += weight
    for name, of in sorted(inside.items()):
        yield name, level, left, of.total()
        yield from _places(of, level + 1, left)
        left += of.total()


def _box(place: _Place, total: int, depth: int) -> str:
    name, level, left, weight = place
    x, width = left / total * _WIDTH, weight / total * _WIDTH
    y = (depth - 1 - level) * _HEIGHT
    fits = int(width / _LETTER)
    label = _LABEL.format(x=x + 3, y=y + 13, text=html.escape(name[:fits])) if fits > 3 else ""
    title = html.escape(f"{name}: {weight / 1e6:,.1f} ms, {weight / total:.1%}")
    colour = f"hsl({20 + sum(name.encode()) % 35} 85% 65%)"
    return _BOX.format(title=title, x=x, y=y, width=max(0.1, width - 0.5), high=_HEIGHT - 1, colour=colour, label=label)
