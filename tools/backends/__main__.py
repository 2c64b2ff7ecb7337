"""The command line: `python -m tools.backends build|status|run`."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from pathlib import Path

from .builder import build, missing
from .cache import Cache
from .process import BackendError
from .recipes import RECIPES
from .stack import running_stack
from .steps import BuildError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.backends", description=sys.modules[__package__].__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    names = [recipe.name for recipe in RECIPES]
    to_build = commands.add_parser("build", help="build what is not current into the cache")
    to_build.add_argument("names", nargs="*", metavar="name", help=f"only these of: {', '.join(names)}")
    commands.add_parser("status", help="say what is built, and where; exit code 1 if anything is missing")
    to_run = commands.add_parser("run", help="run the Collector, Jaeger and Loki on free ports until Ctrl-C")
    to_run.add_argument("directory", nargs="?", type=Path, help="where they keep their data (default: a new one)")
    chosen = parser.parse_args(arguments)
    cache = Cache.of_user()
    if chosen.command == "status":
        return _status(cache)
    if chosen.command == "run":
        return _run(chosen.directory or Path(tempfile.mkdtemp(prefix="otel-events-backends-")))
    if unknown := set(chosen.names) - set(names):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return _build(cache, chosen.names or names)


def _build(cache: Cache, names: list[str]) -> int:
    try:
        done = build(cache, [recipe for recipe in RECIPES if recipe.name in names])
    except BuildError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; what was finished is kept", file=sys.stderr)
        return 130
    if not done:
        print(f"{', '.join(names)}: already built in {cache.root}")
    return 0


def _status(cache: Cache) -> int:
    lacking = {recipe.name for recipe in missing(cache)}
    for recipe in RECIPES:
        state = "missing" if recipe.name in lacking else "built"
        print(f"{recipe.name:11} {state:8} {cache.binary(recipe.name)}")
    return 1 if lacking else 0


def _run(directory: Path) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` stops all three too, as Ctrl-C does
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts us with & has it ignored
    try:
        with running_stack(directory.absolute()) as stack:
            print(f"data and logs    {directory}")
            print(f"events           {stack.collector.events_path}")
            print(f"Jaeger's API     {stack.jaeger.query_endpoint}")
            print(f"Loki's API       {stack.loki.query_endpoint}")
            print(f"send with        OTEL_EXPORTER_OTLP_ENDPOINT={stack.collector.http_endpoint}", flush=True)
            threading.Event().wait()
    except BackendError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
