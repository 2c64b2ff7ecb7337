"""What somebody wrote as a source, as one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.reading.sources import STANDARD_INPUT, SourceError, find_sources, ledger_path
from otel_events.tui.file_source import FileSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.tui.source import Source


def choose_source(source: str | Path | Source | None) -> Source:
    """Return the source that *source* means: an address, a path, None for the configured ledger; one that is a source already.

    Raises:
        SourceError: it is not there, or no ledger is kept.
    """
    if source is None:
        return FileSource([ledger_path()])
    if isinstance(source, str | Path):
        return choose_among([str(source)])
    return source


def choose_among(words: Sequence[str], *, token: str = "", follows: bool = True) -> Source:
    """Return the source that *words* mean: nothing for the configured ledger, one address, or any number of paths.

    Args:
        words: `http://127.0.0.1:5001`, files, folders, `-` for standard input.
        token: of the server; empty for the one that this user's server has made.
        follows: go on with what is appended to files.

    Raises:
        SourceError: one of them is not there.
    """
    if not words:
        return FileSource([ledger_path()], follows=follows)
    addresses = [word for word in words if word.startswith(("http://", "https://"))]
    if addresses:
        from otel_events.tui.stream_source import StreamSource  # its client is wanted by nobody else

        if len(words) > 1:
            raise SourceError(f"{addresses[0]} is a source by itself: name nothing beside it")
        return StreamSource(addresses[0], token=token)
    paths: list[Path | None] = []
    for word in words:
        if word != STANDARD_INPUT and not Path(word).exists() and Path(word).absolute().parent.is_dir():
            paths.append(Path(word))  # it may come
        else:
            paths += [source.path for source in find_sources([word])]
    return FileSource(paths, follows=follows)
