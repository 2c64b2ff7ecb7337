"""The beginning of a file: its text, and the fields that it states by itself."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from otel_events.catalog.located_yaml import parse_yaml
from otel_events.watching.plain_files import open_plain

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 64 * 1024
_FENCE = re.compile(r"^---[ \t]*\r?$\n?", re.MULTILINE)
_ANCHOR = re.compile(r"&([^\s,\[\]{}]+)")
_ALIAS = re.compile(r"\*([^\s,\[\]{}]+)")


class Content:
    """What a file says, read once and no further than its first 64 KiB."""

    __slots__ = ("_fields", "_path", "_text")

    def __init__(self, path: Path | None, text: str | None = None) -> None:
        self._path = path
        self._text = text
        self._fields: dict[str, Any] | None = None

    @classmethod
    def nothing(cls) -> Content:
        """Return the content of a file that is not there."""
        return cls(None, "")

    @property
    def text(self) -> str:
        """Return the beginning as text; "" if it is no text, or cannot be read."""
        if self._text is None:
            self._text = _read(self._path)
        return self._text

    @property
    def fields(self) -> dict[str, Any]:
        """Return what the front matter says, or the JSON object that the file is; {} if it is neither."""
        if self._fields is None:
            self._fields = _json_object(self.text) or _front_matter(self.text)
        return self._fields

    @property
    def is_json(self) -> bool:
        """Tell whether it is a JSON object, as far as it is read."""
        return self.text.lstrip().startswith("{")

    @property
    def body(self) -> str:
        """Return the text behind the front matter."""
        return self.text[_end_of_front_matter(self.text) :]


def _read(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        with open_plain(str(path)) as file:
            data = file.read(MOST_BYTES)
    except OSError:  # gone or locked by now, which the next change tells
        return ""
    if b"\0" in data:
        return ""
    # A character that the bound cut in two is no reason to lose the text.
    return data.decode("utf-8-sig", "replace")


def _json_object(text: str) -> dict[str, Any]:
    if not text.lstrip().startswith("{"):
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _front_matter(text: str) -> dict[str, Any]:
    end = _end_of_front_matter(text)
    if not end:
        return {}
    if set(_ANCHOR.findall(text, 0, end)) & set(_ALIAS.findall(text, 0, end)):
        return {}  # a few lines may mean more than fits into memory
    value, _ = parse_yaml(_FENCE.sub("", text[:end]), "")  # what is wrong with it is its author's business
    return value if isinstance(value, dict) else {}


def _end_of_front_matter(text: str) -> int:
    """Return where the front matter ends, line end included; 0 if there is none."""
    first = _FENCE.match(text)
    last = _FENCE.search(text, first.end()) if first else None
    return last.end() if last else 0
