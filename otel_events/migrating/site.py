"""One place in a program where an old system is used."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

SiteKind: TypeAlias = Literal["import", "call", "reference", "definition", "topic", "text", "script"]


@dataclass(frozen=True, slots=True)
class Site:
    """A use of an old system.

    Attributes:
        line: from 1.
        column: from 1.
        system: its letter.
        kind: `import`, `call`, `reference` (handed on, not called), `definition` (of the old system itself), `topic` or
            `text` (a string that names it), `script` (PowerShell).
        code: as it stands.
        drop_in: what it becomes with the drop-in; the same where nothing changes, empty where a person must see to it.
        native: what it becomes by the native API; empty where that is not safe, or nothing.
        note: why, or what to do.
        is_moved: it is on the drop-in already.
    """

    line: int
    column: int
    system: str
    kind: SiteKind
    code: str
    drop_in: str = ""
    native: str = ""
    note: str = ""
    is_moved: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return it as values that JSON can carry."""
        return asdict(self)
