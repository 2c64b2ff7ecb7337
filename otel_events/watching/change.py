"""What happened to a file, and what a classifier makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from otel_events.watching.content import Content

if TYPE_CHECKING:
    from pathlib import Path

Kind: TypeAlias = Literal["created", "modified", "moved", "deleted"]
KINDS: tuple[Kind, ...] = ("created", "modified", "moved", "deleted")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one file, as it is seen once it has come to rest.

    Attributes:
        kind: created, modified, moved or deleted.
        path: the file, absolute; of a moved one where it is now.
        root: the watched directory that it is in.
        source: where a moved file was.
        size: in bytes; None of a deleted one.
        modified_at: when its content was last changed, in nanoseconds since the epoch; None of a deleted one.
        content: the beginning of the file, read when it is asked for; nothing of a deleted one.
        is_initial: nothing happened: it is one of the newest files at the start.
    """

    kind: Kind
    path: Path
    root: Path
    source: Path | None = None
    size: int | None = None
    modified_at: int | None = None
    content: Content = field(default_factory=Content.nothing, repr=False, compare=False)
    is_initial: bool = False

    @property
    def relative(self) -> str:
        """Return the path from the watched directory on, with `/` on every system."""
        return self.path.relative_to(self.root).as_posix()


@dataclass(frozen=True, slots=True)
class FileEvent:
    """The event that a change means.

    Attributes:
        name: of the event.
        attributes: what it carries.
        message: what to show people; else the definition's.
        severity: as `emit` takes it; else the definition's.
        rule: what decided so, for people: the name of a rule, or of a classifier.
    """

    name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    message: str | None = None
    severity: int | str | None = None
    rule: str = ""


Classifier: TypeAlias = Callable[[Change], "FileEvent | None"]
