"""Build whatever is not current, one backend after another."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

from .go_toolchain import find_go
from .recipes import RECIPES
from .steps import Steps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .cache import Cache
    from .recipes import Recipe

JOBS_VARIABLE = "OTEL_EVENTS_BACKENDS_JOBS"
# A compiler of these programs takes up to 2 GiB a job, so more jobs than this need more memory than a laptop has.
_MOST_JOBS = 4


def missing(cache: Cache, recipes: Sequence[Recipe] = RECIPES) -> list[Recipe]:
    """Return the recipes whose backend is not built, or built from something else."""
    return [recipe for recipe in recipes if not cache.has_current(recipe.name, recipe.stamp())]


def build(cache: Cache, recipes: Sequence[Recipe] = RECIPES) -> list[str]:
    """Build what is not current and return its names, or raise BuildError at the first failure."""
    if not missing(cache, recipes):
        return []  # nothing to do needs no lock, so tests may run beside a build of something else
    with cache.locked():
        wanted = missing(cache, recipes)  # the build we waited for may have done it all
        if wanted:
            _build_all(cache, wanted)
        return [recipe.name for recipe in wanted]


def _build_all(cache: Cache, wanted: Sequence[Recipe]) -> None:
    print(f"building {', '.join(recipe.name for recipe in wanted)} into {cache.root}", flush=True)
    print("(from source, once; about ten minutes on two cores, and 8 GB of Go's own caches)", flush=True)
    go = find_go(cache.root, lambda text: print(text, flush=True))
    for recipe in wanted:
        _build_one(cache, recipe, go)


def _build_one(cache: Cache, recipe: Recipe, go: Path) -> None:
    folder = cache.scratch(recipe.name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    started = time.monotonic()
    steps = Steps(recipe.name, cache.log(recipe.name), _environment(folder))
    built = recipe.build(go, folder, steps)
    megabytes = built.stat().st_size / 1e6
    cache.install(recipe.name, built, recipe.stamp())
    shutil.rmtree(folder, ignore_errors=True)  # kept after a failure, to be looked at
    steps.say(f"done: {cache.binary(recipe.name)} ({megabytes:.0f} MB, {time.monotonic() - started:.0f} s)")


def _environment(folder: Path) -> dict[str, str]:
    jobs = os.environ.get(JOBS_VARIABLE) or str(min(os.cpu_count() or 1, _MOST_JOBS))
    inherited = {name: value for name, value in os.environ.items() if name != "GOROOT"}  # it may belong to another Go
    return {
        **inherited,
        "GOBIN": str(folder / "bin"),
        "GOWORK": "off",  # a go.work above the cache must not take part
        "CGO_ENABLED": "0",  # no C compiler needed, and the result runs on any libc
        "GOMAXPROCS": jobs,
        "GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -p={jobs}".strip(),
    }
