"""How documents name each other: in a block `@references:`, and by links `file:///`."""

from __future__ import annotations

import posixpath
import re
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.watching.change import Change

_BLOCK = re.compile(r"@references\b[^\n:]*:[ \t]*(.*)")
# With what comments of programs and of HTML put in front of it.
_ITEM = re.compile(r"[ \t]*(?:\#|//|\*|;|--)?[ \t]*[-*+][ \t]+(.+)")
_LINK = re.compile(r"\[[^\[\]]*\]\(\s*<?([^)>\s]+)")
_FILE_LINK = re.compile(r"file:///([^\s)>\]\"'`]+)", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:/")
_QUOTES = "\"'`<>"
_MOST = 500
_LONGEST = 1_000  # characters of one item


def find_references(change: Change) -> list[str]:
    """Return the documents that the file names, each once, those in its root by the path from there on."""
    found: dict[str, None] = {}
    for each in chain(_in_blocks(change.content.text), _FILE_LINK.findall(change.content.text)):
        target = _resolve(each, change)
        if target and target != change.relative:
            found.setdefault(target)
        if len(found) >= _MOST:
            break
    return list(found)


def subsystem_of(path: str, otherwise: str) -> str:
    """Return the subsystem of the document at *path*: what follows `subsystems`, else its first directory."""
    parts = [part for part in path.split("/") if part and not _DRIVE.fullmatch(part + "/")]
    lower = [part.lower() for part in parts]
    if "subsystems" in lower[:-1]:
        return parts[lower.index("subsystems") + 1]
    return parts[0] if len(parts) > 1 else otherwise


def _in_blocks(text: str) -> Iterator[str]:
    """Yield what blocks list: items of a list beneath, or words behind the colon."""
    is_inside = False
    for line in text.splitlines():
        if (block := _BLOCK.search(line)) is not None:
            is_inside = True
            if beside := block[1].removesuffix("-->").strip():
                yield from filter(None, map(_target, beside.split(",")))
        elif is_inside:
            item = _ITEM.fullmatch(line)
            is_inside = item is not None or not line.strip()
            if item is not None and (target := _target(item[1])):
                yield target


def _target(item: str) -> str:
    """Return the path in *item*: that of a link, or its first word; "" for a heading among the items."""
    item = item[:_LONGEST].strip().removesuffix("-->").strip()
    link = _LINK.search(item)
    if link:
        return link[1]
    word = item.split(" - ", 1)[0].strip(f" {_QUOTES}")
    is_path = "/" in word or "\\" in word or "." in word
    return word if word and is_path and not word.endswith(":") else ""


def _resolve(target: str, change: Change) -> str:
    """Return *target* from the root of *change* on where it is beneath it; as it is written elsewhere, with `/`."""
    if re.match(r"(?:https?|mailto):", target, re.IGNORECASE):
        return ""
    target = re.sub(r"(?i)^(?:file:///?|mdc:)", "", target).split("#", 1)[0]
    target = unquote(target).replace("\\", "/")
    root = change.root.as_posix()
    absolute = target if _DRIVE.match(target) or target.startswith("/") else f"/{target}"
    if absolute.lower().startswith(f"{root.lower()}/"):
        return absolute[len(root) + 1 :]
    if target.startswith(("./", "../")):
        return posixpath.normpath(posixpath.join(posixpath.dirname(change.relative), target))
    return posixpath.normpath(target) if target else ""
