"""What two lines about one event say otherwise, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from otel_events.migrating.said import dump

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DifferenceKind: TypeAlias = Literal["missing", "extra", "different", "redacted"]

# Ours have these by the definition of the event where the old line says nothing of it.
_ADDED = frozenset({"severity", "message"})
_REDACTED = "<REDACTED"


class Difference(NamedTuple):
    """One field that is not the same.

    Attributes:
        field: its name.
        kind: `missing` in the new line, `extra` there, `different`, or `redacted`, which is as promised.
        old: value in the old line.
        new: value in the new one.
    """

    field: str
    kind: DifferenceKind
    old: Any = None
    new: Any = None


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield what *new* says otherwise than *old*; both hold canonical values."""
    for key, value in old.items():
        if key not in new:
            yield Difference(key, "missing", old=value)
        elif not _is_same(value, new[key]):
            was_redacted = _REDACTED.encode() in dump(new[key])
            yield Difference(key, "redacted" if was_redacted else "different", value, new[key])
    for key, value in new.items():
        if key not in old and key not in _ADDED:
            yield Difference(key, "extra", new=value)


def _is_same(old: Any, new: Any) -> bool:
    if type(old) is type(new) and old == new:
        return True
    return not (isinstance(old, str) and isinstance(new, str)) and dump(old) == dump(new)


def fingerprint(name: str, fields: Mapping[str, Any]) -> bytes:
    """Return what two lines have in common that say exactly the same."""
    return name.encode() + dump(fields)
