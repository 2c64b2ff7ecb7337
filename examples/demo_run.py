"""Run the example as a program of its own, and read what it left in a ledger."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.ledger.read import read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from otel_events.event import Event

_EXAMPLES = Path(__file__).resolve().parent
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# What the demo shows must not hang on what else this shell sends where.
_STEERING = ("OTEL_", "TRACEPARENT", "TRACESTATE", "BAGGAGE")


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


def say(text: str) -> None:
    """Print *text* at once, however the output is buffered."""
    print(text, flush=True)


def run_pipeline(settings: Mapping[str, str]) -> int:
    """Run the example with *settings* in its environment; return how many events it has emitted, by its own count."""
    with running([sys.executable, str(_EXAMPLES / "pipeline.py")], settings) as run:
        output, _ = run.communicate()
    said = re.fullmatch(r"(\d+) events emitted, all of them handed over\n", output)
    if run.returncode != 0 or said is None:
        raise DemoError(f"examples/pipeline.py ended with exit code {run.returncode} and said: {output.strip()!r}")
    return int(said[1])


@contextmanager
def running(
    command: Sequence[str], settings: Mapping[str, str], *, stderr: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start *command* with *settings* in its environment, and end it if the block is left early, by Ctrl-C too."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_STEERING)}
    path = os.pathsep.join(filter(None, (str(_EXAMPLES.parent), inherited.get("PYTHONPATH", ""))))
    came: list[int] = []
    # A signal in the middle of starting would leave the process to nobody: it waits until there is somebody.
    before = {which: signal.signal(which, lambda which, _: came.append(which)) for which in _SIGNALS}
    process = subprocess.Popen(  # noqa: S603  # our own file
        command,
        env={**inherited, "PYTHONPATH": path, **settings},
        stdout=subprocess.PIPE,
        stderr=stderr,
        encoding="utf-8",
        start_new_session=True,  # Ctrl-C reaches us alone; we end it, and it says nothing
    )
    with process:
        try:
            for which, handler in before.items():
                signal.signal(which, handler)
            if came:
                signal.raise_signal(came[0])
            yield process
        except BaseException:
            process.kill()
            raise


def read_events(ledger: Path) -> list[Event]:
    """Return the events in *ledger*, in the order in which they happened; raise DemoError if there are none."""
    events = [recorded.event for recorded in read_ledger(ledger)]
    if not events:
        raise DemoError(f"{ledger} holds no events")
    return sorted(events, key=lambda event: event.timestamp)


def short_path(path: str) -> str:
    """Return *path* as seen from the current directory, where it lies below it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
