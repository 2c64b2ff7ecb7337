"""The rule for names of events and attributes, told in errors that teach."""

from __future__ import annotations

import re

# One regular expression for both: lower case, dots between namespaces, underscores inside a word.
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*(?:\.[a-z][a-z0-9]*(?:_[a-z0-9]+)*)*")
_ALIAS = re.compile(r"[^\s\x00-\x1f\x7f]+")
_CAMEL_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_FOREIGN = re.compile(r"[^a-z0-9]+")
_MAX_LENGTH = 255


def is_name(text: str) -> bool:
    """Tell whether *text* obeys the rule for event names and attribute keys."""
    return _NAME.fullmatch(text) is not None and len(text) <= _MAX_LENGTH


def name_problem(kind: str, name: object) -> str | None:
    """Return what is wrong with *name* and what it should look like, or None if it obeys the rule.

    Args:
        kind: what the name is of, as it should read in the sentence: `event name`, `attribute`.
        name: the name as the user wrote it.
    """
    if not isinstance(name, str):
        return f"{kind} {_shown(name)} must be a string such as 'order.placed'"
    if is_name(name):
        return None
    if len(name) > _MAX_LENGTH:
        return f"{kind} {_shown(name)} must have at most {_MAX_LENGTH} characters, and has {len(name)}"
    suggestion = _suggested(name, separator="." if kind.startswith("event") else "_")
    return f"{kind} {_shown(name)} must look like {suggestion!r}"


def alias_problem(alias: object) -> str | None:
    """Return what is wrong with *alias*, or None; any old spelling without white space will do."""
    if isinstance(alias, str) and _ALIAS.fullmatch(alias) and len(alias) <= _MAX_LENGTH:
        return None
    return f"alias {_shown(alias)} must be a string of 1 to {_MAX_LENGTH} characters without white space"


def _suggested(name: str, separator: str) -> str:
    """Return the nearest name that obeys the rule, or an example where nothing is near."""
    parts = [_mended(part) for part in name[:_MAX_LENGTH].split(".")]
    parts = [part for part in parts if part]
    if len(parts) == 1 and separator == "." and "_" in parts[0]:
        parts = parts[0].split("_", maxsplit=1)
    suggestion = ".".join(parts)
    if is_name(suggestion):
        return suggestion
    return "order.placed" if separator == "." else "order_id"


def _mended(part: str) -> str:
    words = _FOREIGN.sub("_", _CAMEL_BOUNDARY.sub("_", part).lower())
    return words.strip("_").lstrip("0123456789_")


def _shown(value: object) -> str:
    """Return *value* as an error may show it: short, and never failing because of the value."""
    try:
        text = repr(value)
    except Exception:  # the program's own __repr__: the error about it must still be told
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 80 else f"{text[:79]}…"
