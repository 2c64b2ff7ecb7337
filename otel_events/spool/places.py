"""Where spools are: beneath one root, in a directory for each service, destination and signal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os


def default_root() -> Path:
    """Return where the spools of this user are unless told otherwise."""
    import platformdirs

    return platformdirs.user_state_path("otel-events", appauthor=False) / "spool"


def find_spools(root: str | os.PathLike[str] | None = None) -> list[Path]:
    """Return the directory of every spool beneath *root*, None for the default."""
    base = default_root() if root is None else Path(root)
    return sorted(path for path in base.glob("*/*/*") if path.is_dir() and not path.is_symlink())
