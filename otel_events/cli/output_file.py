"""Where the answer of a command goes: a file, or standard output."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def opened(path: str | None) -> Iterator[IO[str]]:
    """Give the file at *path* open for writing, standard output for None; or raise OSError."""
    if path is None:
        yield sys.stdout
        return
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        yield file
