"""The activity publisher as a program: its arguments, its run, its end."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from typing import TYPE_CHECKING, Protocol

from otel_events.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

DEFAULT_URL = "nats://localhost:4222"


class Publisher(Protocol):
    """What publishes."""

    @property
    def address(self) -> str:
        """Where to."""

    def run(self) -> None:
        """Publish until Ctrl-C."""


def make_parser(program: str) -> argparse.ArgumentParser:
    """Return the parser of the arguments that the program and its launcher have."""
    parser = argparse.ArgumentParser(program, description="Publish what changes in directories, on NATS.")
    parser.add_argument("paths", nargs="+", metavar="DIRECTORY", help="what is watched")
    parser.add_argument("--extensions", default="", help="of the files that are looked at, such as .md,.json; else all")
    parser.add_argument("--nats", default=os.environ.get("NATS_URL") or DEFAULT_URL, metavar="URL")
    parser.add_argument("--heartbeat", type=float, default=30.0, metavar="SECONDS", help="between two; 0 for none")
    parser.add_argument("--initial", type=int, default=20, metavar="N", help="how many files are told at the start")
    parser.add_argument("--no-content", action="store_true", help="tell no prompts and responses")
    parser.add_argument("--rules", metavar="FILE", help="what a file means, in the place of the three classifiers")
    parser.add_argument("--polling", action="store_true", help="look again and again: network drives")
    return parser


def run(make: Callable[..., Publisher], said: argparse.Namespace) -> int:
    """Publish until Ctrl-C or SIGTERM; return the exit code: 0, or 2 for what cannot work."""
    try:
        publisher = make(
            *said.paths,
            extensions=[each.strip() for each in said.extensions.split(",") if each.strip()],
            nats_url=said.nats,
            heartbeat=said.heartbeat,
            initial=said.initial,
            content=False if said.no_content else None,
            polling=said.polling,
            rules=said.rules,
        )
        tell(f"watching {', '.join(said.paths)}; publishing to {publisher.address}; Ctrl-C ends it")
        publisher.run()
    except ConfigurationError as error:
        return complain(str(error))
    except KeyboardInterrupt:
        pass  # the usual end
    return 0


def tell(text: str) -> None:
    """Write *text* to standard output."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> int:
    """Write *text* to standard error; return the exit code of what cannot work."""
    sys.stderr.write(f"{text}\n")
    return 2


def end_by_sigterm() -> None:
    """Have SIGTERM end the program as Ctrl-C does."""
    signal.signal(signal.SIGTERM, _end)


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
