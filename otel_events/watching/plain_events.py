"""What is told of changes that no classifier knows, of many at once, and of directories that cannot be watched."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

from otel_events.watching.change import KINDS, FileEvent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.watching.change import Change
    from otel_events.watching.root import Trouble

_SAMPLES = 5


def describe_change(change: Change) -> FileEvent:
    """Return `file.created`, `file.modified`, `file.moved` or `file.deleted`."""
    path = change.path if change.source is None else change.source
    attributes: dict[str, Any] = {"file.path": str(path), "file.name": path.name}
    if path.suffix:
        attributes["file.extension"] = path.suffix[1:]
    if change.size is not None:
        attributes["file.size"] = change.size
    if change.source is not None:
        attributes["destination_path"] = str(change.path)
    return FileEvent(f"file.{change.kind}", attributes)


def describe_batch(changes: Sequence[Change]) -> FileEvent:
    """Return `file.batch_changed`, which stands for all of *changes*."""
    counts = Counter(change.kind for change in changes)
    paths = [str(change.path) for change in changes]
    attributes: dict[str, Any] = {
        "count": len(changes),
        **{f"{kind}_count": counts[kind] for kind in KINDS},
        "file.directory": os.path.commonpath([str(change.path.parent) for change in changes]),
        "sample_paths": paths[:_SAMPLES],
    }
    return FileEvent("file.batch_changed", attributes, f"{len(changes):,} files changed")


def describe_trouble(trouble: Trouble) -> FileEvent:
    """Return `watch.interrupted` or `watch.resumed`."""
    if not trouble.reason:
        return FileEvent("watch.resumed", {"file.directory": trouble.directory})
    attributes = {"file.directory": trouble.directory, "reason": trouble.reason, "cure": trouble.cure}
    return FileEvent("watch.interrupted", attributes)
