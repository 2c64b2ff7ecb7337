"""Find the backends that `build` has put into the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .builder import missing
from .cache import Cache
from .process import BackendError
from .recipes import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from .recipes import Recipe

CONFIGURATION = REPOSITORY / "collector-config"


def installed(recipe: Recipe) -> Path:
    """Return the executable that *recipe* describes, or raise BackendError saying how to get it."""
    cache = Cache.of_user()
    if missing(cache, [recipe]):
        raise BackendError(f"{recipe.name} is not built (or from older settings) in {cache.root}: run `make backends`")
    return cache.binary(recipe.name)
