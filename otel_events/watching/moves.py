"""Which file that appeared is one that disappeared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from otel_events.watching.entry import Entry


def pair_moves(
    created: Mapping[str, Entry],
    deleted: Mapping[str, Entry],
    overwritten: Collection[str],
    renames: Iterable[tuple[str, str]],
) -> dict[str, str]:
    """Return where each moved file was, by where it is.

    Args:
        created: files that were not there before.
        deleted: files that are there no longer.
        overwritten: files that were there before and say something else now.
        renames: what the system says was renamed, in the order in which it was.
    """
    origins: dict[str, str] = {}
    for source, target in renames:
        origins[target] = origins.pop(source, source)
    moves: dict[str, str] = {}
    gone = dict(deleted)
    for target, source in origins.items():
        if source in gone and (target in created or target in overwritten):
            moves[target] = source
            del gone[source]
    moves |= _alike({path: entry for path, entry in created.items() if path not in moves}, gone)
    return moves


def _alike(created: Mapping[str, Entry], deleted: Mapping[str, Entry]) -> dict[str, str]:
    """Return the moves of which nobody told, by what the files say: from another file system, or seen by polling."""
    sources: dict[bytes, list[str]] = {}
    for path, entry in deleted.items():
        if entry.digest is not None and entry.size:
            sources.setdefault(entry.digest, []).append(path)
    targets: dict[bytes, list[str]] = {}
    for path, entry in created.items():
        if entry.digest in sources:
            targets.setdefault(entry.digest, []).append(path)
    moves: dict[str, str] = {}
    for digest, found in targets.items():
        by_identity = {deleted[path].identity: path for path in sources[digest]}
        for target in found:
            source = by_identity.get(created[target].identity)
            if source is None and len(found) == len(sources[digest]) == 1:
                source = sources[digest][0]
            if source is not None:
                moves[target] = source
    return moves
