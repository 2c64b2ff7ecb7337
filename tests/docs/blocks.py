"""Take a Markdown document apart: code blocks with the comment before them, links, headings."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)[^`]*$")
_MARK = re.compile(r"^ *<!-- *(?P<mark>.*?) *-->$")
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_INLINE_CODE = re.compile(r"`[^`]*`")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        mark: the comment right before it, empty if there is none.
        line: of its first line of text, counted from 1.
    """

    language: str
    text: str
    mark: str
    line: int


def find_blocks(document):
    """Return the fenced blocks of a document, in order."""
    blocks, lines, mark, opened, start = [], [], "", None, 0
    for number, line in enumerate(document.splitlines(), start=1):
        fence = _FENCE.match(line)
        if opened is not None:
            if fence and not fence["language"]:
                blocks.append(Block(opened["language"], "\n".join(lines), mark, start))
                opened, mark = None, ""
            else:
                lines.append(line.removeprefix(opened["indent"]))
        elif fence:
            opened, lines, start = fence, [], number + 1
        elif found := _MARK.match(line):
            mark = found["mark"]
        elif line.strip():
            mark = ""
    return blocks


def chain(blocks):
    """Return the runnable Python blocks in rows that share a program, each with the text it must print or None."""
    chains = []
    for number, block in enumerate(blocks):
        if block.language != "python" or block.mark.startswith("not run"):
            continue
        following = blocks[number + 1] if number + 1 < len(blocks) else None
        output = following.text if following is not None and following.mark == "output" else None
        if block.mark == "continues" and chains:
            chains[-1].append((block, output))
        else:
            chains.append([(block, output)])
    return chains


def commands(block):
    """Return the (command, output) pairs of a console block, or of a shell block, whose lines are commands alone."""
    found = []
    for line in block.text.splitlines():
        if block.language == "sh" and line.strip() and not line.startswith("#"):
            found.append((line, []))
        elif block.language == "console" and line.startswith("$ "):
            found.append((line[2:], []))
        elif block.language == "console" and found:
            found[-1][1].append(line)
    return [(command, "\n".join(output)) for command, output in found]


def find_links(document):
    """Return the targets of all links outside code."""
    return [found["target"] for found in _LINK.finditer(_INLINE_CODE.sub("", _prose(document)))]


def find_anchors(document):
    """Return the anchors that GitHub makes of the headings."""
    anchors = set()
    for line in _prose(document).splitlines():
        if not line.startswith("#"):
            continue
        text = _LINK.sub(lambda found: found[0][1 : found[0].index("]")], line.lstrip("#").strip())
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        repeats = sum(
            anchor == slug or re.fullmatch(rf"{re.escape(slug)}-\d+", anchor) is not None for anchor in anchors
        )
        anchors.add(f"{slug}-{repeats}" if repeats else slug)
    return anchors


def _prose(document):
    lines, is_inside = [], False
    for line in document.splitlines():
        if _FENCE.match(line):
            is_inside = not is_inside
        elif not is_inside:
            lines.append(line)
    return "\n".join(lines)
